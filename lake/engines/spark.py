"""Inputs are opened and outputs staged as Spark frames, in the one Spark session of this process."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from lake.engines.batches import read_batches
from lake.engines.class_archive import class_archive
from lake.engines.cluster import check_master_answers, check_workers_see, has_workers
from lake.engines.frames import declared
from lake.engines.jars import found_java
from lake.engines.s3a_jars import spark_jars
from lake.engines.spark_tasks import told
from lake.errors import StageFailed
from lake.harness.job import JobContext
from lake.harness.profiles import resolve
from lake.landing.register import FILES, unread_bytes
from lake.settings import settings
from lake.stages import STAGES, Stage
from lake.storage.artifacts import CHECKPOINTS
from lake.storage.places import spark_address, spark_store_settings
from lake.storage.staging import Staged
from lake.storage.store import Lake
from lake.tables import TABLES

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_MUCH = 150 * 2**20  # bytes of raw files, about 300,000 records: what a session that is not brief pays from
_PARTITIONS = "spark.sql.shuffle.partitions"
_PARTITION = 32 * 2**20  # bytes as they are stored, a third of what they are in memory
_SMALL = 16 * 2**20  # bytes as they are stored of all inputs of a stage: what one task has soon done
_FEW = 2**20  # bytes of rows
_STARTING = Lock()


class SparkFrames:
    """Spark DataFrames over the files that Delta's log names, in the one session of this process."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self.spark = shared_session()

    def open(self, key: str, version: int) -> "DataFrame":
        # not through delta-spark: it rebuilds the log, and filters its files in every query, by Spark jobs of their own
        return self.files(key, self.lake.file_paths(key, version))

    def run(
        self, stage: Stage, inputs: Mapping[str, Any], params: Any, context: JobContext, folder: str
    ) -> dict[str, Staged]:
        session = "spark_jobs.session"
        try:
            with resolve(f"{session}:fitted")(self.spark, self.fitting(stage)), told(self.spark, context.progress):
                return self._run_and_stage(stage, inputs, params, context, folder)
        finally:
            with suppress(Exception):  # an interrupt ends the JVM, too: then there is nothing to clear
                resolve(f"{session}:release_cached")(self.spark)

    def fitting(self, stage: Stage) -> dict[str, str]:
        """The Spark settings that fit the stage's inputs, rows of before among them; those of MIXLAKE_SPARK_CONF stay as they are.

        On a cluster as many partitions of what is moved as the data needs: Spark's own 200 cost a small delivery minutes.
        """
        here = settings()
        volume = sum(map(self.lake.stored_bytes, stage.inputs))
        volume += unread_bytes(self.lake) if FILES in stage.inputs else 0
        if has_workers(here):
            cores = self.spark.sparkContext.defaultParallelism
            fit = {_PARTITIONS: str(max(2 * cores, volume // _PARTITION))}
        else:
            fit = resolve("spark_jobs.session:SMALL") if volume <= _SMALL else {}
        return {name: value for name, value in fit.items() if name not in here.spark_conf}

    def _run_and_stage(
        self, stage: Stage, inputs: Mapping[str, Any], params: Any, context: JobContext, folder: str
    ) -> dict[str, Staged]:
        """A function of its own: when it returns, nothing refers to the job's frames any more."""
        produced = dict(declared(stage, resolve(stage.job)(inputs, params, context).items()))
        if missing := sorted(set(stage.outputs) - set(produced)):
            raise StageFailed(f"{stage.key}: the job returned no {missing[0]}")
        staged = {key: self._staged(key, produced[key], context, folder) for key in stage.outputs}
        # last: the rows of one table may be computed from what workers wrote for another
        for key, written in context.worker_files.items():
            if staged[key] is not written.staged:
                self.lake.discard(written.staged)
        return staged

    def _staged(self, key: str, frame: "DataFrame | pa.Table", context: JobContext, folder: str) -> Staged:
        """The rows of `frame`, written by Spark unless workers wrote exactly these, they are here, or they are those published before."""
        written = context.worker_files.get(key)
        if written and written.frame is frame:
            return written.staged
        if isinstance(frame, pa.Table):
            return self.lake.write(key, folder, frame)
        if TABLES[key].mode in ("state", "overwrite") and context.before.get(key) is frame:
            return self._copied(key, folder)
        self._declared_columns(key, frame).write.mode("error").parquet(spark_address(f"{self.lake.uri(key)}/{folder}"))
        return self.lake.staged(key, folder)

    def _copied(self, key: str, folder: str) -> Staged:
        """The published rows of a table once more."""
        with self.lake.staging_writer(folder) as writer:
            for batch in read_batches(self.lake.dataset(key), TABLES[key].schema.names):
                writer.add(key, batch)
        return self.lake.staged(key, folder)

    def _declared_columns(self, key: str, frame: "DataFrame") -> "DataFrame":
        from pyspark.sql.functions import col

        return frame.select(*(col(field.name).cast(field.dataType).alias(field.name) for field in _spark_schema(key)))

    def files(self, key: str, files: Sequence[str]) -> "DataFrame":
        return spark_frame(self.spark, self.lake, key, files)


def spark_frame(spark: "SparkSession", lake: Lake, key: str, files: Sequence[str]) -> "DataFrame":
    """The rows of some files of one table, named relative to it, as a Spark frame with its columns as declared.

    Few rows are part of the plan: no job looks for their files, and none reads them.
    """
    few = lake.few_rows(key, files, _FEW)
    if few is not None:  # from Arrow: rows given as a list, even none, are made by Python workers
        return spark.createDataFrame(few, _spark_schema(key))
    return spark.read.schema(_spark_schema(key)).parquet(*(spark_address(f"{lake.uri(key)}/{path}") for path in files))


def _spark_schema(key: str) -> Any:
    from pyspark.sql.pandas.types import from_arrow_schema

    return from_arrow_schema(TABLES[key].schema, prefer_timestamp_ntz=False)


def start_ahead(lake: Lake, stages: Iterable[str], rebuild: bool = False) -> None:
    """Where one of the stages needs Spark, starts its session in the background, and what first queries wait for, so that this
    process can go on importing. Raises UserError where a master does not answer, or workers could not see what the stages read.
    """
    if all(STAGES[key].engine != "spark" for key in stages):
        return
    check_workers_see(settings(), lake, rebuild)
    check_master_answers(settings())
    resolve("spark_jobs.session:spark_session")  # imports are this thread's: two of them could wait for each other
    Thread(target=_warm, args=[lake], daemon=True).start()


def _warm(lake: Lake) -> None:
    """Reads a table, and starts a Python worker a core."""
    with suppress(Exception):  # whoever asks for the session meets the same error, and tells it
        frames = SparkFrames(lake)
        frames.open("landing/files", lake.version("landing/files") or 0).collect()
        cores = frames.spark.sparkContext.defaultParallelism
        frames.spark.range(0, cores, 1, cores).mapInArrow(_same, "id long").count()


def _same(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    return batches


def shared_session() -> "SparkSession":
    """The one Spark session of this process, started when first asked for, and again when it was lost."""
    with _STARTING:
        if resolve("spark_jobs.lost_session:is_lost")():
            _session.cache_clear()
        return _session()


@cache
def _session() -> "SparkSession":
    here = settings()
    found_java()  # Spark's own message names no remedy
    check_master_answers(here)
    brief = unread_bytes(Lake(here.root)) < _MUCH
    return resolve("spark_jobs.session:spark_session")(
        spark_jars(here.cache, here.root),
        master=here.spark_master,
        driver_memory=here.driver_memory,
        brief=brief,
        extra={**spark_store_settings(here.root), **here.spark_conf},
        checkpoints=spark_address(f"{here.root}/{CHECKPOINTS}") if has_workers(here) else None,
        classes=class_archive(here.cache),
    )
