"""What a job is given and what it returns.

A Spark job is `job(inputs, params, context) -> Mapping[table key, DataFrame]`: frames in, frames out. It writes nothing itself;
rows that Python makes may be written by the workers that make them (spark_jobs.columnar.worker_files), and it returns the frames that
read them. A few rows that it made itself it returns as a pyarrow table, which costs no Spark job.
Every other job is `job(inputs, params, context) -> Iterator[tuple[table key, pyarrow.Table]]`: its inputs are Arrow datasets
(read them in batches), its outputs a stream of small tables that the harness writes as they come.
Keys are table keys: the stage's own table and its side tables. Columns are those of lake.tables, in any order.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.dataset as ds
from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from lake.harness.new_rows import NewRows
    from lake.storage.staging import Staged
from lake.harness.unfinished import Unfinished
from lake.storage.artifacts import artifact_name
from lake.storage.store import Lake


class Params(BaseModel):
    """What a job does. Frozen, unknown fields are rejected; stored in the commit of what the job published."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def fingerprint(self) -> dict[str, Any]:
        """All that decides what the job does with these params; a subclass that names a recipe adds the recipe's content."""
        return self.model_dump(mode="json")

    @property
    def loads_no_model(self) -> bool:
        """True where these params let a generate or train stage run without any model library."""
        return False

    def opens_no_model(self, lake: "Lake", new: "NewRows | None") -> bool:
        """Whether the job opens no model for these rows, or for all (None): what the lake tells of that beyond the params."""
        return self.loads_no_model

    def stands(self, lake: "Lake", read: Mapping[str, int], now: Mapping[str, int]) -> str:
        """Why rows made of the inputs as of `read` need not be made again of those as of `now`, as a sentence; "" where they must."""
        return ""

    def asks(self, rows: Callable[[str], int]) -> str:
        """What the job would ask of models or make, as far as it is known before it starts; "" where there is nothing to tell.

        rows: how many rows of an input it would read, by the table's key.
        """
        return ""


def quiet(done: int, total: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True)
class WorkerFiles:
    """Rows of a table that Spark's workers wrote themselves, as files of the run, and the frame that reads them."""

    frame: "DataFrame"
    staged: "Staged"


@dataclass(frozen=True)
class JobContext:
    """The surroundings of one run of one job.

    artifacts: an empty folder of this run, kept if its rows are published (checkpoints, release files). Rows refer to what is
        in it by `named`.
    unfinished: a folder that outlives a run that is killed, for what the next run with the same inputs, params and code goes on from; it may
        not be there yet, and is removed once a run has ended. The job says what of it is whole. None: nothing is kept.
    metrics: figures about the run (`context.metrics["recall"] = 0.99`); they go into the report, the commit and the UI.
    progress: call with (done, total) now and then.
    read: the version of each input, by table key.
    before: empty when the job is given all rows of its inputs. When it is given only the rows that are new since its last
    publication: the older rows of each input, and its own tables as published, by table key.
    worker_files: by table key, what a Spark job had its workers write; if the job returns that very frame, these files are published
        as they are.
    """

    lake: "Lake"
    run_id: str
    artifacts: Path
    unfinished: Unfinished | None = None
    metrics: dict[str, float] = field(default_factory=dict[str, float])
    progress: Callable[[int, int], None] = quiet
    read: Mapping[str, int] = field(default_factory=dict[str, int])
    before: Mapping[str, Any] = field(default_factory=dict[str, Any])
    worker_files: dict[str, WorkerFiles] = field(default_factory=dict[str, WorkerFiles])

    def named(self, path: Path) -> str:
        """How rows name a file or folder of the artifacts: by its path in the lake, so that a lake can be copied."""
        return artifact_name(self.lake, path)


class Views(dict[str, Any]):
    """The frames that a suite looks at: a stage's inputs as its job was given them, and its staged rows.

    `before` is what the job was given as `JobContext.before`; `last` are the stage's own tables as last published, those that have the
    columns of today. `at_hand` gives what a row's name of an artifact stands for on this machine.
    """

    def __init__(
        self,
        frames: Mapping[str, Any],
        before: Mapping[str, Any],
        last: Mapping[str, Any] | None = None,
        at_hand: Callable[[str], str] = str,
    ) -> None:
        super().__init__(frames)
        self.before, self.last, self.at_hand = before, last or {}, at_hand


ArrowInputs = Mapping[str, ds.Dataset]
ArrowRows = Iterator[tuple[str, pa.Table]]
SparkInputs = Mapping[str, "DataFrame"]
SparkRows = Mapping[str, "DataFrame | pa.Table"]
ArrowJob = Callable[[ArrowInputs, Any, JobContext], ArrowRows]
SparkJob = Callable[[SparkInputs, Any, JobContext], SparkRows]
