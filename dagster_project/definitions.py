"""The code location: every asset, check, sensor and schedule under defs/. Loading it imports no Spark, model library or Great Expectations."""

import dagster as dg

import dagster_project.defs
from dagster_project.defs import automation


@dg.definitions
def defs() -> dg.Definitions:
    """All definitions; runs execute in one process, so that all Spark stages of a run share one session."""
    # not dg.load_from_defs_folder: it looks for pyproject.toml above the package, and an installed package has none
    return dg.Definitions(
        assets=dg.load_assets_from_package_module(dagster_project.defs),
        jobs=[automation.everything],
        sensors=[automation.landing_folder_sensor],
        schedules=[automation.daily],
        executor=dg.in_process_executor,
    )
