"""What the tests of the gate share: suites by stage with the stages' own params, and a Spark session where one is needed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from lake.harness.job import Views
from lake.harness.profiles import resolve
from lake.stages import STAGES

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from expectations.gate import Audit, Batch

LIMITS: dict[str, dict[str, Any]] = {"gold/training_set": {"budget": 3}, "silver/unique_instructions": {"max_star": 2}}


def batches_of(stage: str, frames: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> list[Batch]:
    """The batches of a stage's suite, with the limits of the stage's own params where its suite has any."""
    declared = STAGES[stage]
    limited = declared.key.split("/")[0] in ("silver", "gold")
    params = resolve(declared.params)(**LIMITS.get(stage, {})) if limited else None
    seen = Views({key: frames[key] for key in (*declared.inputs, *declared.outputs)}, before or {})
    return list(resolve(declared.suite)(seen, params))


@pytest.fixture
def audited(tmp_path: Path) -> Callable[..., Audit]:
    """Runs a stage's whole suite on frames by table key."""
    from expectations.gate import audit

    def run(stage: str, frames: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> Audit:
        return audit(stage, batches_of(stage, frames, before), "run-1", tmp_path / "audits")

    return run


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    from lake.engines.jars import delta_jars
    from lake.settings import settings
    from spark_jobs.session import spark_session

    scratch = tmp_path_factory.mktemp("spark")
    session = spark_session(delta_jars(settings().cache), master="local[2]", driver_memory="1g", scratch=scratch)
    yield session
    session.stop()
