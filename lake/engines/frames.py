"""What the harness asks of an engine: to open a stage's inputs, and to run its job and stage what it returns."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from lake.errors import StageFailed
from lake.harness.job import JobContext
from lake.stages import Engine, Stage
from lake.storage.staging import Staged
from lake.storage.store import Lake


class Frames(Protocol):
    """How one engine reads and writes the lake. A frame is whatever the engine's jobs work on."""

    def open(self, key: str, version: int) -> Any: ...

    def files(self, key: str, files: Sequence[str]) -> Any:
        """The rows of some files of a table, named relative to it."""
        ...

    def run(
        self, stage: Stage, inputs: Mapping[str, Any], params: Any, context: JobContext, folder: str
    ) -> dict[str, Staged]:
        """Runs the job and stages every output. Raises StageFailed when the job returns a table the stage does not declare."""
        ...


def frames_for(engine: Engine, lake: Lake) -> Frames:
    """The frames of a stage's engine; Spark's session is started by its first use and shared by all stages of the process."""
    from lake.engines.arrow import ArrowFrames
    from lake.engines.spark import SparkFrames

    return SparkFrames(lake) if engine == "spark" else ArrowFrames(lake)


def declared(stage: Stage, returned: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """The tables that a job returned, by key. Raises StageFailed at one that the stage does not declare."""
    for key, rows in returned:
        if key not in stage.outputs:
            raise StageFailed(f"{stage.key}: the job returned {key}, which the stage does not declare")
        yield key, rows
