"""Rows that Python makes, written by the workers that make them.

Given back to Spark, such rows would be taken apart value by value to be put together again as Parquet: more work than most stages
have with making them (docs/measured.md). So a worker writes its rows as files of the run itself, and only their names come back.
A task that failed or ran twice leaves files that nobody names: like those of a rejected run, no reader sees them.

A worker opens the lake as the run's process does: through pyarrow, with the credentials of its own surroundings, not Spark's.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import cast

import pyarrow as pa
from pyspark import TaskContext
from pyspark.sql import DataFrame

from lake.engines.spark import spark_frame
from lake.harness.job import JobContext, WorkerFiles
from lake.storage.staging import named_files
from lake.storage.store import Lake
from lake.tables import TABLES

Maker = Callable[[Iterator[pa.RecordBatch]], Iterator[tuple[str, pa.RecordBatch]]]


def written_by_workers(
    source: DataFrame, make: Maker, keys: Sequence[str], context: JobContext
) -> dict[str, DataFrame]:
    """A frame for each of the tables `keys` with the rows that `make` gives for the batches of `source`, by table.

    It is computed now, once. The frames read what was written; whichever of them a job returns as it is need not be written again.
    """
    root, folder = context.lake.root, f"made-{context.run_id}"

    def write(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        # the number of the attempt, not of the partition: a task that runs twice must not write into its own files
        attempt = cast(TaskContext, TaskContext.get()).taskAttemptId()
        with Lake(root).staging_writer(folder, attempt) as parts:
            for key, rows in make(batches):
                parts.add(key, rows)
        for key, path in parts.paths:
            yield pa.RecordBatch.from_pydict({"key": [key], "path": [path]})

    # this runs the stage: what comes back is a few paths for each task, whatever the rows
    written = source.mapInArrow(write, "key string, path string").collect()
    for key in keys:
        paths = {row["path"] for row in written if row["key"] == key}
        staged = named_files(context.lake.files, context.lake.path(key), TABLES[key], paths)
        frame = spark_frame(source.sparkSession, context.lake, key, staged.paths)
        context.worker_files[key] = WorkerFiles(frame, staged)
    return {key: context.worker_files[key].frame for key in keys}
