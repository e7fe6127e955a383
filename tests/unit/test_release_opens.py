"""A release opens with `datasets` as it lies there, without a network, and what it gives is what plain readers find in the lake."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from lakes import HOSTILE, ROWS, publish, small_lake
from released_files import released

OPENS = """
import json, sys
from datasets import load_dataset
told = []
for asked in sys.argv[1:]:
    folder, form = asked.split("|")
    found = load_dataset(folder, form or None)
    types = {split: str(rows.features) for split, rows in found.items()}
    told.append({"rows": {split: rows.to_list() for split, rows in found.items()}, "types": types})
print(json.dumps(told))
"""
WAYS = [("", ""), ("", "prompt_completion"), ("jsonl", "messages"), ("jsonl", "prompt_completion")]
# texts that a reader of JSON takes for something else where nobody says that they are texts
ODD = {"answer": "true", "prompt": "12"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("release")
    lake = small_lake(root / "lake")
    one, other = ROWS["gold/training_set"]
    turns = [{"role": "user", "content": HOSTILE}, {"role": "assistant", "content": ODD["answer"]}]
    rows = [{**one, **ODD, "messages": turns}, {**other, "member_ids": [], "score": 4.0}]
    publish(lake, "gold/training_set", rows, {"gold/training_set_exits": ROWS["gold/training_set_exits"]}, run_id="odd")
    released(lake, root / "mixlake")
    return root / "mixlake"


@pytest.fixture(scope="module")
def opened(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """What `datasets` makes of the release in each of WAYS, in a process that may ask nobody."""
    cache = tmp_path_factory.mktemp("cache")
    offline = {"HF_DATASETS_OFFLINE": "1", "HF_HUB_OFFLINE": "1", "HF_HOME": str(cache)}
    asked = [f"{folder / inside}|{form}" for inside, form in WAYS]
    command = [sys.executable, "-c", OPENS, *asked]
    done = subprocess.run(command, env=os.environ | offline, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "Ignoring" not in done.stderr, "a part of the card says nothing to its reader"
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("way", range(len(WAYS)))
def test_it_opens_as_it_is(folder: Path, opened: list[Any], way: int) -> None:
    told, form = opened[way], WAYS[way][1] or "messages"
    for split, rows in told["rows"].items():
        lines = (folder / "jsonl" / form / f"{split}-00000.jsonl").read_text(encoding="utf-8")
        assert rows == [json.loads(line) for line in lines.splitlines()] != []
        assert rows == pq.read_table(folder / "data" / form / f"{split}-00000.parquet").to_pylist()
        texts = ("prompt", "completion") if form == "prompt_completion" else ("messages",)
        assert all(set(texts) <= set(row) for row in rows)
    assert set(told["rows"]) == {"train", "validation"}
    assert told["types"]["train"] == told["types"]["validation"]
    assert "timestamp" not in told["types"]["train"] and "null" not in told["types"]["train"]
