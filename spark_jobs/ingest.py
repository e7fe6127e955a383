"""Raw files to bronze: every record of every registered file, with its bytes, its place and its shape; or why it has none.

Files are read on the executors, one after another within a task, in batches; the driver sees only the list of files.
A file is one task's work: big ones are not split yet.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa
from pydantic import Field
from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from lake.job import JobContext, Params, SparkInputs, SparkRows
from lake.tables import TABLES
from spark_jobs.raw_rows import Interpret, Row, file_rows
from spark_jobs.sources import detect, original_id
from spark_jobs.sources.passage import passage
from spark_jobs.sources.reference import truth
from spark_jobs.sources.turns import Record

_TASKS_PER_CORE = 4
_BATCH_BYTES = 8 * 2**20
_FILE = pa.schema([(name, pa.string()) for name in ("uri", "source", "licence", "kind", "sha256", "path")])


class IngestParams(Params):
    """How files are read."""

    batch_rows: int = Field(
        default=1000,
        ge=1,
        le=100_000,
        description="rows in one batch from a worker, at most; 8 MiB of raw bytes end it too",
    )


def instructions(inputs: SparkInputs, params: IngestParams, context: JobContext) -> SparkRows:
    """bronze/instructions and its quarantine, from the newest version of every file of kind `instructions`."""
    return _bronze("bronze/instructions", {"instructions"}, _instruction, inputs, params)


def passages(inputs: SparkInputs, params: IngestParams, context: JobContext) -> SparkRows:
    """bronze/passages and its quarantine, from the newest version of every file of kind `passages`."""
    return _bronze("bronze/passages", {"passages"}, _passage, inputs, params)


def references(inputs: SparkInputs, params: IngestParams, context: JobContext) -> SparkRows:
    """bronze/references and its quarantine, from files of kind `benchmark` (any question and answer) and `reference` (truths)."""
    return _bronze("bronze/references", {"benchmark", "reference"}, _reference, inputs, params)


def newest_files(registrations: Iterable[Mapping[str, Any]], kinds: set[str]) -> list[Row]:
    """The last registration of every address, if it is of one of these kinds, sorted by address."""
    newest: dict[str, Mapping[str, Any]] = {}
    for row in sorted(registrations, key=lambda row: (row["registered_at"], row["sha256"])):
        newest[row["uri"]] = row
    chosen = sorted((uri, row) for uri, row in newest.items() if row["kind"] in kinds)
    return [{name: row[name] for name in _FILE.names} for _, row in chosen]


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


def _bronze(key: str, kinds: set[str], interpret: Interpret, inputs: SparkInputs, params: IngestParams) -> SparkRows:
    landing = inputs["landing/files"]
    spark = landing.sparkSession
    files = newest_files((row.asDict() for row in landing.collect()), kinds)
    tasks = max(1, min(len(files), _TASKS_PER_CORE * spark.sparkContext.defaultParallelism))
    listed = spark.createDataFrame(pa.Table.from_pylist(files, _FILE)).coalesce(1).repartition(tasks)
    schema = pa.unify_schemas([TABLES[key].schema, TABLES[f"{key}_quarantine"].schema])
    # both tables come from one reading of the files; the disk keeps it, since raw bytes grow with the rows
    rows = listed.mapInArrow(_reader(interpret, schema, params.batch_rows), from_arrow_schema(schema)).persist(
        StorageLevel.DISK_ONLY
    )
    return {
        key: _columns(rows.where(F.col("reason").isNull()), key),
        f"{key}_quarantine": _columns(rows.where(F.col("reason").isNotNull()), f"{key}_quarantine"),
    }


def _reader(
    interpret: Interpret, schema: pa.Schema, limit: int
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        files = (file for batch in batches for file in batch.to_pylist())
        rows = (row for file in files for row in file_rows(file, interpret))
        for block in _blocks(rows, limit):
            yield pa.RecordBatch.from_pylist(block, schema)

    return read


def _blocks(rows: Iterator[Row], limit: int) -> Iterator[list[Row]]:
    block: list[Row] = []
    size = 0
    for row in rows:
        block.append(row)
        size += len(row["raw"])
        if len(block) >= limit or size >= _BATCH_BYTES:
            yield block
            block, size = [], 0
    if block:
        yield block


def _columns(rows: DataFrame, key: str) -> DataFrame:
    return rows.select(*TABLES[key].schema.names)
