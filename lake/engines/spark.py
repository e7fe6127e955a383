"""How inputs are opened, outputs staged and books balanced: once for Spark frames, once for Arrow datasets."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa
import pyarrow.compute
import pyarrow.dataset as ds

from lake.engines.jars import delta_jars, found_java
from lake.errors import StageFailed
from lake.harness.job import JobContext, WorkerFiles
from lake.harness.profiles import resolve
from lake.landing.register import unread_bytes
from lake.settings import settings
from lake.stages import STAGES, Balance, Engine, Stage
from lake.storage.staging import Staged
from lake.storage.store import Lake
from lake.tables import TABLES

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_FEW = 100_000  # rows that are cheaper to hold than to query a dozen times
_MUCH = 150 * 2**20  # bytes of raw files, about 300,000 records: what a session that is not brief pays from
_STARTING = Lock()

pc: Any = pyarrow.compute  # its functions are made at import, where types cannot see them


class Misplaced(dict[str, int]):
    """How many keys of a balance are `lost` (in no place), `doubled` (in two) or `foreign` (in a place, but not in the input)."""

    def __str__(self) -> str:
        return ", ".join(f"{count} {kind}" for kind, count in self.items() if count)


class Frames(Protocol):
    """What the harness needs of an engine. A frame is whatever the engine's jobs work on."""

    def open(self, key: str, version: int) -> Any: ...

    def files(self, key: str, files: Sequence[str]) -> Any:
        """The rows of some files of a table, named relative to it."""
        ...

    def view(self, key: str, files: Sequence[str], rows: int) -> Any:
        """The same for a suite, which asks many small questions: held in Arrow where there are few rows."""
        ...

    def run(
        self, stage: Stage, inputs: Mapping[str, Any], params: Any, context: JobContext, folder: str
    ) -> dict[str, Staged]:
        """Runs the job and stages every output. Raises StageFailed when the job leaves a declared table out or adds one."""
        ...

    def misplaced(self, balance: Balance, frames: Mapping[str, Any]) -> Misplaced: ...


def frames_for(engine: Engine, lake: Lake) -> Frames:
    """The frames of a stage's engine; Spark's session is started by its first use and shared by all stages of the process."""
    return SparkFrames(lake) if engine == "spark" else ArrowFrames(lake)


class ArrowFrames:
    """Arrow datasets through deltalake: no JVM."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake

    def open(self, key: str, version: int) -> ds.Dataset:
        return self.lake.dataset(key, version)

    def files(self, key: str, files: Sequence[str]) -> ds.Dataset:
        return self.lake.files_dataset(key, files)

    def view(self, key: str, files: Sequence[str], rows: int) -> ds.Dataset:
        return self.files(key, files)

    def run(
        self, stage: Stage, inputs: Mapping[str, ds.Dataset], params: Any, context: JobContext, folder: str
    ) -> dict[str, Staged]:
        with self.lake.staging_writer(folder) as parts:
            for key, rows in _declared(stage, resolve(stage.job)(inputs, params, context)):
                parts.add(key, rows)
        return {key: self.lake.staged(key, folder) for key in stage.outputs}

    def misplaced(self, balance: Balance, frames: Mapping[str, ds.Dataset]) -> Misplaced:
        """Only keys are read; they are held in memory."""
        keys = pc.unique(frames[balance.table].to_table(columns=[balance.key])[balance.key])
        placed = pa.chunked_array(
            [chunk for table, column in balance.places for chunk in _column(frames[table], column).chunks], keys.type
        )
        distinct = pc.unique(placed)
        return Misplaced(
            lost=len(keys) - _count(pc.is_in(keys, distinct)),
            doubled=len(placed) - len(distinct),
            foreign=len(distinct) - _count(pc.is_in(distinct, keys)),
        )


class SparkFrames:
    """Spark DataFrames over the files that Delta's log names, in the one session of this process."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self.spark = spark_session()

    def open(self, key: str, version: int) -> "DataFrame":
        # not through delta-spark: it rebuilds the log, and filters its files in every query, by Spark jobs of their own
        return self.files(key, self.lake.file_paths(key, version))

    def run(
        self, stage: Stage, inputs: Mapping[str, Any], params: Any, context: JobContext, folder: str
    ) -> dict[str, Staged]:
        try:
            produced = dict(_declared(stage, resolve(stage.job)(inputs, params, context).items()))
            missing = sorted(set(stage.outputs) - set(produced))
            if missing:
                raise StageFailed(f"{stage.key}: the job returned no {missing[0]}")
            return {
                key: self._staged(key, produced[key], context.worker_files.get(key), folder) for key in stage.outputs
            }
        finally:
            with suppress(Exception):  # an interrupt ends the JVM, too: then there is nothing to clear
                self.spark.catalog.clearCache()

    def _staged(self, key: str, frame: "DataFrame", written: WorkerFiles | None, folder: str) -> Staged:
        """The rows of `frame`, written by Spark unless workers wrote exactly these."""
        if written and written.frame is frame:
            return written.staged
        self._declared_columns(key, frame).write.mode("error").parquet(f"{self.lake.uri(key)}/{folder}")
        if written:
            self.lake.discard(written.staged)
        return self.lake.staged(key, folder)

    def _declared_columns(self, key: str, frame: "DataFrame") -> "DataFrame":
        from pyspark.sql.functions import col

        return frame.select(*(col(field.name).cast(field.dataType).alias(field.name) for field in _spark_schema(key)))

    def files(self, key: str, files: Sequence[str]) -> "DataFrame":
        return spark_frame(self.spark, self.lake, key, files)

    def view(self, key: str, files: Sequence[str], rows: int) -> Any:
        return self.lake.files_dataset(key, files) if rows <= _FEW else self.files(key, files)

    def misplaced(self, balance: Balance, frames: Mapping[str, Any]) -> Misplaced:
        if all(isinstance(frames[table], ds.Dataset) for table in (balance.table, *dict(balance.places))):
            return ArrowFrames(self.lake).misplaced(balance, frames)
        from pyspark.sql import functions as F

        wanted = self._keys(frames[balance.table], balance.key).distinct()
        wanted = wanted.withColumns({"wanted": F.lit(1), "placed": F.lit(0)})
        places = [
            self._keys(frames[table], column).withColumns({"wanted": F.lit(0), "placed": F.lit(1)})
            for table, column in balance.places
        ]
        for place in places:
            wanted = wanted.unionByName(place)
        books = wanted.groupBy("key").agg(F.sum("wanted").alias("wanted"), F.sum("placed").alias("placed"))
        counts = books.agg(
            F.count_if((F.col("wanted") == 1) & (F.col("placed") == 0)).alias("lost"),
            F.count_if(F.col("placed") > 1).alias("doubled"),
            F.count_if(F.col("wanted") == 0).alias("foreign"),
        ).first()
        return Misplaced(counts.asDict() if counts else {})

    def _keys(self, frame: Any, column: str) -> "DataFrame":
        """One column as `key`, in Spark."""
        if isinstance(frame, ds.Dataset):
            frame = self.spark.createDataFrame(frame.to_table(columns=[column]))
        return frame.select(frame[column].alias("key"))


