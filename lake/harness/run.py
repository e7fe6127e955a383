"""The harness: runs one stage the same way from a shell, inside Dagster and in a process of its own.

Write - audit - publish: inputs are opened at pinned versions, the job runs, its rows are staged where no commit names them, the
suite audits the staged rows, the books are balanced, and one commit publishes them. A rejected stage publishes nothing and ends
normally: only a crash ends with another code than 0 or 1.
"""

import inspect
import os
import secrets
import shutil
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from lake.engines.balance import check_books
from lake.engines.cluster import check_workers_see
from lake.engines.frames import frames_for
from lake.errors import StageFailed, UserError
from lake.harness import environment
from lake.harness.attempt import Attempt, adds_nothing, publish, report_nothing_added, report_of
from lake.harness.bars import lines_by_tenth, watched
from lake.harness.input_versions import waits_for
from lake.harness.inputs import RunInputs
from lake.harness.job import JobContext, quiet
from lake.harness.new_rows import new_rows
from lake.harness.plan import fingerprint, reasons_to_run, rejected_inputs, why_idle
from lake.harness.profiles import GATE, Profile, load_profile, resolve
from lake.harness.progress import waits
from lake.harness.status import current_report
from lake.harness.unfinished import forget_unfinished, unfinished
from lake.settings import local_path, settings
from lake.stages import STAGES, Stage
from lake.storage.artifacts import ARTIFACTS, keep
from lake.storage.attempts import audit_pages, record_attempt
from lake.storage.lease_records import LeaseRecords
from lake.storage.leases import lease
from lake.storage.publication import Fingerprint, now
from lake.storage.report import StageReport
from lake.storage.store import Lake
from lake.storage.tombstones import unfinished_orders

Progress = Callable[[int, int], None]


def fresh_run_id() -> str:
    """An id for a run: sortable by time, unique without coordination."""
    return f"{now():%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def run_stage(
    stage: Stage,
    profile: Profile,
    lake: Lake,
    run_id: str | None = None,
    progress: Progress = quiet,
    rebuild: bool = False,
) -> StageReport:
    """Runs one stage if it has something to do and returns what happened; `rebuild` runs it on everything all the same.

    Deliveries that the stage missed are taken one by one; the report is that of the last, with the rows that all of them added.
    While another run works on the stage this one waits, and then does what is left to do.

    Raises UserError when an input was never published, StageFailed when an input's newest attempt was rejected, another run holds the
    stage's lease for too long, the books do not balance or Spark's session was lost; whatever is raised, nothing was published.
    """
    environment.prepare(profile.offline)
    if stage.engine == "spark":
        check_workers_see(settings(), lake, rebuild)
    # asked before there is a lease: a lake that is up to date may be one that cannot be written to
    if not _what_to_do(lake, stage, profile, rebuild)[0]:
        return current_report(lake, stage, why_idle(lake, stage, profile))
    # the token keeps a retried step of the same run apart from its first try
    attempt_id = f"{run_id or fresh_run_id()}-{secrets.token_hex(2)}"
    patience = settings().lease_wait
    tell = partial(waits, stage.key, seconds=patience)
    with lease(LeaseRecords.of(lake.root), stage.key, attempt_id, patience, tell):
        report, deliveries = _next_step(lake, stage, profile, attempt_id, progress, rebuild), 1
        while report and report.status != "rejected":
            step = f"{attempt_id}-{deliveries}"
            further = _next_step(lake, stage, profile, step, progress, read=report.inputs)
            if further is None:
                break
            report, deliveries = further.after(report), deliveries + 1
        forget_unfinished(lake, stage.key)
        # without a report the run that was waited for has done it
        return report or current_report(lake, stage)


def _next_step(
    lake: Lake,
    stage: Stage,
    profile: Profile,
    attempt_id: str,
    progress: Progress,
    rebuild: bool = False,
    read: Mapping[str, int] | None = None,
) -> StageReport | None:
    """What came of one run of the stage, on everything or on the next delivery; None if there is nothing to do beyond what it has `read`."""
    started = time.monotonic()
    # before anything is read: whoever commits from here on makes this run's commits fail
    seen = {table: lake.newest(table) for table in stage.outputs}
    reasons, wanted = _what_to_do(lake, stage, profile, rebuild)
    if not reasons or wanted.inputs == read:
        return None
    increment = None if rebuild else new_rows(lake, stage, wanted)
    artifacts = local_path(lake.root) / ARTIFACTS / stage.key / attempt_id
    begun = unfinished(lake, stage.key, wanted)
    context = JobContext(lake, attempt_id, artifacts, begun, progress=progress, read=wanted.inputs)
    attempt = Attempt(lake, stage, profile, attempt_id, wanted, increment, seen, context, started)
    return _run_or_say_why(attempt, "; ".join(reasons))


def _what_to_do(lake: Lake, stage: Stage, profile: Profile, rebuild: bool) -> tuple[list[str], Fingerprint]:
    """Why the stage has to run, and what its rows would be made of. Raises UserError or StageFailed where it must not."""
    lake = lake.pinned()  # each table is asked for often
    if unfinished_orders(lake):
        raise StageFailed(
            f"{stage.key} did not run: rows are being taken back; run it again when that has ended, or `mixlake run` goes on with it"
        )
    reasons = reasons_to_run(lake, stage, profile, rebuild)
    stopped = rejected_inputs(lake, stage)
    if stopped:
        raise StageFailed(f"{stage.key} did not run: {', '.join(stopped)} was rejected: `mixlake rejected` shows why")
    wanted = fingerprint(lake, stage, profile, rebuild)
    if wanted is None:
        missing = [table for table in stage.inputs if lake.version(table) is None]
        if not missing:
            slow = ", ".join(waits_for(lake, stage))
            raise UserError(f"{stage.key} needs {slow} to have read the newest {stage.records}: run that first")
        raise UserError(f"{stage.key} needs {', '.join(missing)}, which was never published: run that first")
    return reasons, wanted


