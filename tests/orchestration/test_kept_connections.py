"""What a command tells Dagster is what Dagster's own storage would hold, in the same files; a user's own storage is used as it is."""

import os
import re
import signal
from pathlib import Path

import dagster as dg
import pytest
import yaml

from dagster_project.lib import launch
from dagster_project.lib.kept_connections import KeptEvents
from lake.errors import UserError


@dg.asset(check_specs=[dg.AssetCheckSpec("holds", asset="told")])
def told() -> dg.MaterializeResult:  # pyright: ignore[reportMissingTypeArgument]
    """An asset with a check."""
    return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True)])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MIXLAKE_ROOT", str(tmp_path / "lake"))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    return launch.prepare_home()


def kinds(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    return [entry.dagster_event.event_type_value for entry in instance.all_logs(run_id) if entry.dagster_event]


def test_the_ui_reads_what_a_command_told_as_if_it_had_told_it_itself(home: Path) -> None:
    with launch.instance_of_commands() as commands:
        assert isinstance(commands.event_log_storage, KeptEvents)
        run = dg.materialize([told], instance=commands).run_id
    assert not list(home.rglob("*-wal")), "closed, and written to the end"
    with launch.instance() as ui:
        newest = ui.get_latest_materialization_event(dg.AssetKey("told"))
        assert newest and newest.run_id == run
        assert ui.get_run_by_id(run).is_success  # pyright: ignore[reportOptionalMemberAccess]
        assert kinds(ui, run) == kinds(ui, dg.materialize([told], instance=ui).run_id)


def test_what_copies_a_stages_log_does_not_hear_ctrl_c_and_the_ui_finds_the_log(home: Path) -> None:
    def blocked(pid: int) -> int:
        (mask,) = re.findall(r"SigBlk:\s*(\w+)", Path(f"/proc/{pid}/status").read_text())
        return int(mask, 16) >> (signal.SIGINT - 1) & 1

    with launch.instance_of_commands() as commands, commands.compute_log_manager.capture_logs(["run", "logs", "step"]):
        tasks = Path(f"/proc/{os.getpid()}/task")
        children = [int(pid) for file in tasks.glob("*/children") for pid in file.read_text().split()]
        assert len(children) >= 4 and sum(map(blocked, children)) == 4  # two for each stream
        assert not blocked(os.getpid())
    with launch.instance() as ui:
        assert ui.compute_log_manager.is_capture_complete(["run", "logs", "step"])


@pytest.mark.parametrize("written", ["storage: {", "[1]"])
def test_an_instance_that_is_no_yaml_gets_a_sentence(home: Path, written: str) -> None:
    (home / "dagster.yaml").write_text(written)
    with pytest.raises(UserError, match=r"Dagster's instance: dagster\.yaml "):
        launch.instance_of_commands()


def test_a_storage_of_ones_own_is_used_as_it_is(home: Path, tmp_path: Path) -> None:
    own = {"storage": {"sqlite": {"base_dir": str(tmp_path / "own")}}}
    (home / "dagster.yaml").write_text(yaml.safe_dump(own))
    with launch.instance_of_commands() as commands:
        assert not isinstance(commands.event_log_storage, KeptEvents)
        dg.materialize([told], instance=commands)
    assert list((tmp_path / "own").rglob("*.db"))
