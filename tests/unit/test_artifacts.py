"""Artifacts are named by their path in the lake, so that a copied lake is a lake."""

import shutil
from pathlib import Path

from lakes import RULES_ALONE, small_lake

from lake.harness.profiles import load_profile
from lake.harness.run import run_stage
from lake.landing.landed import register_landed, unregistered
from lake.landing.register import Entry, register
from lake.stages import STAGES
from lake.storage.artifacts import artifact_name, at_hand
from lake.storage.store import Lake
from reports.exported import TABLE, export


def test_a_copied_lake_goes_on_without_the_one_it_was_copied_from(tmp_path: Path) -> None:
    first = small_lake(tmp_path / "first")
    raw = tmp_path / "notes.jsonl"
    raw.write_text('{"prompt": "Which bowl?", "response": "The blue one."}\n')
    register(first, Entry(str(raw), "notes", "MIT", copy=True))
    run_stage(STAGES[TABLE], load_profile(RULES_ALONE), first)
    listed = first.dataset(TABLE).to_table(["path"])["path"].to_pylist()
    assert listed and all(path.startswith(f"artifacts/{TABLE}/") for path in listed)
    shutil.copytree(tmp_path / "first", tmp_path / "second")
    shutil.rmtree(tmp_path / "first")
    second = Lake(str(tmp_path / "second"))
    assert {file["path"] for file in export(second, tmp_path / "out")} >= {"README.md", "manifest.json"}
    assert unregistered(second) == register_landed(second) == []
    again = run_stage(STAGES[TABLE], load_profile(RULES_ALONE), second)
    assert again.status == "up_to_date"
    made = run_stage(STAGES[TABLE], load_profile(RULES_ALONE), second, rebuild=True)
    assert (made.status, made.version) == ("published", 1)


def test_only_what_lies_among_the_artifacts_is_named_by_its_place_in_the_lake(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    inside = tmp_path / "lake" / "artifacts" / "models" / "run" / "checkpoint"
    assert artifact_name(lake, inside) == "artifacts/models/run/checkpoint"
    assert at_hand(lake, "artifacts/models/run/checkpoint") == str(inside)
    for other in (str(tmp_path / "model"), "organisation/model", ""):
        assert at_hand(lake, other) == other
    assert artifact_name(lake, tmp_path / "model") == str(tmp_path / "model")
