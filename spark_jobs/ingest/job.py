"""Raw files to bronze: every record of every registered file, with its bytes, its place and its shape; or why it has none.

Files are read on the executors, one after another within a task, in batches; the driver sees only the list of files. Big files of
lines are split, so that one file is the work of many tasks.

On what is new, only files registered since are read, and of a file that was read before only rows whose id is not there yet: what
a file no longer holds, or holds under another licence, kind or map of fields, changes in a run on everything.
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
from spark_jobs.columnar.worker_files import Maker, kept
from spark_jobs.ingest.raw_batches import batches
from spark_jobs.ingest.raw_rows import Interpret, Row, file_rows
from spark_jobs.ingest.sources import detect, original_id
from spark_jobs.ingest.sources.passage import passage
from spark_jobs.ingest.sources.reference import truth
from spark_jobs.ingest.sources.turns import Record
from spark_jobs.ingest.splits import splits, splittable

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
    work = _work(landing.sparkSession, files, params.split_bytes)
    rows = kept(work, _reader(interpret, (key, side), params.batch_rows), (key, side), context)
    return _known_gone(_void_gone(rows, side), files, context.before)


def _work(spark: SparkSession, files: list[Row], size: int) -> DataFrame:
    """Files, and splits of files behind them: tasks of like size come last, so that cores are done at about the same time."""
    volume = sum(file["size"] or 0 for file in files)
    most = max(_TASKS_PER_CORE * spark.sparkContext.defaultParallelism, volume // _TASK_BYTES)
    whole = [file for file in files if not splittable(file, size)]
    big = [file for file in files if splittable(file, size)]
    work = _listed(spark, whole).repartition(max(1, min(len(whole), most)))
    if not big:
        return work
    splits = _listed(spark, big).repartition(len(big)).mapInArrow(_splitter(size), from_arrow_schema(_SPLIT))
    return work.union(splits.repartition(most))


def _listed(spark: SparkSession, files: list[Row]) -> DataFrame:
    return spark.createDataFrame(pa.Table.from_pylist(files, _SPLIT)).coalesce(1)


def _splitter(size: int) -> Batches:
    def split(listed: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in listed:
            for file in batch.to_pylist():
                yield pa.RecordBatch.from_pylist(splits(file, size), _SPLIT)

    return split


def _reader(interpret: Interpret, keys: tuple[str, str], limit: int) -> Maker:
    schema = pa.unify_schemas([TABLES[key].schema for key in keys])

    def read(listed: Iterator[pa.RecordBatch]) -> Iterator[tuple[str, pa.RecordBatch]]:
        files = (file for batch in listed for file in batch.to_pylist())
        for batch in batches((row for file in files for row in file_rows(file, interpret)), schema, limit):
            sound = pc.is_null(batch["reason"])
            yield keys[0], batch.filter(sound)
            yield keys[1], batch.filter(pc.invert(sound))

    return read


def _void_gone(rows: Frames, side: str) -> Frames:
    """Without the rows of files that turned out broken: what is left of such a file is the one row that says so, in `side`."""
    told = rows[side].where("reason = 'unreadable_file'").select("uri").distinct().collect()
    if not told:
        return rows
    broken = [row["uri"] for row in told]
    sound = ~(F.col("uri").isin(broken) | _archive("uri").isin(broken))
    left = {key: frame.where(sound) for key, frame in rows.items()}
    says_so = rows[side].where("reason = 'unreadable_file'").dropDuplicates(["id"])
    return left | {side: left[side].unionByName(says_so)}


def _known_gone(rows: Frames, files: list[Row], before: Mapping[str, DataFrame]) -> Frames:
    """Without the rows that are in the tables already; only files that were registered before can have any."""
    if "landing/files" not in before:
        return rows
    known = {row["uri"] for row in before["landing/files"].select("uri").distinct().collect()}
    again = [{"uri": file["uri"]} for file in files if file["uri"] in known]
    if not again:
        return rows
    some = next(iter(rows.values())).sparkSession
    same = F.broadcast(some.createDataFrame(pa.Table.from_pylist(again, pa.schema([("uri", pa.string())]))))
    for table in rows:
        old = before[table].select("id", _archive("uri").alias("uri")).join(same, "uri", "left_semi").select("id")
        rows = {key: frame.join(old, "id", "left_anti") for key, frame in rows.items()}
    return rows


def _archive(column: str) -> Any:
    """The address of the registered file: without the name of the file inside it, if it is an archive."""
    return F.regexp_replace(column, MEMBER, "$1")
