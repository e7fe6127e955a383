"""Raw files to bronze: every record of every registered file, with its bytes, its place and its shape; or why it has none.

    registrations -> newest version of each file -> tasks (files, and splits of big ones) -> rows, written by the workers
    -> without the rows of files that turned out unreadable -> without the rows that are published already

Files are read on the executors, one after another within a task, in batches; the driver sees only the list of files. Big files of
lines are split, so that one file is the work of many tasks.

A run on what is new reads only files registered since, and of a file that was read before it adds only rows whose id is not there
yet: what a file no longer holds, or holds under another licence, kind or map of fields, changes in a run on everything.
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from lake.harness.job import JobContext, Params, SparkInputs, SparkRows
from lake.landing.addresses import MEMBER
from lake.tables import TABLES
from spark_jobs.columnar.worker_files import Maker, written_by_workers
from spark_jobs.ingest.interpreter import Interpret, Row
from spark_jobs.ingest.raw_batches import batches
from spark_jobs.ingest.raw_rows import file_rows
from spark_jobs.ingest.sources import original_id, recognise
from spark_jobs.ingest.sources.fields import Record
from spark_jobs.ingest.sources.passage import read_passage
from spark_jobs.ingest.sources.reference import read_truth
from spark_jobs.ingest.splits import split_file, splittable

_TASKS_PER_CORE = 4
_TASK_BYTES = 64 * 2**20  # of files, in a task of a large run
_NAMES = ("uri", "source", "licence", "kind", "sha256", "path", "fields")
_FILE = pa.schema([(name, pa.string()) for name in _NAMES] + [("size", pa.int64())])
_SPLIT = pa.schema(
    [
        *_FILE,
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("line", pa.int64()),
        ("split_sha256", pa.string()),
        ("copies", pa.map_(pa.int64(), pa.int64())),
    ]
)

Frames = Mapping[str, DataFrame]
BatchMap = Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]


class IngestParams(Params):
    """How files are read."""

    batch_rows: int = Field(
        default=2000,
        ge=1,
        le=100_000,
        description="rows in one batch from a worker, at most; 8 MiB of raw bytes end it too",
    )
    split_bytes: int = Field(
        default=32 * 2**20,
        ge=1000,
        le=2**30,
        description="size of the parts in which a file of lines is read that is larger than two of them; rows do not depend on it",
    )


def instructions(inputs: SparkInputs, params: IngestParams, context: JobContext) -> SparkRows:
    """bronze/instructions and its quarantine, from the newest version of every file of kind `instructions`."""
    return _bronze("bronze/instructions", {"instructions"}, instruction_columns, inputs, params, context)


def passages(inputs: SparkInputs, params: IngestParams, context: JobContext) -> SparkRows:
    """bronze/passages and its quarantine, from the newest version of every file of kind `passages`."""
    return _bronze("bronze/passages", {"passages"}, passage_columns, inputs, params, context)


def references(inputs: SparkInputs, params: IngestParams, context: JobContext) -> SparkRows:
    """bronze/references and its quarantine, from files of kind `benchmark` (any question and answer) and `reference` (truths)."""
    return _bronze("bronze/references", {"benchmark", "reference"}, reference_columns, inputs, params, context)


def instruction_columns(record: Record, kind: str) -> Row | None:
    """The columns of a record that has turns; None for any other."""
    read = recognise(record)
    return read and {"shape": read[0], "messages": read[1]}


def passage_columns(record: Record, kind: str) -> Row | None:
    """The columns of a record that has a text; None for any other."""
    read = read_passage(record)
    return read and {"title": read[0], "text": read[1]}


def reference_columns(record: Record, kind: str) -> Row | None:
    """The columns of a truth, or of a question and answer in a file of kind `benchmark`; None for any other record."""
    if kind == "reference":
        truth = read_truth(record)
        return truth and {"role": "truth", "name": truth.name, "text": truth.text, "facts": truth.facts}
    # whatever its owner says of an answer: its question is in the benchmark
    read = recognise(record, marked=False)
    if read is None:
        return None
    text = "\n".join(turn["content"] for turn in read[1])
    return {"role": "benchmark", "name": original_id(record), "text": text, "facts": []}


def newest_files(registrations: Iterable[Mapping[str, Any]], kinds: set[str]) -> list[Row]:
    """The last registration of every address, if it is of one of these kinds, sorted by address."""
    newest: dict[str, Mapping[str, Any]] = {}
    # by hash as well: two registrations of one moment must not depend on the order of rows
    for row in sorted(registrations, key=lambda row: (row["registered_at"], row["sha256"])):
        newest[row["uri"]] = row
    chosen = sorted((uri, row) for uri, row in newest.items() if row["kind"] in kinds)
    return [{name: row.get(name) for name in _FILE.names} for _, row in chosen]


def _bronze(
    key: str, kinds: set[str], interpret: Interpret, inputs: SparkInputs, params: IngestParams, context: JobContext
) -> SparkRows:
    landing = inputs["landing/files"]
    files = newest_files((row.asDict() for row in landing.collect()), kinds)
    tables = (key, f"{key}_quarantine")
    tasks = _read_tasks(landing.sparkSession, files, params.split_bytes)
    # computed here, once: what follows only leaves rows out
    rows = written_by_workers(tasks, _reader(interpret, tables, params.batch_rows), tables, context)
    rows = _without_unreadable_files(rows, tables[1])
    return _without_published_rows(rows, files, context.before)


def _read_tasks(spark: SparkSession, files: list[Row], split_bytes: int) -> DataFrame:
    """One row for each file, then one for each split: partitions of like size come last, so that cores are done at about one time."""
    volume = sum(file["size"] or 0 for file in files)
    most = max(_TASKS_PER_CORE * spark.sparkContext.defaultParallelism, volume // _TASK_BYTES)
    whole = [file for file in files if not splittable(file, split_bytes)]
    big = [file for file in files if splittable(file, split_bytes)]
    tasks = _file_frame(spark, whole).repartition(max(1, min(len(whole), most)))
    if not big:
        return tasks
    # a file is scanned by one worker; its splits are spread over all of them
    scans = _file_frame(spark, big).repartition(len(big))
    splits = scans.mapInArrow(_splitter(split_bytes), from_arrow_schema(_SPLIT))
    return tasks.union(splits.repartition(most))


def _file_frame(spark: SparkSession, files: list[Row]) -> DataFrame:
    return spark.createDataFrame(pa.Table.from_pylist(files, _SPLIT)).coalesce(1)


def _splitter(split_bytes: int) -> BatchMap:
    def split(files: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in files:
            for file in batch.to_pylist():
                yield pa.RecordBatch.from_pylist(split_file(file, split_bytes), _SPLIT)

    return split


def _reader(interpret: Interpret, tables: tuple[str, str], batch_rows: int) -> Maker:
    """What a worker does with its files: gives batches of rows, each with the table that it is for."""
    bronze, quarantine = tables
    schema = pa.unify_schemas([TABLES[key].schema for key in tables])

    def read(tasks: Iterator[pa.RecordBatch]) -> Iterator[tuple[str, pa.RecordBatch]]:
        files = (file for batch in tasks for file in batch.to_pylist())
        for batch in batches((row for file in files for row in file_rows(file, interpret)), schema, batch_rows):
            readable = pc.is_null(batch["reason"])
            yield bronze, batch.filter(readable)
            yield quarantine, batch.filter(pc.invert(readable))

    return read


def _without_unreadable_files(rows: Frames, quarantine: str) -> Frames:
    """The rows without those of files that turned out unreadable; of such a file the one quarantined row that says so is left."""
    faults = rows[quarantine].where("reason = 'unreadable_file'")
    unreadable = [row["uri"] for row in faults.select("uri").distinct().collect()]
    if not unreadable:
        return rows
    # of a broken archive the rows of all members go, of a broken member only its own
    readable = ~(F.col("uri").isin(unreadable) | _file_of("uri").isin(unreadable))
    left = {key: frame.where(readable) for key, frame in rows.items()}
    # every split of a file that changed says so, under the same id
    return left | {quarantine: left[quarantine].unionByName(faults.dropDuplicates(["id"]))}


def _without_published_rows(rows: Frames, files: list[Row], before: Mapping[str, DataFrame]) -> Frames:
    """The rows anti-joined with the published ones; only files that were registered before can have any of these."""
    if "landing/files" not in before:
        return rows
    known = {row["uri"] for row in before["landing/files"].select("uri").distinct().collect()}
    replaced = [{"uri": file["uri"]} for file in files if file["uri"] in known]
    if not replaced:
        return rows
    spark = next(iter(rows.values())).sparkSession
    uris = F.broadcast(spark.createDataFrame(pa.Table.from_pylist(replaced, pa.schema([("uri", pa.string())]))))
    # a record that was quarantined once may be readable now, so every table is joined with the published rows of both
    for table in rows:
        published = before[table].select("id", _file_of("uri").alias("uri"))
        ids = published.join(uris, "uri", "left_semi").select("id")
        rows = {key: frame.join(ids, "id", "left_anti") for key, frame in rows.items()}
    return rows


def _file_of(column: str) -> Any:
    """The address of the registered file: without the name of the file inside it, if it is an archive."""
    return F.regexp_replace(column, MEMBER, "$1")
