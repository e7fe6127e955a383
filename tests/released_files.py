"""A release made of a small lake by the stage's own function, without a gate, and the files of a folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lake.harness.job import JobContext
from lake.storage.store import Lake
from reports.release import ReleaseParams, release

INPUTS = ("gold/training_set", "reports/evaluation", "reports/evaluation_comparisons")


def released(lake: Lake, artifacts: Path, **params: Any) -> list[dict[str, Any]]:
    """The rows of releases/current for a release of what the lake holds now, its files written into `artifacts`."""
    artifacts.mkdir(parents=True)
    read = {key: lake.version(key) or 0 for key in INPUTS}
    context = JobContext(lake, "test", artifacts, read=read)
    inputs = {key: lake.dataset(key) for key in INPUTS}
    return [row for _, table in release(inputs, ReleaseParams(**params), context) for row in table.to_pylist()]


def contents(root: Path) -> Mapping[str, bytes]:
    """Every file below a folder, by its path in it."""
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
