"""Files that wait, as commands tell of them: in the books, the plan and the status; and what releases them."""

import json
from pathlib import Path

import pytest
from lakes import ROWS, publish, raw_id, rec, small_lake

from lake.books.ledger import SourceLedger, ledger
from lake.books.lineage import explain
from lake.cli.main import main
from lake.errors import UserError
from lake.harness.plan import reasons_to_run
from lake.harness.profiles import Profile
from lake.harness.status import status
from lake.landing.pending import accept, waiting
from lake.landing.register import Entry, register, registered
from lake.stages import STAGES
from lake.storage.store import Lake
from reports.funnel import funnel

KEY, PLAIN = "bronze/instructions", Profile("plain", "", {})
Sides = dict[str, list[dict[str, object]]]


def bronze(lake: Lake, run_id: str, **sides: list[dict[str, object]]) -> None:
    """Publishes the small lake's raw rows again, with other side tables."""
    given = {f"{KEY}_quarantine": ROWS[f"{KEY}_quarantine"]} | {f"{KEY}_{name}": rows for name, rows in sides.items()}
    publish(lake, KEY, ROWS[KEY], given, run_id=run_id)


def waits(source: str, reason: str, rows: int, uri: str = "", sha256: str = "0") -> dict[str, object]:
    uri = uri or f"file:{source}.jsonl"
    detail = f"{uri} waits for a reason"
    return {"id": f"wait_{source}", "uri": uri, "source": source, "sha256": sha256, "reason": reason, "detail": detail, "rows": rows, "bytes": 9}  # fmt: skip


def gone(*names: str) -> list[dict[str, object]]:
    return [{"id": raw_id(name), "source": "pantry", "uri": "file:pantry.jsonl"} for name in names]


def of(lake: Lake, source: str) -> SourceLedger:
    return next(entry for entry in ledger(lake).sources if entry.source == source)


def test_the_records_of_a_held_file_are_pending_and_a_file_that_could_not_be_read_is_named(lake: Lake) -> None:
    before = of(lake, "pantry")
    bronze(lake, "again", pending=[waits("pantry", "fewer_rows", 7), waits("cellar", "unreachable", 0)])
    pantry, cellar = of(lake, "pantry"), of(lake, "cellar")
    assert ledger(lake).balanced
    assert (pantry.raw, pantry.outcomes["pending"]) == (before.raw + 7, 7)
    assert pantry.reasons["pending"] == {"fewer_rows": 7}
    assert pantry.waits == ["file:pantry.jsonl waits for a reason"]
    assert (cellar.raw, cellar.waits) == (0, ["file:cellar.jsonl waits for a reason"])
    assert next(step.rows for step in funnel(lake) if step.name == "files that wait") == 2
    states = {state.table: state.waits for state in status(lake, PLAIN)}
    assert states[KEY] == ("cellar", "pantry")
    assert [file.source for file in waiting(lake)] == ["cellar", "pantry"]


def test_only_what_could_not_be_had_is_a_reason_to_run(lake: Lake) -> None:
    bronze(lake, "held", pending=[waits("pantry", "fewer_rows", 7)])
    assert not any("tried again" in reason for reason in reasons_to_run(lake, STAGES[KEY], PLAIN))
    bronze(lake, "away", pending=[waits("pantry", "unreachable", 0), waits("workshop", "changed", 0)])
    assert "2 files could not be read: tried again" in reasons_to_run(lake, STAGES[KEY], PLAIN)
    assert not any("tried again" in reason for reason in reasons_to_run(lake, STAGES["bronze/passages"], PLAIN))


def test_accepting_registers_the_very_bytes_that_are_held(lake: Lake, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"prompt": "a", "completion": "b"}\n')
    (file,) = register(lake, Entry(str(path), "notes", "MIT"))
    bronze(lake, "held", pending=[waits("notes", "fewer_rows", 1, file.uri, file.sha256), waits("away", "unreachable", 0)])  # fmt: skip
    with pytest.raises(UserError, match="No file of the source 'away' is held: held are notes"):
        accept(lake, ["notes", "away"])
    assert not any(row["accepted"] for row in registered(lake)), "all or nothing"
    read = lake.version("landing/files")
    assert read is not None
    accept(lake, ["notes"])
    (row,) = [row for row in registered(lake) if row["source"] == "notes"]
    assert (row["accepted"], row["sha256"], row["licence"]) == (True, file.sha256, "MIT")
    assert lake.added_files("landing/files", read, read + 1), "a run on what is new reads it"
    path.write_text("{}\n")
    register(lake, Entry(str(path), "notes", "MIT"))
    (row,) = [row for row in registered(lake) if row["source"] == "notes"]
    assert not row["accepted"], "what it became since was accepted by nobody"
    version = lake.version("landing/files")
    accept(lake, ["notes"])
    assert lake.version("landing/files") == version, "the held version is no longer the registered one"


