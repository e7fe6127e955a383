"""Rows brought together by a column: one row for each of its values, in partitions that fit in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds

from expectations.frames import Computed, pc
from lake.engines.batches import read_batches
from lake.engines.keys import fingerprints

ROWS_IN_MEMORY = 1_000_000  # of one partition: about 200 MB with the columns of groups


def summary(
    rows: ds.Dataset,
    by: str,
    distinct: Sequence[str] = (),
    largest: Sequence[str] = (),
    where: ds.Expression | None = None,
    limit: int = ROWS_IN_MEMORY,
) -> Computed:
    """For each value of `by`: `rows`, how many different values each column of `distinct` has, and the greatest of each of `largest`
    as `largest_<name>`.

    A null of `distinct` counts as a value: two licences, one of them unstated, are two. Rows whose `by` is null are left out.
    Rows are read once for every `limit` of them.
    """

    def read() -> Iterator[pa.RecordBatch]:
        partitions = max(1, ceil(rows.count_rows(filter=where) / limit))
        columns = list(dict.fromkeys([by, *distinct, *largest]))
        for number in range(partitions):
            found = (_of_partition(batch, number, partitions) for batch in read_batches(rows, columns, where))
            # equal rows of a batch become one at once: a few models or arms may have millions of rows
            parts = [part.group_by([by, *distinct], use_threads=False).aggregate(counted) for part in found]
            if parts:
                whole = pa.concat_tables(parts).group_by(by, use_threads=False).aggregate(summed)
                yield from whole.rename_columns(names).to_batches()

    names = [by, "rows", *distinct, *(f"largest_{name}" for name in largest)]
    counted: list[Any] = [([], "count_all"), *((name, "max") for name in largest)]
    every = pc.CountOptions(mode="all")
    summed: list[Any] = [
        ("count_all", "sum"),
        *((name, "count_distinct", every) for name in distinct),
        *((f"{name}_max", "max") for name in largest),
    ]
    return Computed(tuple(names), read)


def _of_partition(batch: pa.RecordBatch, number: int, partitions: int) -> pa.Table:
    """The rows whose first column belongs to one of the partitions."""
    keys = batch.column(0)
    chosen = fingerprints(keys)[:, 1] % np.uint64(partitions) == number
    return pa.Table.from_batches([batch]).filter(pc.and_(pa.array(chosen), keys.is_valid()))