def spark_frame(spark: "SparkSession", lake: Lake, key: str, files: Sequence[str]) -> "DataFrame":
    """The rows of some files of one table, named relative to it, as a Spark frame with its columns as declared."""
    if not files:  # from Arrow: rows given as a list, even none, are made by Python workers
        return spark.createDataFrame(TABLES[key].schema.empty_table(), _spark_schema(key))
    return spark.read.schema(_spark_schema(key)).parquet(*(f"{lake.uri(key)}/{path}" for path in files))


def _spark_schema(key: str) -> Any:
    from pyspark.sql.pandas.types import from_arrow_schema

    return from_arrow_schema(TABLES[key].schema, prefer_timestamp_ntz=False)


def start_ahead(lake: Lake, stages: Iterable[str]) -> None:
    """Where one of the stages needs Spark, starts its session in the background, and what first queries wait for, so that this
    process can go on importing.
    """
    if all(STAGES[key].engine != "spark" for key in stages):
        return
    resolve("spark_jobs.session:spark_session")  # imports are this thread's: two of them could wait for each other
    Thread(target=_warm, args=[lake], daemon=True).start()


def _warm(lake: Lake) -> None:
    """Reads a table, and starts a Python worker a core with all that jobs import."""
    with suppress(Exception):  # whoever asks for the session meets the same error, and tells it
        frames = SparkFrames(lake)
        frames.open("landing/files", lake.version("landing/files") or 0).collect()
        cores = frames.spark.sparkContext.defaultParallelism
        frames.spark.range(0, cores, 1, cores).mapInArrow(_loaded, "id long").count()


def _loaded(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for stage in STAGES.values():
        if stage.engine == "spark":
            resolve(stage.job)
    yield from batches


def spark_session() -> "SparkSession":
    """The one Spark session of this process, started when first asked for."""
    with _STARTING:
        return _session()


@cache
def _session() -> "SparkSession":
    here = settings()
    found_java()  # Spark's own message names no remedy
    brief = unread_bytes(Lake(here.root)) < _MUCH
    return resolve("spark_jobs.session:spark_session")(
        delta_jars(here.cache),
        master=here.spark_master,
        driver_memory=here.driver_memory,
        brief=brief,
        extra=here.spark_conf,
    )


def _declared(stage: Stage, produced: Any) -> Iterator[tuple[str, Any]]:
    for key, rows in produced:
        if key not in stage.outputs:
            raise StageFailed(f"{stage.key}: the job returned {key}, which the stage does not declare")
        yield key, rows


def _column(frame: ds.Dataset, column: str) -> pa.ChunkedArray:
    return frame.to_table(columns=[column])[column]


def _count(mask: Any) -> int:
    return pc.sum(mask).as_py() or 0
