"""The code location: every asset, check, sensor and schedule under defs/. Loading it imports no Spark, model library or Great Expectations."""

import dagster as dg

import dagster_project.defs
from dagster_project.defs import alerts, automation
from dagster_project.lib.lake_resource import of_environment
from dagster_project.lib.stage_asset import SIDES, side_asset


@dg.definitions
def defs() -> dg.Definitions:
    """All definitions; runs execute in one process, so that all Spark stages of a run share one session."""
    # not dg.load_from_defs_folder: it looks for pyproject.toml above the package, and an installed package has none
    return dg.Definitions(
        assets=[*dg.load_assets_from_package_module(dagster_project.defs), *map(side_asset, SIDES)],
        jobs=automation.JOBS,
        sensors=[automation.landing_folder_sensor, automation.follow, *alerts.sensors()],
        schedules=[automation.daily_reprocessing],
        resources={"lake": of_environment()},
        executor=dg.in_process_executor,
    )
