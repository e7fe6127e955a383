"""Orders about the distiller in service, through the command line and the real stage: what changes, and what stays as it is."""

import json
from pathlib import Path

import pytest
from lakes import small_lake

from dagster_project.lib import launch
from dagster_project.lib.described import asset_of
from lake.cli.main import guarded
from lake.harness.plan import reasons_to_run
from lake.harness.profiles import load_profile
from lake.harness.run import run_stage
from lake.landing.orders import order
from lake.models.serving import in_service
from lake.stages import STAGES
from lake.storage.store import Lake


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """The small lake, whose challenger grpo-1 lost against the rules."""
    monkeypatch.setenv("MIXLAKE_ROOT", str(tmp_path / "lake"))
    return small_lake(tmp_path / "lake", last="gold/training_set")


def mixlake(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of `mixlake champion`."""
    import typer.main

    from lake.cli.commands import app

    command = typer.main.get_command(app)
    code = guarded(lambda: command.main(["champion", *arguments], prog_name="mixlake", standalone_mode=False))
    told = capsys.readouterr()
    return code, told.out, told.err


def stale(lake: Lake) -> set[str]:
    """The stages that would run because a table they read has another version."""
    profile = load_profile("demo")
    found = {key: reasons_to_run(lake, stage, profile) for key, stage in STAGES.items()}
    return {key for key, reasons in found.items() if any(" is at version " in reason for reason in reasons)}


def test_the_history_is_shown(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = mixlake(capsys)
    assert code == 0 and out.startswith("In service: rules-1 (rules)\n")
    assert "first" in out and "challenge" in out and "The extractive rules serve." in out
    assert [row["number"] for row in json.loads(mixlake(capsys, "--json")[1])] == [1, 2]


def test_what_another_distiller_serves_changes_is_distilled_again_and_nothing_else(
    lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    assert stale(lake) == set()
    code, out, _ = mixlake(capsys, "pin", "grpo")
    assert code == 0 and out.startswith("In service: grpo-1 (vllm), pinned: no challenger is tried\n")
    assert in_service(lake).model == "grpo-1"  # type: ignore[union-attr]
    assert stale(lake) == {"gold/distilled"}
    code, out, _ = mixlake(capsys, "rollback")
    assert code == 0 and out.startswith("In service: rules-1 (rules), pinned")
    assert mixlake(capsys, "unpin")[1].startswith("In service: rules-1 (rules)\n")


def test_dagster_is_told_of_an_order_so_that_automation_follows_it(
    lake: Lake, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    launch.prepare_home()
    assert mixlake(capsys, "pin", "grpo")[0] == 0
    with launch.instance() as instance:
        told = instance.get_latest_materialization_events(
            [asset_of(key) for key in ("models/champion", "models/in_service")]
        )
    assert all(told.values())


def test_a_pin_of_the_one_in_service_makes_nothing_stale(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    before = lake.version("models/in_service")
    assert mixlake(capsys, "pin")[0] == 0
    assert lake.version("models/in_service") == before and stale(lake) == set()
    assert lake.dataset("models/champion").count_rows() == 3, "the decision is kept all the same"
    assert mixlake(capsys, "unpin")[0] == 0 and stale(lake) == set()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("crown",), "There is no order 'crown': there are pin, unpin, rollback"),
        (("pin", "nobody"), "No known distillers are called 'nobody': there are grpo-1, rules"),
        (("unpin",), "No distiller is pinned"),
        (("rollback",), "There is nothing to roll back to"),
        (("unpin", "rules"), "unpin takes no model"),
    ],
)
def test_an_order_that_cannot_be_obeyed_is_one_sentence_and_leaves_nothing(
    lake: Lake, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    code, out, err = mixlake(capsys, *arguments)
    assert (code, out) == (2, "") and said in err and err.count("\n") == 1
    assert not lake.exists("landing/service_orders")


def test_before_the_first_decision_there_is_nothing_to_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIXLAKE_ROOT", str(tmp_path / "none"))
    for arguments in ((), ("pin",)):
        code, _, err = mixlake(capsys, *arguments)
        assert code == 2 and "No distiller is in service yet: `mixlake run models/champion`" in err


def test_an_order_that_no_run_has_obeyed_yet_is_a_reason_to_run(lake: Lake) -> None:
    champion, profile = STAGES["models/champion"], load_profile("demo")
    order(lake, "pin", "grpo-1")
    assert "landing/service_orders is at version 0, was absent" in reasons_to_run(lake, champion, profile)
    run_stage(champion, profile, lake)
    assert in_service(lake).model == "grpo-1"  # type: ignore[union-attr]
    assert reasons_to_run(lake, champion, profile) == []
