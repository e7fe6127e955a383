"""Runs stages through Dagster from a command: in this process, on the lake's own instance, so that the UI shows the run."""

import os
import warnings
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

import dagster as dg
import yaml
from dagster._core.instance.ref import compute_logs_directory

from dagster_project.lib.captured_logs import CapturedLogs
from dagster_project.lib.events import check_specs, tell
from dagster_project.lib.failures import failures
from dagster_project.lib.kept_connections import KeptStorage
from dagster_project.lib.stage_asset import REBUILD, asset_of
from lake.errors import StageFailed, UserError
from lake.harness.bars import name_terminal
from lake.harness.plan import reasons_to_run, why_idle
from lake.harness.profiles import load_profile
from lake.harness.status import current_report
from lake.harness.yaml_files import read_yaml
from lake.settings import settings, shipped
from lake.stages import STAGES
from lake.storage.attempts import newest_attempt
from lake.storage.report import StageReport
from lake.storage.store import Lake

_INSTANCE, _COMMANDS_INSTANCE = "dagster.yaml", "commands.yaml"
_OWN_STORAGE = {"storage", "run_storage", "event_log_storage", "schedule_storage", "instance_class"}


def prepare_home() -> Path:
    """Dagster's home, made if there is none. A dagster.yaml that is there stays as it is: the instance is the user's to set."""
    home = settings().home
    home.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError), (home / _INSTANCE).open("x", encoding="utf-8") as file:
        file.write(shipped(_INSTANCE).read_text(encoding="utf-8"))
    return home


def instance() -> dg.DagsterInstance:
    """The instance of the UI and its daemon."""
    return _opened(prepare_home(), _INSTANCE)


def _opened(home: Path, config: str) -> dg.DagsterInstance:
    try:
        return dg.DagsterInstance.from_config(str(home), config)
    except Exception as error:  # whatever its storage raises: a module that is missing, a server that does not answer
        reason = " ".join(str(error).split())
        raise UserError(f"{home / _INSTANCE} describes an instance that cannot be opened: {reason}") from error


def materialise(
    stages: Sequence[str], profile: str, rebuild: bool = False, idle: Collection[str] = ()
) -> list[StageReport]:
    """Materialises the assets of `stages` and returns a report for each that ran or had nothing to do.

    idle: the stages that a plan found to have nothing to do. Dagster is told of them only where it does not know their tables.
    `rebuild` becomes a tag of the run, which does the same when it is set in the UI's launchpad.

    Raises StageFailed naming each stage that could not finish for another reason than its gate.
    """
    os.environ["MIXLAKE_PROFILE"] = profile
    name_terminal()
    for unfinished in (dg.BetaWarning, dg.PreviewWarning):  # parts of the pinned version that may change
        warnings.filterwarnings("ignore", category=unfinished)
    with instance_of_commands() as instance:
        known = _known(instance, idle)
        result = (
            _definitions()
            .resolve_implicit_global_asset_job_def()
            .execute_in_process(
                asset_selection=[asset_of(key) for key in stages if key not in known],
                instance=instance,
                raise_on_error=False,
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
                tags={"mixlake/profile": profile} | ({REBUILD: "true"} if rebuild else {}),
            )
        )
    reports = _reports(stages, result.run_id)
    crashed = [
        step
        for step in failures(result.filter_events(lambda event: event.is_step_failure))
        if not any(report.status == "rejected" and report.stage == step[0] for report in reports)
    ]
    if crashed:
        reasons = "; ".join(f"{key} failed: {sentence}" for key, sentence in crashed)
        raise StageFailed(f"{reasons}; `mixlake ui` shows the run {result.run_id}")
    return reports


def _known(instance: dg.DagsterInstance, stages: Collection[str]) -> set[str]:
    """The stages of which Dagster was told that all their tables were materialised."""
    outputs = {key: [asset_of(table) for table in STAGES[key].outputs] for key in stages}
    events = instance.get_latest_materialization_events([asset for assets in outputs.values() for asset in assets])
    return {key for key, assets in outputs.items() if all(events.get(asset) for asset in assets)}


def tell_published(report: StageReport) -> None:
    """Shows in the UI what a command published without a run: rejected rows that were accepted, a distiller that was put in service."""
    with instance_of_commands() as instance:
        tell(report, Lake(settings().root), check_specs(STAGES[report.stage]), instance)


def tell_unknown() -> None:
    """Shows in the UI every table of the lake that Dagster does not know, as where its home is new or its history was removed.

    What it does not know it takes for missing, and then starts nothing that reads it.
    """
    lake = Lake(settings().root)
    published = [key for key in STAGES if lake.publication(key)]
    with instance_of_commands() as instance:
        known = _known(instance, published)
        for stage in (STAGES[key] for key in published if key not in known):
            tell(current_report(lake, stage), lake, check_specs(stage), instance)


def instance_of_commands() -> dg.DagsterInstance:
    """The lake's instance with pools that limit runs, which a run in this process no longer waits for, instead of steps, and its
    databases kept open, and Ctrl-C left to the command.

    A command that was killed would keep its places, which only the daemon frees, and the next command would wait without a word.
    """
    home = prepare_home()
    config = read_yaml(home / _INSTANCE, "Dagster's instance")
    config.setdefault("concurrency", {}).setdefault("pools", {})["granularity"] = "run"
    if not _OWN_STORAGE & config.keys():
        config["storage"] = {"custom": _class_of(KeptStorage, base_dir=str(home))}
    config.setdefault("compute_logs", _class_of(CapturedLogs, base_dir=compute_logs_directory(str(home))))
    (home / _COMMANDS_INSTANCE).write_text(yaml.safe_dump(config), encoding="utf-8")
    return _opened(home, _COMMANDS_INSTANCE)


def _class_of(kind: type, **config: str) -> dict[str, object]:
    """A class of ours as an instance's configuration names it."""
    return {"module": kind.__module__, "class": kind.__name__, "config": config}


def _definitions() -> dg.Definitions:
    from dagster_project.definitions import defs

    return defs()


def _reports(stages: Sequence[str], run_id: str) -> list[StageReport]:
    lake, profile = Lake(settings().root).pinned(), load_profile(settings().profile)
    attempts = {key: newest_attempt(lake, key) for key in stages}
    reports: list[StageReport] = []
    for key, attempt in attempts.items():
        if attempt and attempt.run_id.startswith(run_id):
            reports.append(attempt)
        elif lake.publication(key) and not reasons_to_run(lake, STAGES[key], profile):
            reports.append(current_report(lake, STAGES[key], why_idle(lake, STAGES[key], profile)))
    return reports