def test_withdrawn_rows_are_so_in_the_books_once_nothing_released_carries_them(lake: Lake) -> None:
    # a quarantined row, a rejected one, one that is released, one in a distilled item that is, one that was blocked when last selected
    bronze(lake, "changed", withdrawn=gone("broken", "empty", "bread", "rice_water", "paint"))
    assert ledger(lake).balanced
    pantry = {name: count for name, count in of(lake, "pantry").outcomes.items() if count}
    assert pantry == {"withdrawn": 2, "released": 1, "distilled_released": 2, "blocked": 1}
    assert [explain(lake, raw_id(name)).outcome for name in ("broken", "empty", "bread", "rice_water", "paint")] == [
        "withdrawn", "withdrawn", "released", "distilled_released", "blocked",
    ]  # fmt: skip
    steps = {step.name: step.rows for step in funnel(lake)}
    assert (steps["quarantined"], steps["withdrawn"]) == (0, 5)
    left = [row for row in ROWS["gold/training_set"] if row["origin"] == "distilled"]
    ended = {"id": rec("bread"), "source": "pantry", "outcome": "withdrawn", "reason": "withdrawn", "detail": "gone"}
    publish(lake, "gold/training_set", left, {"gold/training_set_exits": [*ROWS["gold/training_set_exits"], ended]}, run_id="next")  # fmt: skip
    assert ledger(lake).balanced
    assert of(lake, "pantry").outcomes["withdrawn"] == 3
    assert explain(lake, rec("bread")).outcome == "withdrawn"


def test_a_withdrawn_passage_is_a_source_of_mixture_until_that_is_built_anew(tmp_path: Path) -> None:
    lake = small_lake(tmp_path / "lake")
    rows = [{"id": raw_id(name), "source": "almanac", "uri": "file:almanac.jsonl"} for name in ("tides", "dew")]
    sides = {"bronze/passages_quarantine": ROWS["bronze/passages_quarantine"], "bronze/passages_withdrawn": rows}
    publish(lake, "bronze/passages", ROWS["bronze/passages"], sides, run_id="changed")
    assert ledger(lake).balanced
    assert of(lake, "almanac").outcomes["withdrawn"] == 1
    assert explain(lake, raw_id("tides")).outcome == "mixture_source"


def mixlake(lake: Lake, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setenv("MIXLAKE_ROOT", lake.root)
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_a_wrong_acceptance_is_one_sentence_and_changes_nothing(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bronze(lake, "held", pending=[waits("pantry", "two_readings", 7)])
    version = lake.version("landing/files")
    for arguments, sentence in (
        (("--accept", "cellar"), "No file of the source 'cellar' is held: held are pantry"),
        (("--accept", "pantry", "--dry-run"), "--dry-run changes nothing and --accept does: give one of the two"),
    ):
        assert mixlake(lake, monkeypatch, "run", KEY, *arguments) == 2
        assert capsys.readouterr().err.strip() == sentence
    assert lake.version("landing/files") == version
    assert mixlake(lake, monkeypatch, "ledger") == 0
    assert "waits: file:pantry.jsonl waits for a reason" in capsys.readouterr().out
    assert mixlake(lake, monkeypatch, "status", "--json") == 0
    assert json.loads(capsys.readouterr().out)[0]["waits"] == ["pantry"]


def test_registering_a_changed_file_says_how_many_rows_are_at_stake(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"prompt": "a", "completion": "b"}\n')
    assert mixlake(lake, monkeypatch, "ingest", str(path), "--source", "notes") == 0
    rows = [{**row, "uri": str(path)} for row in ROWS[KEY][:3]]
    publish(lake, KEY, rows, {f"{KEY}_withdrawn": [{"id": rows[0]["id"], "source": "notes", "uri": str(path)}]}, run_id="read")  # fmt: skip
    assert mixlake(lake, monkeypatch, "ingest", str(path), "--source", "notes") == 0
    assert "changed" not in capsys.readouterr().err
    path.write_text('{"prompt": "a", "completion": "c"}\n')
    assert mixlake(lake, monkeypatch, "ingest", str(path), "--source", "notes") == 0
    said = " ".join(capsys.readouterr().err.split())
    assert f"changed: {path} gave 2 rows before; those it no longer has are withdrawn by the next run" in said
