"""The history of Dagster's runs can be forgotten: nothing of it is left in a file, and the instance works on."""

from pathlib import Path
from shutil import copyfile

import dagster as dg
import pytest
from dagster import job
from lakes import raw_id, small_lake

from dagster_project.lib import launch
from dagster_project.lib.described import asset_of
from dagster_project.lib.history import forget_runs
from lake.cli.main import main
from lake.settings import shipped
from lake.stages import STAGES

WORDS = b"fifteen minutes with the lid on"


@job
def nothing() -> None:
    """A job without a step."""


def holds(home: Path) -> list[str]:
    return [path.name for path in home.rglob("*") if path.is_file() and WORDS in path.read_bytes()]


def test_no_event_and_no_log_of_a_run_is_left(tmp_path: Path) -> None:
    copyfile(shipped("dagster.yaml"), tmp_path / "dagster.yaml")
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        run = instance.create_run_for_job(nothing, tags={"said": WORDS.decode()})
        instance.report_engine_event(WORDS.decode(), run)
    (tmp_path / "storage" / run.run_id).mkdir(parents=True)
    (tmp_path / "storage" / run.run_id / "step.out").write_bytes(WORDS)
    assert len(holds(tmp_path)) >= 3
    forget_runs(tmp_path)
    assert holds(tmp_path) == []
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert instance.get_runs() == []
        assert nothing.execute_in_process(instance=instance).success, "the instance works on"


def test_what_is_left_of_a_lake_is_told_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIXLAKE_ROOT", str(tmp_path / "lake"))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    lake = small_lake(tmp_path / "lake")
    launch.prepare_home()
    with pytest.raises(SystemExit) as ended:
        main(["forget", raw_id("paint"), "--reason", "asked for"])
    assert not ended.value.code
    tables = [table for stage in STAGES.values() for table in stage.outputs if lake.exists(table)]
    with launch.instance() as instance:
        told = instance.get_latest_materialization_events([asset_of(table) for table in tables])
    assert "models/in_service" in tables and all(told.values())


def test_a_lake_without_dagster_has_nothing_to_forget(tmp_path: Path) -> None:
    forget_runs(tmp_path)
    assert list(tmp_path.iterdir()) == []
