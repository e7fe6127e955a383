"""Exact copies: records of the same exact key, and the best one of each such set.

Three records, of which two are the same. The first of them survives:

    >>> prints = pa.RecordBatch.from_pydict({"id": [f"rec_{number:024x}" for number in (1, 2, 3)], "survivor_rank": [5, 6, 7],
    ...     "exact": [b"A" * 16, b"A" * 16, b"B" * 16]})
    >>> removals = removals_of(pa.Table.from_batches([pack_exact_keys(prints, partitions=1)]))
    >>> [(row["removed_id"][-1], row["kept_id"][-1]) for row in removals.to_pylist()]
    [('2', '1')]
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from spark_jobs.columnar.packed_rows import (
    join_ids,
    pack,
    packed_schema,
    partition_of,
    split_ids,
    unpack,
    without_empty,
)
from spark_jobs.dedupe.survivor import PROTECTED, best_first

# an exact key has 128 bits: two numbers
_COLUMNS = "exact exact_low survivor_rank id_high id_low"


def exact_copies(prints: DataFrame, partitions: int) -> DataFrame:
    """removed_id and kept_id of every row that a better one is an exact copy of; protected rows are never removed.

    `prints` are rows of fingerprint.FINGERPRINT.
    """

    def to_partitions(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield without_empty(pack_exact_keys(batch, partitions))

    packed = prints.select("id", "survivor_rank", "exact").mapInArrow(to_partitions, packed_schema(_COLUMNS))
    return packed.groupBy("partition").applyInArrow(removals_of, "removed_id string, kept_id string")


def pack_exact_keys(prints: pa.RecordBatch, partitions: int) -> pa.RecordBatch:
    """The exact key, rank and id of each row, packed by the partition of its key: five columns of 8 bytes a row."""
    exact = unpack(prints, "exact").reshape(-1, 2)
    values = (exact[:, 0], exact[:, 1], prints["survivor_rank"].to_numpy(), *split_ids(prints["id"]))
    columns: dict[str, Any] = dict(zip(_COLUMNS.split(), values, strict=True))
    return pack(partition_of(exact[:, 0], partitions), partitions, columns)


def removals_of(packed: pa.Table) -> pa.Table:
    """removed_id and kept_id of one partition, from packed rows of `pack_exact_keys`."""
    columns = {name: unpack(packed, name) for name in _COLUMNS.split()}
    # sorted by key, the better row first: each set is a run of rows, and its first one survives
    best = best_first(columns["survivor_rank"], columns["id_high"], columns["id_low"])
    order = np.lexsort((*best, columns["exact_low"], columns["exact"]))
    exact, exact_low, rank, id_high, id_low = (column[order] for column in columns.values())
    opens = np.ones(len(order), np.bool_)
    opens[1:] = (exact[1:] != exact[:-1]) | (exact_low[1:] != exact_low[:-1])
    starts = np.flatnonzero(opens)
    survivor = np.repeat(starts, np.diff(starts, append=len(order)))
    # protected rows stay, even where two of them are the same
    removed = np.flatnonzero(~opens & (rank != PROTECTED))
    return pa.Table.from_pydict(
        {
            "removed_id": join_ids("rec", id_high[removed], id_low[removed]),
            "kept_id": join_ids("rec", id_high[survivor[removed]], id_low[survivor[removed]]),
        }
    )
