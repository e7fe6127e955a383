"""Raw files to bronze: every record of every registered file, with its bytes, its place and its shape; or why it has none.

    registrations -> newest version of each file -> tasks (files, and splits of big ones) -> rows, written by the workers
    -> without those that were taken back, which are never written again
    -> without the rows of files that turned out unreadable -> without those of files that wait (holding.py)
    -> without the rows that are published already; beside them, those that a changed file no longer has (merge.py)

Files are read on the executors, one after another within a task, in batches; the driver sees only the list of files. Big files of
lines are split, so that one file is the work of many tasks.

A run on what is new reads only files registered since, and those that could not be had when it was last tried; of a file that was read
before it adds only rows whose id is not there yet. Another licence, kind or map of fields makes a run on everything.
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from lake.errors import StageFailed
from lake.harness.job import JobContext, SparkInputs, SparkRows
from lake.storage.tombstones import TOMBSTONES, taken_back
from lake.tables import TABLES
from lake.tables.reasons import RETRIED
from lake.takeback.hashes import known_again
from spark_jobs.columnar.worker_files import Maker, written_by_workers
from spark_jobs.ingest.holding import Wait, readings, tallied, why_it_waits
from spark_jobs.ingest.interpreter import Interpret, Row
from spark_jobs.ingest.merge import as_before, merged
from spark_jobs.ingest.params import IngestParams, InstructionFiles, PassageFiles, ReferenceFiles
from spark_jobs.ingest.published import Earlier, Frames, file_of
from spark_jobs.ingest.raw_batches import batches
from spark_jobs.ingest.raw_rows import file_rows
from spark_jobs.ingest.sources import original_id, recognise
from spark_jobs.ingest.sources.doubts import two_readings
from spark_jobs.ingest.sources.examined import examined
from spark_jobs.ingest.sources.fields import Record
from spark_jobs.ingest.sources.messages import Turn
from spark_jobs.ingest.sources.passage import read_passage
from spark_jobs.ingest.sources.reference import read_truth
from spark_jobs.ingest.splits import split_file, splittable

_TASKS_PER_CORE = 4
_TASK_BYTES = 64 * 2**20  # of files, in a task of a large run
_NAMES = ("uri", "source", "licence", "kind", "sha256", "path", "fields")
_FILE = pa.schema([(name, pa.string()) for name in _NAMES] + [("size", pa.int64()), ("accepted", pa.bool_())])
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

BatchMap = Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]


def instructions(inputs: SparkInputs, params: IngestParams, context: JobContext) -> SparkRows:
    """bronze/instructions and its quarantine, from the newest version of every file of kind `instructions`."""
    return _bronze("bronze/instructions", InstructionFiles.kinds, instruction_columns, inputs, params, context)


def passages(inputs: SparkInputs, params: IngestParams, context: JobContext) -> SparkRows:
    """bronze/passages and its quarantine, from the newest version of every file of kind `passages`."""
    return _bronze("bronze/passages", PassageFiles.kinds, passage_columns, inputs, params, context)


def references(inputs: SparkInputs, params: IngestParams, context: JobContext) -> SparkRows:
    """bronze/references and its quarantine, from files of kind `benchmark` (any question and answer) and `reference` (truths)."""
    return _bronze("bronze/references", ReferenceFiles.kinds, reference_columns, inputs, params, context)


def instruction_columns(record: Record, kind: str) -> Row | None:
    """The columns of a record that has turns; None for any other."""
    read = recognise(record)
    return read and {"shape": read[0], "messages": read[1], **_doubt(record, _said(read[1]))}


def passage_columns(record: Record, kind: str) -> Row | None:
    """The columns of a record that has a text; None for any other."""
    read = read_passage(record)
    return read and {"title": read[0], "text": read[1], **_doubt(record, [read[1]])}


def reference_columns(record: Record, kind: str) -> Row | None:
    """The columns of a truth, or of a question and answer in a file of kind `benchmark`; None for any other record."""
    if kind == "reference":
        truth = read_truth(record)
        return truth and {"role": "truth", "name": truth.name, "text": truth.text, "facts": truth.facts}
    # whatever its owner says of an answer: its question is in the benchmark
    read = recognise(record, marked=False)
    if read is None:
        return None
    said = _said(read[1])
    columns = {"role": "benchmark", "name": original_id(record), "text": "\n".join(said), "facts": list[str]()}
    return {**columns, **examined(record, read[1]), **_doubt(record, said)}


def _said(turns: list[Turn]) -> list[str]:
    return [turn["content"] for turn in turns]


def _doubt(record: Record, said: list[str]) -> Row:
    """What is no column, and only counted: that the record can be read in two ways, as a sentence."""
    doubt = two_readings(record, said)
    return {} if doubt is None else {"doubt": doubt}


def newest_files(registrations: Iterable[Mapping[str, Any]], kinds: Set[str]) -> list[Row]:
    """The last registration of every address, if it is of one of these kinds, sorted by address."""
    newest: dict[str, Mapping[str, Any]] = {}
    # by hash as well: two registrations of one moment must not depend on the order of rows
    for row in sorted(registrations, key=lambda row: (row["registered_at"], row["sha256"])):
        newest[row["uri"]] = row
    chosen = sorted((uri, row) for uri, row in newest.items() if row["kind"] in kinds)
    return [{name: row.get(name) for name in _FILE.names} for _, row in chosen]


def _bronze(
    key: str, kinds: Set[str], interpret: Interpret, inputs: SparkInputs, params: IngestParams, context: JobContext
) -> SparkRows:
    landing = inputs["landing/files"]
    earlier = Earlier(landing.sparkSession, context, key)
    files = _files_to_read(landing, kinds, earlier)
    if earlier.grows and not files:  # what was registered is for other tables
        return as_before(earlier)
    pending = f"{key}_pending"
    tasks = _read_tasks(landing.sparkSession, files, params.split_bytes)
    # computed here, once: what follows only leaves rows out
    lake = context.lake
    reader = _reader(interpret, earlier.read, pending, params.batch_rows, (lake.root, lake.version(TOMBSTONES)))
    made = written_by_workers(tasks, reader, (*earlier.read, pending), context)
    counted = readings(row.asDict() for row in made.pop(pending).collect())
    again = earlier.again(files)
    before = earlier.before(again)
    found = (why_it_waits(file, counted[file["uri"]], before.get(file["uri"], 0), params) for file in files)
    waits = {wait.file["uri"]: wait for wait in found if wait}
    _check_any_was_read(key, files, waits, earlier)
    return merged(earlier, _without_unreadable_files(made, earlier.read[1]), again, waits, counted, context)


def _check_any_was_read(key: str, files: list[Row], waits: Mapping[str, Wait], earlier: Earlier) -> None:
    """Raises StageFailed where no file could be had, and none ever was: an empty table would say that there is nothing."""
    unread = [wait for wait in waits.values() if wait.reason in RETRIED]
    if files and len(unread) == len(files) and earlier.empty:
        which = "its only file" if len(files) == 1 else f"any of its {len(files):,} files, such as the first"
        raise StageFailed(f"{key} cannot read {which}: {unread[0].detail}")


def _files_to_read(landing: DataFrame, kinds: Set[str], earlier: Earlier) -> list[Row]:
    """The newest registrations of files that the run is given, and of those that could not be had when it was last tried."""
    given = [row.asDict() for row in landing.collect()]
    wanted = {row["uri"] for row in given} | {row["uri"] for row in earlier.pending if row["reason"] in RETRIED}
    return [file for file in newest_files([*earlier.registrations, *given], kinds) if file["uri"] in wanted]


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


def _reader(
    interpret: Interpret, tables: tuple[str, str], pending: str, batch_rows: int, tombstones: tuple[str, int | None]
) -> Maker:
    """What a worker does with its files: gives batches of rows, each with the table that it is for, and what it counted of each file.

    tombstones: the lake, and the version of what was taken back of it; each worker reads it once.
    """
    bronze, quarantine = tables
    schema = pa.unify_schemas([TABLES[key].schema for key in tables])

    def read(tasks: Iterator[pa.RecordBatch]) -> Iterator[tuple[str, pa.RecordBatch]]:
        tallies: list[Row] = []
        files = (file for batch in tasks for file in batch.to_pylist())
        rows = (row for file in files for row in tallied(file, file_rows(file, interpret), tallies))
        taken = taken_back(*tombstones)
        for read_rows in batches(rows, schema, batch_rows):
            batch = read_rows.filter(pc.invert(known_again(read_rows, taken))) if taken else read_rows
            readable = pc.is_null(batch["reason"])
            yield bronze, batch.filter(readable)
            yield quarantine, batch.filter(pc.invert(readable))
        yield pending, pa.RecordBatch.from_pylist(tallies, TABLES[pending].schema)

    return read


def _without_unreadable_files(rows: Frames, quarantine: str) -> Frames:
    """The rows without those of files that turned out unreadable; of such a file the one quarantined row that says so is left."""
    faults = rows[quarantine].where("reason = 'unreadable_file'")
    unreadable = [row["uri"] for row in faults.select("uri").distinct().collect()]
    if not unreadable:
        return rows
    # of a broken archive the rows of all members go, of a broken member only its own
    readable = ~(F.col("uri").isin(unreadable) | file_of("uri").isin(unreadable))
    left = {key: frame.where(readable) for key, frame in rows.items()}
    # every split of a file that changed says so, under the same id
    return left | {quarantine: left[quarantine].unionByName(faults.dropDuplicates(["id"]))}
