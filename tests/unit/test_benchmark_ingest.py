"""The measurement of real files writes what it found, and finds a record that got lost."""

import json
import sys
from pathlib import Path

import pytest

from benchmarks import ingest_real


def test_summary_and_listing_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "data" / "instruct"
    folder.mkdir(parents=True)
    (folder / "a.jsonl").write_text('{"prompt": "a", "completion": "b"}\n{"colour": "red"}\n')
    (folder / "b.json").write_text('[{"title": "Tea", "text": "A drink."}]')
    out = tmp_path / "found.json"
    monkeypatch.setattr(sys, "argv", ["ingest_real", "--data", str(tmp_path / "data"), "--out", str(out)])
    ingest_real.main()
    found = json.loads(out.read_text())
    assert (found["files"], found["counted"], found["rows"], found["unaccounted"]) == (2, 3, 2, 0)
    assert (found["held"], [file["held"] for file in found["listing"]]) == (0, [None, None])
    assert found["shapes"] == {"prompt_completion": 1, "passage": 1} and found["reasons"] == {"unknown_shape": 1}
    assert [file["file"] for file in found["listing"]] == ["instruct/a.jsonl", "instruct/b.json"]


def test_a_lost_record_is_unaccounted_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.jsonl").write_text('{"prompt": "a", "completion": "b"}\n' * 3)
    row = {"shape": "prompt_completion", "raw": b"{}"}
    monkeypatch.setattr(ingest_real, "file_rows", lambda file, interpret: iter([row] * 2))
    assert ingest_real.measured(tmp_path / "a.jsonl", "a.jsonl")["unaccounted"] == 1


def test_a_file_that_would_be_held_is_named(tmp_path: Path) -> None:
    records = [{"question": f"Why {n}?", "answer": "It is so.", "response": f"{n} says otherwise."} for n in range(3)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    assert ingest_real.measured(tmp_path / "a.jsonl", "a.jsonl")["held"] == "two_readings"
