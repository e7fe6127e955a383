"""New files and time as reasons to run: the landing folder's sensor and the daily schedule. What is up to date costs milliseconds."""

import hashlib
from typing import Any

import dagster as dg

from dagster_project.lib.stage_asset import column_schema
from lake.landing.landed import outside_sources, register_landed, unregistered
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


@dg.sensor(job=everything, minimum_interval_seconds=30, default_status=dg.DefaultSensorStatus.STOPPED)
def landing_folder_sensor() -> dg.RunRequest | dg.SkipReason:
    """One run for each state of the landing folder that has files not registered yet."""
    lake = Lake(settings().root)
    waiting = unregistered(lake)
    if not waiting:
        left = ", ".join(item.name for item in outside_sources(lake))
        never = f" Never read, for they lie in no folder named as a source may be: {left}." if left else ""
        return dg.SkipReason(f"Every file of the landing folder's sources is registered.{never}")
    state = "\n".join(f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}" for path, _, _ in waiting)
    return dg.RunRequest(run_key=hashlib.sha256(state.encode()).hexdigest())


daily = dg.ScheduleDefinition(
    job=everything, cron_schedule="0 3 * * *", name="daily_reprocessing", execution_timezone="UTC"
)
