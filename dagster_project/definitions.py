"""The code location: every asset, check, sensor and schedule under defs/. Loading it imports no Spark, model library or Great Expectations."""

from pathlib import Path

import dagster as dg


@dg.definitions
def defs() -> dg.Definitions:
    """All definitions; runs execute in one process, so that all Spark stages of a run share one session."""
    found = dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
    return dg.Definitions.merge(found, dg.Definitions(executor=dg.in_process_executor))
