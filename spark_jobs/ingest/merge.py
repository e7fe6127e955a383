"""What a run of a stage that reads files leaves in its tables, of the rows that it read and those that were there before.

A run on what is new adds the rows whose ids are not there yet, and names those that their changed files no longer have. A run on
everything puts what it read in the place of what was there. In both, nothing new of a file that waits is published, and what was
published of it stays.
"""

from collections.abc import Collection, Mapping

import pyarrow as pa
from pyspark.sql import DataFrame

from lake.harness.job import JobContext, SparkRows
from lake.storage.report import WITHDRAWN
from lake.tables import TABLES
from spark_jobs.ingest.holding import Reading, Wait, waiting_row
from spark_jobs.ingest.published import Earlier, Frames, counts_by_file, declared, of_files, union


def as_before(earlier: Earlier) -> SparkRows:
    """Every table of the stage where a run on what is new finds no file to read."""
    nothing = {table: TABLES[table].schema.empty_table() for table in earlier.read}
    pending = f"{earlier.key}_pending"
    return {**nothing, pending: declared(pending, earlier.pending), f"{earlier.key}_withdrawn": earlier.withdrawn}


def merged(
    earlier: Earlier, rows: Frames, again: Collection[str], waits: Mapping[str, Wait], counted: Mapping[str, Reading],
    context: JobContext,
) -> SparkRows:  # fmt: skip
    """Every table of the stage. again: the files that were read before; waits and counted: by file."""
    ready = {key: of_files(frame, waits, without=True) for key, frame in rows.items()} if waits else rows
    if earlier.grows:
        found, withdrawn = _added(earlier, ready, set(again) - set(waits), context)
        there = earlier.ids(set(again) & set(waits))
    else:
        found, withdrawn, there = _replaced(earlier, ready, waits)
    held = [
        of_files(frame.select("id", "uri"), waits).join(there.select("id"), "id", "left_anti")
        for frame in rows.values()
    ]
    unpublished = counts_by_file(held) if waits else {}
    waiting = [waiting_row(wait, unpublished.get(uri, 0), counted[uri]) for uri, wait in waits.items()]
    still = [row for row in earlier.pending if earlier.grows and row["uri"] not in counted]
    return {
        **found,
        f"{earlier.key}_pending": declared(f"{earlier.key}_pending", [*still, *waiting]),
        f"{earlier.key}_withdrawn": withdrawn,
    }


def _added(earlier: Earlier, ready: Frames, again: Collection[str], context: JobContext) -> tuple[Frames, DataFrame]:
    """The rows that are not published yet, and all withdrawn ones; only files that were read before can have any of either."""
    if not again:
        return ready, earlier.withdrawn
    known = earlier.ids(again)
    # a record that was quarantined once may be readable now, so both tables are joined with the published rows of both
    found = {key: frame.join(known.select("id"), "id", "left_anti") for key, frame in ready.items()}
    gone = known.join(union(frame.select("id") for frame in ready.values()), "id", "left_anti")
    fresh = gone.join(earlier.withdrawn.select("id"), "id", "left_anti").groupBy("source").count().collect()
    context.metrics.update({f"{WITHDRAWN}{row['source']}": float(row["count"]) for row in fresh})
    return found, of_files(earlier.withdrawn, again, without=True).unionByName(gone)


def _replaced(
    earlier: Earlier, ready: Frames, waits: Mapping[str, Wait]
) -> tuple[Frames, DataFrame | pa.Table, DataFrame]:
    """The rows with those that files that wait had when they were last read, the withdrawn among these, and the ids of these."""
    kept = {table: earlier.kept(table, [wait.file for wait in waits.values()]) for table in earlier.read}
    ids = union(frame.select("id") for frame in kept.values())
    if not waits:
        return ready, declared(f"{earlier.key}_withdrawn", []), ids
    found = {table: frame.unionByName(kept[table]) for table, frame in ready.items()}
    return found, earlier.withdrawn.join(ids, "id", "left_semi"), ids
