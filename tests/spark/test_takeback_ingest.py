"""What was taken back does not come back: not from its file, not in another form or under another name, not by a rebuild."""

import json
from pathlib import Path
from typing import Any

import pytest

from lake.harness.profiles import Profile
from lake.harness.run import run_stage
from lake.landing.register import Entry, register
from lake.stages import STAGES
from lake.storage.store import Lake
from lake.takeback.searching import places_of
from lake.takeback.taking import forget

PLAIN = Profile("plain", "", {})
pytestmark = pytest.mark.usefixtures("spark")


def asked(number: int) -> dict[str, Any]:
    return {"question": f"What is number {number}?", "answer": f"It is {number} and no other."}


def answers(lake: Lake, key: str = "bronze/instructions") -> list[str]:
    rows = lake.dataset(key).to_table(["messages"])["messages"].to_pylist()
    return sorted(turns[-1]["content"] for turns in rows)


def run(lake: Lake, key: str = "bronze/instructions", rebuild: bool = False) -> None:
    assert run_stage(STAGES[key], PLAIN, lake, rebuild=rebuild).status != "rejected"


def test_a_forgotten_row_stays_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIXLAKE_ROOT", str(tmp_path / "lake"))
    lake = Lake(str(tmp_path / "lake"))
    mine, copy, table = (tmp_path / name for name in ("mine.jsonl", "copy.jsonl", "table.csv"))
    mine.write_text("".join(json.dumps(asked(number)) + "\n" for number in range(3)))
    register(lake, Entry(str(mine), "mine", "CC0-1.0"))
    run(lake)
    run(lake, "silver/instructions")
    (row,) = [row for row in lake.dataset("bronze/instructions").to_table().to_pylist() if row["position"] == 2]
    told = forget(lake, [row["id"]], "asked for")
    assert told.outside == [str(mine)] and told.made_anew == []
    left = [asked(number)["answer"] for number in (0, 2)]
    # Spark reads the files that were written anew, and nothing has a reason to run
    assert answers(lake) == answers(lake, "silver/instructions") == left
    copy.write_text(mine.read_text().replace("2", "4"))
    table.write_text("question,answer\n" + "".join(f"{asked(n)['question']},{asked(n)['answer']}\n" for n in (1, 5)))
    register(lake, Entry(str(copy), "other", "CC0-1.0"), Entry(str(table), "third", "CC0-1.0"))
    run(lake)
    found = sorted([*left, asked(0)["answer"], asked(4)["answer"], asked(5)["answer"]])
    assert answers(lake) == found, "registered again in other files and another form"
    run(lake, rebuild=True)
    assert answers(lake) == found
    run(lake, "silver/instructions")
    assert answers(lake, "silver/instructions") == found
    assert list(places_of(lake, [asked(1)["answer"]])) == []
