"""Raw files to bronze: every record of every registered file, with its bytes, its place and its shape; or why it has none.

Files are read on the executors, one after another within a task, in batches; the driver sees only the list of files. Big files of
lines are split, so that one file is the work of many tasks.

On what is new, only files registered since are read, and of a file that was read before only rows whose id is not there yet: what
a file no longer holds, or holds under another licence, changes in a run on everything.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa
from pydantic import Field
from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from lake.addresses import MEMBER
from lake.job import JobContext, Params, SparkInputs, SparkRows
from lake.tables import TABLES
from spark_jobs.raw_batches import batches
from spark_jobs.raw_rows import Interpret, Row, file_rows
from spark_jobs.sources import detect, original_id
from spark_jobs.sources.passage import passage
from spark_jobs.sources.reference import truth
from spark_jobs.sources.splits import splits, splittable
from spark_jobs.sources.turns import Record

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

Batches = Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]


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
    return _bronze("bronze/instructions", {"instructions"}, _instruction, inputs, params, context)


def passages(inputs: SparkInputs, params: IngestParams, context: JobContext) -> SparkRows:
    """bronze/passages and its quarantine, from the newest version of every file of kind `passages`."""
    return _bronze("bronze/passages", {"passages"}, _passage, inputs, params, context)


def references(inputs: SparkInputs, params: IngestParams, context: JobContext) -> SparkRows:
    """bronze/references and its quarantine, from files of kind `benchmark` (any question and answer) and `reference` (truths)."""
    return _bronze("bronze/references", {"benchmark", "reference"}, _reference, inputs, params, context)


def newest_files(registrations: Iterable[Mapping[str, Any]], kinds: set[str]) -> list[Row]:
    """The last registration of every address, if it is of one of these kinds, sorted by address."""
    newest: dict[str, Mapping[str, Any]] = {}
    for row in sorted(registrations, key=lambda row: (row["registered_at"], row["sha256"])):
        newest[row["uri"]] = row
    chosen = sorted((uri, row) for uri, row in newest.items() if row["kind"] in kinds)
    return [{name: row.get(name) for name in _FILE.names} for _, row in chosen]


def _instruction(record: Record, kind: str) -> Row | None:
    found = detect(record)
    return found and {"shape": found[0], "messages": found[1]}


def _passage(record: Record, kind: str) -> Row | None:
    found = passage(record)
    return found and {"title": found[0], "text": found[1]}


def _reference(record: Record, kind: str) -> Row | None:
    if kind == "reference":
        found = truth(record)
        return found and {"role": "truth", "name": found.name, "text": found.text, "facts": found.facts}
    asked = detect(record)
    if asked is None:
        return None
    text = "\n".join(turn["content"] for turn in asked[1])
    return {"role": "benchmark", "name": original_id(record), "text": text, "facts": []}


def _bronze(
    key: str, kinds: set[str], interpret: Interpret, inputs: SparkInputs, params: IngestParams, context: JobContext
) -> SparkRows:
    landing = inputs["landing/files"]
    files = newest_files((row.asDict() for row in landing.collect()), kinds)
    side = f"{key}_quarantine"
    schema = pa.unify_schemas([TABLES[key].schema, TABLES[side].schema])
    work = _work(landing.sparkSession, files, params.split_bytes)
    # both tables come from one reading of the files; the disk keeps it, since raw bytes grow with the rows
    rows = work.mapInArrow(_reader(interpret, schema, params.batch_rows), from_arrow_schema(schema)).persist(
        StorageLevel.DISK_ONLY
    )
    kept = _known_gone(_void_gone(rows), files, (key, side), context.before)
    return {
        key: _columns(kept.where(F.col("reason").isNull()), key),
        side: _columns(kept.where(F.col("reason").isNotNull()), side),
    }


def _work(spark: SparkSession, files: list[Row], size: int) -> DataFrame:
    """Files and splits of files, spread over the tasks that will read them."""
    whole = [file for file in files if not splittable(file, size)]
    big = [file for file in files if splittable(file, size)]
    work = spark.createDataFrame(pa.Table.from_pylist(whole, _SPLIT)).coalesce(1)
    if big:
        listed = spark.createDataFrame(pa.Table.from_pylist(big, _SPLIT)).coalesce(1).repartition(len(big))
        work = work.union(listed.mapInArrow(_splitter(size), from_arrow_schema(_SPLIT)))
    volume = sum(file["size"] or 0 for file in files)
    most = max(_TASKS_PER_CORE * spark.sparkContext.defaultParallelism, volume // _TASK_BYTES)
    return work.repartition(max(1, most if big else min(len(files), most)))


def _splitter(size: int) -> Batches:
    def split(listed: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in listed:
            for file in batch.to_pylist():
                yield pa.RecordBatch.from_pylist(splits(file, size), _SPLIT)

    return split


def _reader(interpret: Interpret, schema: pa.Schema, limit: int) -> Batches:
    def read(listed: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        files = (file for batch in listed for file in batch.to_pylist())
        return batches((row for file in files for row in file_rows(file, interpret)), schema, limit)

    return read


def _void_gone(rows: DataFrame) -> DataFrame:
    """Without the rows of files that turned out broken: what is left of such a file is the one row that says so."""
    told = rows.where("reason = 'unreadable_file'").select("uri").distinct().collect()
    if not told:
        return rows
    broken = [row["uri"] for row in told]
    sound = ~(F.col("uri").isin(broken) | _archive("uri").isin(broken))
    says_so = F.coalesce(F.col("reason") == "unreadable_file", F.lit(False))
    return rows.where(sound | says_so).dropDuplicates(["id"])


def _known_gone(rows: DataFrame, files: list[Row], tables: Iterable[str], before: Mapping[str, DataFrame]) -> DataFrame:
    """Without the rows that are in the tables already; only files that were registered before can have any."""
    if "landing/files" not in before:
        return rows
    known = {row["uri"] for row in before["landing/files"].select("uri").distinct().collect()}
    again = [{"uri": file["uri"]} for file in files if file["uri"] in known]
    if again:
        same = rows.sparkSession.createDataFrame(pa.Table.from_pylist(again, pa.schema([("uri", pa.string())])))
        for table in tables:
            old = before[table].select("id", _archive("uri").alias("uri")).join(F.broadcast(same), "uri", "left_semi")
            rows = rows.join(old.select("id"), "id", "left_anti")
    return rows


def _archive(column: str) -> Any:
    """The address of the registered file: without the name of the file inside it, if it is an archive."""
    return F.regexp_replace(column, MEMBER, "$1")


def _columns(rows: DataFrame, key: str) -> DataFrame:
    return rows.select(*TABLES[key].schema.names)
