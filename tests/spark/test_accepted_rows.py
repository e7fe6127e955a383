"""Rows that Spark's workers wrote and a gate rejected can be looked at and accepted: they lie in a folder of the workers' own."""

import json
from pathlib import Path

import pytest

from lake.harness.profiles import Profile
from lake.harness.rejected import accept, staged_rows
from lake.harness.run import run_stage
from lake.landing.register import Entry, register
from lake.stages import STAGES
from lake.storage.store import Lake

STRICT = Profile("strict", "", {"silver/instructions": {"gate": {"most_rejected": 0.05, "small_source": 1}}})
pytestmark = pytest.mark.usefixtures("spark")


def test_what_workers_wrote_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIXLAKE_ROOT", str(tmp_path / "lake"))
    lake, raw = Lake(str(tmp_path / "lake")), tmp_path / "mine.jsonl"
    answers = ["Because it is tied to the clock of the tower.", "", ""]
    raw.write_text(
        "".join(json.dumps({"question": f"Why {n}?", "answer": said}) + "\n" for n, said in enumerate(answers))
    )
    register(lake, Entry(str(raw), "mine", "CC0-1.0"))
    bronze, silver = STAGES["bronze/instructions"], STAGES["silver/instructions"]
    run_stage(bronze, STRICT, lake)
    refused = run_stage(silver, STRICT, lake)
    assert refused is not None and refused.status == "rejected"
    staged = {key: rows.to_table()["id"].to_pylist() for key, rows in staged_rows(lake, refused).items()}
    assert accept(lake, silver, "they are short on purpose").status == "published"
    assert {key: lake.dataset(key).to_table()["id"].to_pylist() for key in staged} == staged
    assert sorted(map(len, staged.values())) == [1, 2]
