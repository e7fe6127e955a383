"""The lake and its settings as a resource: what the environment says, and what a run is configured with instead; bars on the command's terminal."""

import os
import pty
import sys
from pathlib import Path

import dagster as dg
import pytest
from lakes import RULES_ALONE, small_lake

from dagster_project.definitions import defs
from dagster_project.lib import launch
from dagster_project.lib.lake_resource import LakeResource
from lake.harness.bars import TERMINAL
from lake.storage.store import Lake

KEY = "silver/ratings"


@pytest.fixture
def restored(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a run sets in the environment is put back after the test."""
    for name in ("MIXLAKE_ROOT", "MIXLAKE_PROFILE"):
        monkeypatch.setenv(name, os.environ[name])


def test_the_lake_is_a_resource_that_every_stage_asks_for(rated_next: Lake) -> None:
    loaded = defs()
    resource = (loaded.resources or {})["lake"]
    assert isinstance(resource, LakeResource)
    assert (resource.root, resource.profile) == (rated_next.root, RULES_ALONE)
    made = [asset for asset in loaded.assets or () if isinstance(asset, dg.AssetsDefinition) and asset.is_executable]
    assert made and all("lake" in asset.required_resource_keys for asset in made)


def test_a_run_may_be_given_another_lake(rated_next: Lake, restored: None, tmp_path: Path) -> None:
    other = small_lake(tmp_path / "other", last="silver/embeddings")
    config = {"resources": {"lake": {"config": {"root": other.root}}}}
    with dg.DagsterInstance.ephemeral() as instance:
        job = defs().resolve_implicit_global_asset_job_def()
        key = dg.AssetKey(KEY.split("/"))
        assert job.execute_in_process(asset_selection=[key], run_config=config, instance=instance).success
    assert other.version(KEY) == 0 and rated_next.version(KEY) is None


def test_a_bar_is_drawn_on_the_terminal_though_dagster_keeps_what_a_stage_prints(
    rated_next: Lake, restored: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = pty.openpty()
    monkeypatch.setenv(TERMINAL, "put back after the test")
    monkeypatch.setattr(sys, "stderr", os.fdopen(theirs, "w"))
    launch.materialise([KEY], RULES_ALONE)
    os.set_blocking(ours, False)
    shown = os.read(ours, 2**20).decode()
    assert KEY in shown and "10/10" in shown and "rows/s" in shown
