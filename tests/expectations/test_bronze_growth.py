"""The suite of bronze tables when only new rows are audited, and when rows come from inside archives."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from world import bronze, ident, tables

from expectations.limits import Ingested
from expectations.suites.bronze import instructions
from lake.harness.job import Views
from lake.harness.progress import describe

_TABLE = "bronze/instructions"


def metrics_of(frames: Views) -> dict[str, float | None]:
    (batch,) = [batch for batch in instructions(frames, gate=Ingested()) if batch.name == "figures"]
    return {rule.name: rule.figure() for rule in batch.rules if rule.figure}


def test_new_rows_are_compared_with_the_keys_of_old_ones_and_files_read_again_are_not_missed() -> None:
    rows = bronze()
    old = {key: rows[key] for key in (_TABLE, f"{_TABLE}_quarantine")}
    grown = Views(tables({**rows, _TABLE: [], f"{_TABLE}_quarantine": []}), tables(old))
    found = metrics_of(grown)
    assert (found["ids_published_before"], found["files_without_a_row"]) == (0, 0)
    fresh = {**rows[_TABLE][0], "id": ident("raw", 777)}
    grown.update(tables({_TABLE: [fresh, rows[_TABLE][1]]}))
    assert metrics_of(grown)["ids_published_before"] == 1


def test_a_file_that_is_tried_again_was_registered_before_and_one_that_waits_is_not_missed() -> None:
    rows = bronze()
    file, held = (entry for entry in rows["landing/files"] if entry["kind"] == "instructions")
    fresh = [{**rows[_TABLE][0], "id": ident("raw", 777)}]
    sides = {f"{_TABLE}_quarantine": [], f"{_TABLE}_withdrawn": []}
    old = {**sides, _TABLE: [], f"{_TABLE}_pending": []}
    found = metrics_of(
        Views(
            tables({**rows, **sides, "landing/files": [held], _TABLE: fresh}), tables({**old, "landing/files": [file]})
        )
    )
    assert (found["files_never_registered"], found["sources_never_registered"], found["files_without_a_row"]) == (
        0,
        0,
        0,
    )
    lost = metrics_of(Views(tables({**rows, **sides, f"{_TABLE}_pending": []}), {}))
    assert lost["files_without_a_row"] == 1


def test_every_file_that_waits_is_a_warning_that_names_its_source_and_says_why() -> None:
    from expectations.gate import audit

    rows = bronze()
    (batch,) = [
        one for one in instructions(Views(tables(rows), {}), gate=Ingested()) if one.name == f"{_TABLE}_pending"
    ]
    with TemporaryDirectory() as folder:
        checks = audit(_TABLE, [batch], "run", Path(folder)).checks
    (warned,) = [check for check in checks if not check.passed]
    assert warned.severity == "warning"
    assert describe(warned).endswith("detail: it gives 2 records, source: alpha")


def test_a_row_from_inside_an_archive_belongs_to_the_archive() -> None:
    rows = bronze()
    files = [{**file, "uri": f"{file['uri']}.tar.gz"} for file in rows["landing/files"]]
    inside = [{**row, "uri": f"{row['uri']}.tar.gz!/deep/one.jsonl"} for row in rows[_TABLE]]
    quarantined = [{**row, "uri": f"{row['uri']}.tar.gz!/two.json"} for row in rows[f"{_TABLE}_quarantine"]]
    pending = [{**row, "uri": f"{row['uri']}.tar.gz"} for row in rows[f"{_TABLE}_pending"]]
    changed = {
        **rows,
        "landing/files": files,
        _TABLE: inside,
        f"{_TABLE}_quarantine": quarantined,
        f"{_TABLE}_pending": pending,
    }
    found = metrics_of(Views(tables(changed), {}))
    assert (found["files_never_registered"], found["files_without_a_row"]) == (0, 0)