def _run_or_say_why(attempt: Attempt, reason: str) -> StageReport:
    try:
        return _run(attempt, reason)
    except Exception as error:
        lost = resolve("spark_jobs.lost_session:why_lost")(error) if attempt.stage.engine == "spark" else None
        if lost is None:
            raise
        # without its cause, which Dagster would tell in its place: the JVM's trace says nothing to a user
        raise StageFailed(f"{attempt.stage.key}: {lost}; nothing of it was published: run it again") from None


def own_process(lake: Lake, stage: Stage, profile: Profile, rebuild: bool = False) -> bool:
    """Whether a stage runs in a process of its own: model libraries must leave the machine clean when they end."""
    params = profile.params_of(stage)
    if stage.engine not in ("generate", "train") or params.loads_no_model:
        return False
    wanted = fingerprint(lake, stage, profile, rebuild)
    new = new_rows(lake, stage, wanted) if wanted and not rebuild else None
    return wanted is None or not params.opens_no_model(lake, new)


def _run(attempt: Attempt, reason: str) -> StageReport:
    stage, artifacts = attempt.stage, attempt.context.artifacts
    artifacts.mkdir(parents=True, exist_ok=True)
    # importing Great Expectations takes seconds, in which the Spark session starts in the background
    gate = resolve(stage.suite), resolve("expectations.gate:audit")
    frames = frames_for(stage.engine, attempt.lake)
    inputs = RunInputs(attempt.lake, frames, attempt.wanted.inputs, attempt.increment)
    context = replace(attempt.context, before=inputs.before())
    staged = frames.run(stage, inputs.for_job(stage), attempt.params, context, attempt.folder)
    if attempt.increment and adds_nothing(attempt, staged):
        shutil.rmtree(artifacts)
        return report_nothing_added(attempt)
    keep(attempt.lake, f"{ARTIFACTS}/{stage.key}/{attempt.run_id}")
    views = inputs.for_suite(staged)
    report = report_of(attempt, staged, _audit(attempt, gate, views), reason)
    if report.failed:
        record_attempt(attempt.lake, report)
        return report
    check_books(stage, views)
    published = publish(attempt.lake, staged, report)
    seconds = round(time.monotonic() - attempt.started, 2)
    if not any(artifacts.iterdir()):
        shutil.rmtree(artifacts)
    published = published.model_copy(update={"seconds": seconds})
    record_attempt(attempt.lake, published)
    return published


def _audit(attempt: Attempt, gate: tuple[Any, Any], views: Mapping[str, Any]) -> Any:
    """Runs the suite, which takes its limits as `gate`, and by name those of the stage's params that it must know."""
    suite, audit = gate
    named = [name for name, one in inspect.signature(suite).parameters.items() if one.kind is one.KEYWORD_ONLY]
    known = {name: getattr(attempt.params, name) for name in named if name != GATE}
    batches = suite(views, **known, gate=attempt.profile.limits_of(attempt.stage))
    with audit_pages(attempt.lake, attempt.stage.key) as folder:
        return audit(attempt.stage.key, batches, attempt.run_id, folder)


def main(arguments: list[str]) -> int:
    """Runs the stage named on the command line; under Dagster Pipes its report goes to the parent as one message."""
    rebuild = "--rebuild" in arguments
    arguments = [argument for argument in arguments if argument != "--rebuild"]
    if len(arguments) not in (1, 2) or arguments[0] not in STAGES:
        print(
            f"usage: python -m lake.harness.run STAGE [RUN_ID] [--rebuild]; stages: {', '.join(STAGES)}",
            file=sys.stderr,
        )
        return 2
    here = settings()
    try:
        stage = STAGES[arguments[0]]
        profile = load_profile(here.profile, [stage])  # the command that started this process has looked at all of it
        lake, run_id = Lake(here.root), arguments[1] if arguments[1:] else None
        with watched(stage.key, stage.engine, lines_by_tenth()) as progress:
            report = run_stage(stage, profile, lake, run_id, progress, rebuild)
    except KeyboardInterrupt:
        print(f"{arguments[0]} was stopped: nothing of it was published", file=sys.stderr)
        return 1
    except (UserError, StageFailed) as error:
        print(error, file=sys.stderr)
        return 0 if _tell_parent({FAILED: str(error)}) else 2 if isinstance(error, UserError) else 1
    except Exception as error:
        if not _tell_parent({FAILED: f"{type(error).__name__}: {' '.join(str(error).split())[:500]}"}):
            raise
        traceback.print_exc()
        return 0
    if _tell_parent(report.model_dump(mode="json")):
        return 0
    print(report.model_dump_json(indent=1))
    return 1 if report.status == "rejected" else 0


FAILED = "failed"  # the key under which a parent process is told why the stage could not finish


def _tell_parent(message: Mapping[str, Any]) -> bool:
    """Whether there is a parent process to which the message was sent (Dagster Pipes)."""
    if "DAGSTER_PIPES_CONTEXT" not in os.environ:
        return False
    from dagster_pipes import open_dagster_pipes

    with open_dagster_pipes() as pipes:
        pipes.report_custom_message(dict(message))
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
