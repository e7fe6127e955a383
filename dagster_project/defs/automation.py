"""New files and time as reasons to run: the landing folder's sensor and the daily schedule. What is up to date costs milliseconds."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import BaseModel

from dagster_project.lib.stage_asset import column_schema
from lake.landing.landed import outside_sources, register_landed, unregistered, unsettled
from lake.landing.register import registered
from lake.settings import settings
from lake.storage.store import Lake


@dg.asset(
    key=["landing", "files"],
    group_name="landing",
    kinds={"python", "deltalake"},
    metadata={"dagster/column_schema": column_schema("landing/files")},
)
def landing_files() -> dg.MaterializeResult[Any]:
    """Registers every new or changed file of the landing folder."""
    lake = Lake(settings().root)
    added = register_landed(lake)
    files = registered(lake)
    return dg.MaterializeResult(
        metadata={"dagster/row_count": len(files), "added": len(added)},
        data_version=dg.DataVersion(str(lake.version("landing/files"))),
    )


everything = dg.define_asset_job(
    "everything", selection=dg.AssetSelection.all(), description="Brings every table up to date."
)


RUNS_A_DELIVERY = 3


class _Delivery(BaseModel):
    """The delivery that the sensor last asked a run for: the state of the files that waited, and how many runs it has had."""

    state: str = ""
    runs: int = 0

    @property
    def run_key(self) -> str:
        return f"{self.state}/{self.runs}"


@dg.sensor(job=everything, minimum_interval_seconds=30, default_status=dg.DefaultSensorStatus.STOPPED)
def landing_folder_sensor(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """One run for each state of the landing folder that has files not registered yet, and again where that run failed."""
    lake = Lake(settings().root)
    last = _Delivery.model_validate_json(context.cursor) if context.cursor else _Delivery()
    waiting = unregistered(lake)
    state = _state(waiting) if waiting else last.state
    if state != last.state:
        return _request(context, _Delivery(state=state, runs=1))
    failed = _failed_run(context, last)
    if failed and last.runs < RUNS_A_DELIVERY:
        return _request(context, _Delivery(state=last.state, runs=last.runs + 1))
    if failed:
        return dg.SkipReason(
            f"Gave up on the last delivery after {last.runs} failed runs; the last one is {failed}. Start the job "
            f"`everything` by hand once its cause is mended, or land another file."
        )
    if waiting:
        return dg.SkipReason(f"A run was asked for that registers the {len(waiting)} waiting files.")
    return dg.SkipReason(f"Every settled file of the landing folder's sources is registered.{_left_out(lake)}")


def _state(waiting: Sequence[tuple[Path, str, str | None]]) -> str:
    state = "\n".join(f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}" for path, _, _ in waiting)
    return hashlib.sha256(state.encode()).hexdigest()


def _request(context: dg.SensorEvaluationContext, delivery: _Delivery) -> dg.RunRequest:
    context.update_cursor(delivery.model_dump_json())
    return dg.RunRequest(run_key=delivery.run_key)


def _failed_run(context: dg.SensorEvaluationContext, delivery: _Delivery) -> str | None:
    """The id of the newest run for a delivery, if that run failed."""
    of_delivery = dg.RunsFilter(tags={"dagster/run_key": delivery.run_key})
    runs = context.instance.get_runs(of_delivery, limit=1) if delivery.state else []
    return next((run.run_id for run in runs if run.status == dg.DagsterRunStatus.FAILURE), None)


def _left_out(lake: Lake) -> str:
    """What the landing folder holds besides, in sentences; empty for nothing."""
    writing = ", ".join(file.name for file in unsettled(lake))
    never = ", ".join(item.name for item in outside_sources(lake))
    return (f" Still being written, or were a moment ago: {writing}." if writing else "") + (
        f" Never read, for they lie in no folder named as a source may be: {never}." if never else ""
    )


daily = dg.ScheduleDefinition(
    job=everything, cron_schedule="0 3 * * *", name="daily_reprocessing", execution_timezone="UTC"
)
