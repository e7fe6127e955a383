"""Files that cannot be had, files that are held, and files that changed: from registration to tables, as the harness runs the stages.

What a lake holds in the end is compared with one in which nothing went wrong, read by Delta's own reader.
"""

import gzip
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from lakes import ROWS, publish, raw_id, rec, small_lake

from lake.books.ledger import ledger
from lake.books.lineage import explain
from lake.errors import StageFailed, UserError
from lake.harness.plan import reasons_to_run
from lake.harness.profiles import Profile
from lake.harness.run import run_stage
from lake.landing.pending import accept, waiting
from lake.landing.published import rows_of_file
from lake.landing.register import Entry, register
from lake.stages import STAGES
from lake.storage.report import StageReport
from lake.storage.store import Lake

KEY = "bronze/instructions"
PLAIN = Profile("plain", "", {})
pytestmark = pytest.mark.usefixtures("spark")


def asked(*numbers: int) -> list[dict[str, Any]]:
    return [{"question": f"What is number {number}?", "answer": f"It is {number} and no other."} for number in numbers]


def told(*numbers: int) -> list[dict[str, Any]]:
    return [{"title": f"Number {number}", "text": f"Of {number} there is much to tell."} for number in numbers]


def write(path: Path, records: Iterable[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def run(lake: Lake, key: str = KEY, rebuild: bool = False) -> StageReport:
    return run_stage(STAGES[key], PLAIN, lake, rebuild=rebuild)


def ids(lake: Lake, table: str = KEY) -> list[str]:
    """The ids of the rows that readers see, by Delta's own reader."""
    return sorted(
        DeltaTable(lake.uri(table), version=lake.version(table)).to_pyarrow_table(columns=["id"])["id"].to_pylist()
    )


def rows(lake: Lake, table: str = KEY) -> list[dict[str, Any]]:
    found = DeltaTable(lake.uri(table), version=lake.version(table)).to_pyarrow_table().to_pylist()
    return sorted(found, key=lambda row: row["id"])


def outcomes(lake: Lake, source: str) -> dict[str, int]:
    (books,) = [entry for entry in ledger(lake).sources if entry.source == source]
    return {name: count for name, count in books.outcomes.items() if count}


def moved_away(path: Path) -> Callable[[], object]:
    away = path.rename(path.with_suffix(".away"))
    return lambda: away.rename(path)


def folder_in_its_place(path: Path) -> Callable[[], object]:
    back = moved_away(path)
    path.mkdir()
    return lambda: (path.rmdir(), back())


def link_to_nothing(path: Path) -> Callable[[], object]:
    back = moved_away(path)
    path.symlink_to(path.with_name("nowhere"))
    return lambda: (path.unlink(), back())


@pytest.mark.parametrize(
    ("key", "kind", "records", "disturb"),
    [
        (KEY, "instructions", asked, moved_away),
        ("bronze/passages", "passages", told, folder_in_its_place),
        ("bronze/references", "benchmark", asked, link_to_nothing),
    ],
)
def test_a_file_that_cannot_be_had_waits_and_is_read_once_it_is_back(
    tmp_path: Path,
    key: str,
    kind: str,
    records: Callable[..., list[dict[str, Any]]],
    disturb: Callable[[Path], Callable[[], object]],
) -> None:
    there, away = (write(tmp_path / f"{name}.jsonl", records(*numbers)) for name, numbers in (("there", range(3)), ("away", range(3, 40))))  # fmt: skip
    lake, undisturbed = (Lake(str(tmp_path / name)) for name in ("lake", "undisturbed"))
    for one in (lake, undisturbed):
        register(one, *(Entry(str(path), path.stem, "MIT", kind) for path in (there, away)))
    run(undisturbed, key)
    back = disturb(away)
    first = run(lake, key)
    assert (first.status, len(ids(lake, key)), ids(lake, f"{key}_quarantine")) == ("published", 3, [])
    (file,) = waiting(lake)
    assert (file.stage, file.source, file.reason, file.uri) == (key, "away", "unreachable", str(away))
    assert any(str(away) in example for check in first.warned for example in check.examples)
    assert reasons_to_run(lake, STAGES[key], PLAIN) == ["1 file could not be read: tried again"]
    again = run(lake, key)
    assert (again.status, again.version) == ("up_to_date", first.version)
    back()
    assert run(lake, key).added[key] == 37
    assert rows(lake, key) == rows(undisturbed, key)
    assert (waiting(lake), reasons_to_run(lake, STAGES[key], PLAIN)) == ([], [])


def test_where_nothing_can_be_had_the_stage_fails_and_names_file_and_cause(tmp_path: Path) -> None:
    lake, path = Lake(str(tmp_path / "lake")), write(tmp_path / "a.jsonl", asked(1, 2))
    register(lake, Entry(str(path), "a", "MIT"))
    back = moved_away(path)
    with pytest.raises(StageFailed, match=rf"cannot read its only file: {path}: it cannot be read: No such file"):
        run(lake)
    assert lake.version(KEY) is None
    back()
    assert run(lake).rows[KEY] == 2


def test_a_rebuild_keeps_what_was_read_of_a_file_that_is_gone(tmp_path: Path) -> None:
    lake, gone, changed = Lake(str(tmp_path / "lake")), tmp_path / "gone.jsonl", tmp_path / "changed.jsonl"
    register(lake, Entry(str(write(gone, asked(1, 2))), "gone", "MIT"))
    register(lake, Entry(str(write(changed, asked(3, 4, 5))), "changed", "MIT"))
    run(lake)
    before = rows(lake)
    register(lake, Entry(str(write(changed, asked(3, 4))), "changed", "MIT"))
    run(lake)
    gone.unlink()
    changed.unlink()
    kept = run(lake, rebuild=True)
    assert (kept.status, kept.grown, rows(lake)) == ("published", False, before)
    assert [file.reason for file in waiting(lake)] == ["unreachable"] * 2
    assert len(ids(lake, f"{KEY}_withdrawn")) == 1, "what was withdrawn before the file was lost"
    assert ledger(lake).balanced
    # the terms under which they lay count, too: under others they would be released as what they are not
    write(gone, asked(1, 2))
    register(lake, Entry(str(gone), "gone"))
    gone.unlink()
    run(lake)
    assert {row["source"] for row in rows(lake)} == {"changed"}


def test_a_file_that_gives_far_less_than_before_is_held_until_it_is_accepted(tmp_path: Path) -> None:
    lake, path, other = Lake(str(tmp_path / "lake")), tmp_path / "a.jsonl", tmp_path / "other.jsonl"
    register(lake, Entry(str(write(path, asked(*range(100)))), "a", "MIT"))
    run(lake)
    before = ids(lake)
    register(lake, Entry(str(write(path, asked(1, 2, 1000))), "a", "MIT"))
    register(lake, Entry(str(write(other, asked(5))), "b", "MIT"))
    run(lake)
    assert len(ids(lake)) == len(before) + 1, "the other source is published"
    (held,) = waiting(lake)
    assert (held.reason, held.rows) == ("fewer_rows", 1)
    assert "gives 3 records, and gave 100 when it was last read; `mixlake run --accept a`" in held.detail
    assert outcomes(lake, "a") == {"pending": 101}
    assert reasons_to_run(lake, STAGES[KEY], PLAIN) == []
    with pytest.raises(UserError, match="No file of the source 'b' is held: held are a"):
        accept(lake, ["b"])
    assert accept(lake, ["a"]) == [held]
    released = run(lake)
    assert (released.grown, released.added[KEY], released.withdrawn) == (True, 1, {"a": 98})
    assert (waiting(lake), outcomes(lake, "a")) == ([], {"pending": 3, "withdrawn": 98})
    # these very bytes were accepted: in a rebuild, too, but not what the file becomes later
    register(lake, Entry(str(write(path, [])), "a", "MIT"))
    run(lake)
    assert [file.reason for file in waiting(lake)] == ["fewer_rows"]


def test_a_held_file_is_held_under_other_terms_and_in_a_rebuild_too(tmp_path: Path) -> None:
    lake, path = Lake(str(tmp_path / "lake")), tmp_path / "a.jsonl"
    register(lake, Entry(str(write(path, asked(*range(100)))), "a", "MIT"))
    run(lake)
    register(lake, Entry(str(write(path, asked(1, 2))), "a", "MIT"))
    run(lake)
    # under other terms what was published of it goes, and with it what could be counted
    register(lake, Entry(str(path), "a", "CC0-1.0"))
    for rebuild in (False, True, True):
        run(lake, rebuild=rebuild)
        assert [(file.reason, file.rows) for file in waiting(lake)] == [("fewer_rows", 2)]
        assert ids(lake) == []
    # a later version is compared with what was published last, too
    register(lake, Entry(str(write(path, asked(1, 2, 3))), "a", "CC0-1.0"))
    run(lake)
    assert [(file.reason, file.rows) for file in waiting(lake)] == [("fewer_rows", 3)]
    register(lake, Entry(str(write(path, asked(*range(50)))), "a", "CC0-1.0"))
    run(lake)
    assert (waiting(lake), len(ids(lake))) == ([], 50)


def test_a_file_whose_bytes_promise_more_is_held_and_a_broken_one_is_quarantined(tmp_path: Path) -> None:
    lake, blank, torn = Lake(str(tmp_path / "lake")), tmp_path / "blank.jsonl", tmp_path / "torn.json.gz"
    write(blank, asked(1))
    blank.write_text(blank.read_text() + " " * 100_000 + "\n")
    torn.write_bytes(gzip.compress(json.dumps(asked(*range(9))).encode())[:-20])
    register(lake, Entry(str(blank), "blank", "MIT"), Entry(str(torn), "torn", "MIT"))
    run(lake)
    assert [(file.source, file.reason, file.rows) for file in waiting(lake)] == [("blank", "few_rows_for_its_bytes", 1)]
    assert outcomes(lake, "torn") == {"quarantined": 1}
    # mended under its old name: the row that said so holds no longer
    (fault,) = ids(lake, f"{KEY}_quarantine")
    torn.write_bytes(gzip.compress(json.dumps(asked(*range(9))).encode()))
    register(lake, Entry(str(torn), "torn", "MIT"))
    assert run(lake).withdrawn == {"torn": 1}
    assert outcomes(lake, "torn") == {"withdrawn": 1, "pending": 9}
    assert explain(lake, fault).outcome == "withdrawn"
    # and broken again: what it gave stays, and waits for its owner
    torn.write_bytes(torn.read_bytes()[:-20])
    register(lake, Entry(str(torn), "torn", "MIT"))
    run(lake)
    assert outcomes(lake, "torn") == {"withdrawn": 1, "pending": 9}
    assert [file.reason for file in waiting(lake) if file.source == "torn"] == ["fewer_rows"]
    accept(lake, ["torn"])
    run(lake)
    assert outcomes(lake, "torn") == {"withdrawn": 9, "quarantined": 1}


def test_rows_that_a_changed_file_no_longer_has_are_withdrawn_until_they_come_back(tmp_path: Path) -> None:
    lake, path = Lake(str(tmp_path / "lake")), tmp_path / "a.jsonl"

    def as_it_is(*numbers: int, broken: str = "") -> StageReport:
        write(path, asked(*numbers))
        path.write_text(path.read_text() + broken)
        register(lake, Entry(str(path), "a", "MIT"))
        return run(lake)

    as_it_is(1, 2, 3, broken="{oops\n")
    kept = ids(lake)
    assert rows_of_file(lake, str(path)) == 4
    second = as_it_is(1, 2, 4)
    assert (second.added[KEY], second.withdrawn) == (1, {"a": 2})
    assert set(kept) < set(ids(lake)), "nothing is deleted"
    assert outcomes(lake, "a") == {"pending": 3, "withdrawn": 2}
    assert rows_of_file(lake, str(path)) == 3
    # one comes back and another goes: as many withdrawn rows as before, and no new row
    third = as_it_is(1, 2, 3)
    assert (third.status, third.added[KEY], third.withdrawn) == ("published", 0, {"a": 1})
    assert outcomes(lake, "a") == {"pending": 3, "withdrawn": 2}
    (gone,) = set(ids(lake, f"{KEY}_withdrawn")) & set(ids(lake))
    assert explain(lake, gone).outcome == "withdrawn"
    # what is not changed makes no new version of what is behind it
    version = lake.version(f"{KEY}_withdrawn")
    as_it_is(1, 2, 3, 5)
    assert lake.version(f"{KEY}_withdrawn") == version


def test_a_file_that_can_be_read_in_two_ways_is_held_until_a_map_decides(tmp_path: Path) -> None:
    lake, path = Lake(str(tmp_path / "lake")), tmp_path / "a.jsonl"
    write(path, [{**record, "response": f"Somebody else said {n} to that."} for n, record in enumerate(asked(1, 2, 3))])
    register(lake, Entry(str(path), "a", "MIT"))
    run(lake)
    (held,) = waiting(lake)
    assert (held.reason, held.rows, ids(lake)) == ("two_readings", 3, [])
    assert "'answer' and 'response' may both be the response" in held.detail
    assert "--map prompt=question,response=answer" in held.detail
    register(lake, Entry(str(path), "a", "MIT", fields="prompt=question,response=answer"))
    run(lake)
    answers = [row["messages"][-1]["content"] for row in rows(lake)]
    assert (waiting(lake), sorted(answers)) == ([], [f"It is {number} and no other." for number in (1, 2, 3)])


def test_the_training_set_leaves_out_what_was_withdrawn_and_the_books_say_so(tmp_path: Path) -> None:
    lake = small_lake(tmp_path / "lake")
    run(lake, "gold/training_set")
    assert rec("bread") in {row["origin_id"] for row in rows(lake, "gold/training_set")}
    gone = [{"id": raw_id("bread"), "source": "pantry", "uri": "file:pantry.jsonl"}]
    sides = {f"{KEY}_quarantine": ROWS[f"{KEY}_quarantine"], f"{KEY}_withdrawn": gone}
    publish(lake, KEY, ROWS[KEY], sides, run_id="changed")
    assert reasons_to_run(lake, STAGES["gold/training_set"], PLAIN) == [f"{KEY}_withdrawn is at version 1, was 0"]
    assert outcomes(lake, "pantry").get("withdrawn") is None, "it is still released"
    assert run(lake, "gold/training_set").status == "published"
    assert rec("bread") not in {row["origin_id"] for row in rows(lake, "gold/training_set")}
    (exit_,) = [row for row in rows(lake, "gold/training_set_exits") if row["id"] == rec("bread")]
    assert (exit_["outcome"], exit_["reason"]) == ("withdrawn", "withdrawn")
    assert (ledger(lake).balanced, outcomes(lake, "pantry")["withdrawn"]) == (True, 1)
