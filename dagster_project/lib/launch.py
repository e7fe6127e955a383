"""Runs stages through Dagster from a command: in this process, on the lake's own instance, so that the UI shows the run."""

import os
import warnings
from collections.abc import Sequence
from typing import Any

import dagster as dg
import yaml

from dagster_project.lib.events import check_specs, tell
from dagster_project.lib.stage_asset import REBUILD
from lake.errors import StageFailed, UserError
from lake.harness.plan import reasons_to_run
from lake.harness.profiles import load_profile
from lake.harness.status import current_report
from lake.settings import settings, shipped
from lake.stages import STAGES
from lake.storage.attempts import newest_attempt
from lake.storage.report import StageReport
from lake.storage.store import Lake

_INSTANCE, _COMMANDS_INSTANCE = "dagster.yaml", "commands.yaml"
_CHILD_FAILED = "DagsterPipesExecutionError"  # says no more than an exit code


def prepare_home() -> None:
    """Makes the lake's Dagster home and points this process at it."""
    home = settings().home
    home.mkdir(parents=True, exist_ok=True)
    (home / _INSTANCE).write_text(shipped(_INSTANCE).read_text(encoding="utf-8"), encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(home)


def materialise(stages: Sequence[str], profile: str, rebuild: bool = False) -> list[StageReport]:
    """Materialises the assets of `stages` and returns a report for each that ran or had nothing to do.

    `rebuild` becomes a tag of the run, which does the same when it is set in the UI's launchpad.

    Raises StageFailed naming each stage that could not finish for another reason than its gate.
    """
    os.environ["MIXLAKE_PROFILE"] = profile
    prepare_home()
    warnings.filterwarnings("ignore", category=dg.BetaWarning)
    with _instance_of_commands() as instance:
        result = (
            _definitions()
            .resolve_implicit_global_asset_job_def()
            .execute_in_process(
                asset_selection=[dg.AssetKey(key.split("/")) for key in stages],
                instance=instance,
                raise_on_error=False,
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
                tags={"mixlake/profile": profile} | ({REBUILD: "true"} if rebuild else {}),
            )
        )
    reports = _reports(stages, result.run_id)
    crashed = [
        step
        for step in _failures(result)
        if not any(report.status == "rejected" and report.stage == step[0] for report in reports)
    ]
    if crashed:
        reasons = "; ".join(f"{key} failed: {sentence}" for key, sentence in crashed)
        raise StageFailed(f"{reasons}; `mixlake ui` shows the run {result.run_id}")
    return reports


def tell_accepted(report: StageReport) -> None:
    """Shows in the UI that a stage's rejected rows were accepted and published by a command."""
    prepare_home()
    with _instance_of_commands() as instance:
        tell(report, Lake(settings().root), check_specs(STAGES[report.stage]), instance)


def _instance_of_commands() -> dg.DagsterInstance:
    """The lake's instance with pools that limit runs, which a run in this process no longer waits for, instead of steps.

    A command that was killed would keep its places, which only the daemon frees, and the next command would wait without a word.
    """
    config = yaml.safe_load(shipped(_INSTANCE).read_text(encoding="utf-8"))
    config["concurrency"]["pools"]["granularity"] = "run"
    (settings().home / _COMMANDS_INSTANCE).write_text(yaml.safe_dump(config), encoding="utf-8")
    return dg.DagsterInstance.from_config(str(settings().home), _COMMANDS_INSTANCE)


def _definitions() -> dg.Definitions:
    from dagster_project.definitions import defs

    return defs()


def _reports(stages: Sequence[str], run_id: str) -> list[StageReport]:
    lake, profile = Lake(settings().root), load_profile(settings().profile)
    attempts = {key: newest_attempt(lake, key) for key in stages}
    reports: list[StageReport] = []
    for key, attempt in attempts.items():
        if attempt and attempt.run_id.startswith(run_id):
            reports.append(attempt)
        elif lake.publication(key) and not reasons_to_run(lake, STAGES[key], profile):
            reports.append(current_report(lake, STAGES[key]))
    return reports


def _failures(result: dg.ExecuteInProcessResult) -> list[tuple[str, str]]:
    """(stage, sentence) of each step that failed, the cause rather than its wrapping."""
    failed: list[tuple[str, str]] = []
    for event in result.filter_events(lambda event: event.is_step_failure):
        error = event.step_failure_data.error
        while error is not None and error.cause is not None:
            error = error.cause
        if error is not None and error.cls_name == dg.DagsterExecutionInterruptedError.__name__:
            raise KeyboardInterrupt  # Dagster turns Ctrl-C into a failed step
        key = next((key for key in STAGES if key.replace("/", "_") == event.node_name), event.node_name)
        failed.append((key, _sentence(error) if error else "no reason given"))
    return failed


def _sentence(error: Any) -> str:
    """What the error says, in one line: all of a sentence that was written for a user, else the class and the first line."""
    if error.cls_name in (UserError.__name__, StageFailed.__name__):
        return " ".join(error.message.split()).partition(": ")[2]
    line = error.message.strip().partition("\n")[0]
    return f"{line.partition(': ')[2]}, and printed above why" if error.cls_name == _CHILD_FAILED else line
