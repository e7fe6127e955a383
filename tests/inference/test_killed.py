"""A run that is killed at any moment is gone on with: nothing is lost, doubled, or sent again once it was answered (real SIGKILLs)."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from killed_batches import lives, sent_though_taken

from inference.journal import Journal, left_behind
from inference.text_engines import Completion, EngineParams, Request
from lake.storage.store import Lake

PARAMS = EngineParams(kind="scripted", answers=("one", "two", "three"))
REQUESTS = 320


def requests() -> list[Request]:
    return [Request(f"row{n}", "distil", [{"role": "user", "content": f"question {n}"}]) for n in range(REQUESTS)]


def cached(root: Path) -> list[dict[str, object]]:
    """The rows of the cache but for the commit that each came with."""
    rows = Lake(str(root)).dataset("cache/generations").to_table().drop_columns(["shard"]).to_pylist()
    return sorted(rows, key=lambda row: str(row["request_id"]))


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long), pytest.param(3, marks=pytest.mark.long)])
def test_ten_kills_at_random_moments_change_nothing(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    moments = [dice.randrange(1, 60) for _ in range(10)]
    answers, told = lives(str(tmp_path / "killed"), PARAMS, requests(), moments)
    undisturbed, _ = lives(str(tmp_path / "undisturbed"), PARAMS, requests(), [])
    assert all("done" not in {kind for kind, _ in one} for one in told[:-1]), "each run but the last was killed"
    assert sent_though_taken(told) == set()
    assert answers == undisturbed and len(answers) == REQUESTS
    assert cached(tmp_path / "killed") == cached(tmp_path / "undisturbed")
    assert list((tmp_path / "killed" / "journals").rglob("*.jsonl")) == []


def test_a_journal_of_a_run_that_is_still_at_work_is_left_alone(tmp_path: Path) -> None:
    mine = Journal(tmp_path)
    mine.record("rate", Completion("req_1", "text"))
    assert list(left_behind(tmp_path)) == []
    mine.drop()
    assert list(tmp_path.iterdir()) == []


def test_a_line_that_was_torn_by_a_kill_is_no_answer(tmp_path: Path) -> None:
    (tmp_path / "left.jsonl").write_bytes(b'["rate", {"id": "req_1", "text": "whole"}]\n["rate", {"id": "req_2", "te')
    assert list(left_behind(tmp_path)) == [[("rate", Completion("req_1", "whole"))]]
    assert list(tmp_path.iterdir()) == []
