"""The gate of deduplication: what it stops, what it shows, and how it looks at new rows beside those published before."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from suite_batches import limits_of
from world import ident, silver, tables

from expectations.gate import audit
from expectations.limits import Deduplicated
from expectations.suites.duplicates import UNIQUE, unique_instructions
from lake.harness.job import Views
from lake.storage.report import CheckReport
from spark_jobs.dedupe.job import DedupeParams


def _failed(
    tmp_path: Path, rows: dict[str, Any], before: Mapping[str, Any] | None = None, **params: Any
) -> list[CheckReport]:
    frames = Views(tables(rows), tables({UNIQUE: before[UNIQUE]}) if before else {})
    given = DedupeParams(**params)
    limits = {name: getattr(given, name) for name in limits_of(unique_instructions)}
    found = audit(UNIQUE, unique_instructions(frames, gate=Deduplicated(), **limits), "run", tmp_path).checks
    return [check for check in found if check.severity == "critical" and not check.passed]


def _near(count: int) -> list[dict[str, Any]]:
    """Near removals, a record kept for each but the last two."""
    common = {"source": "alpha", "rule": "near", "similarity": 0.8125}
    return [{**common, "removed_id": ident("rec", 50 + n), "kept_id": ident("rec", 1 + n % 12)} for n in range(count)]


def test_a_source_that_loses_too_much_is_shown_with_examples(tmp_path: Path) -> None:
    rows = silver()
    rows["silver/duplicates"] = _near(8)
    (failed,) = _failed(tmp_path, rows, max_loss=0.5)
    assert failed.column == "over_limit"
    assert f"{ident('rec', 50)} for {ident('rec', 1)} at 0.812" in failed.examples[0]


def test_an_expected_loss_is_no_failure(tmp_path: Path) -> None:
    rows = silver()
    rows["silver/duplicates"] = _near(8)
    known = {"alpha": {"share": 0.6, "why": "rewritten by hand"}}
    assert _failed(tmp_path, rows, max_loss=0.5, expected_loss=known) == []


def test_exact_copies_are_not_counted(tmp_path: Path) -> None:
    rows = silver()
    rows["silver/duplicates"] = [{**row, "rule": "exact_record", "similarity": 1.0} for row in _near(12)]
    assert _failed(tmp_path, rows, max_loss=0.1, max_star=1) == []


def test_a_large_star_is_shown_with_examples(tmp_path: Path) -> None:
    rows = silver()
    rows["silver/duplicates"] = [{**row, "kept_id": ident("rec", 2)} for row in _near(5)]
    (failed,) = _failed(tmp_path, rows, max_star=4)
    assert failed.column == "near_removals"
    assert f"{ident('rec', 50)} for {ident('rec', 2)}" in failed.examples[0]


def test_a_row_may_be_removed_for_one_published_before(tmp_path: Path) -> None:
    rows = silver()
    old = {UNIQUE: [{**rows[UNIQUE][0], "id": ident("rec", 99), "text_hash": "9" * 64}]}
    rows["silver/duplicates"][0]["kept_id"] = ident("rec", 99)
    assert _failed(tmp_path, rows, old) == []
    (gone,) = _failed(tmp_path, rows)
    assert gone.name == "removed_for_a_row_that_is_gone"


def test_what_was_published_before_may_not_come_again(tmp_path: Path) -> None:
    rows = silver()
    assert {check.name for check in _failed(tmp_path, rows, {UNIQUE: rows[UNIQUE][:1]})} == {
        "ids_published_before",
        "texts_published_before",
    }
