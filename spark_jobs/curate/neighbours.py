"""The k nearest neighbours by cosine: an inverted file in which each row also looks into its next nearest cells.

Every row is an entry of its nearest cell and a query in the `probes` nearest ones; inside a cell the search is exact. A neighbour
whose cell is not probed is missed. A crowded cell is slow, its work being quadratic, but takes no more memory than its rows: unlike
grouping, this does not split it.
"""

from collections.abc import Iterator
from math import ceil

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.window import Window

from spark_jobs.columnar.cells import SAMPLE_ROWS, Cells, train_cells
from spark_jobs.columnar.vectors import COSINE_ONE, Positions, ScaledVectors, from_int16_bytes

_BLOCK = 1_024  # queries compared at a time: bounds the memory of their products with all entries
_ITSELF = np.iinfo(np.int64).min + 1  # a rank below that of any other pair, whose negative still is an int64
_PLACED = "cell bigint, id string, vector binary"
_PAIR = pa.schema([("id", pa.string()), ("neighbour_id", pa.string()), ("similarity", pa.float64())])

Ids = NDArray[np.object_]  # shape (rows,)


def nearest_neighbours(rows: DataFrame, k: int, rows_per_cell: int = 2_000, probes: int = 3) -> DataFrame:
    """The `k` most similar other rows of each row: id, neighbour_id, similarity (cosine); ties go to the smaller id.

    `rows` has id and vector in int16 bytes (spark_jobs.columnar.vectors).
    """
    count = rows.count()
    # One level of centroids, because a query asks for the nearest of all cells. The rows are a bounded sample already, so training
    # may look at many of them and need not thin them.
    cells = train_cells(
        rows, count, ceil(count / rows_per_cell), "cells", levels=1, sample_per_cell=SAMPLE_ROWS, thin=False
    )
    entries = in_cells(rows, cells, 1).withColumn("entry", F.lit(True))
    queries = in_cells(rows, cells, probes).withColumn("entry", F.lit(False))

    def search(cell: pa.Table) -> pa.Table:
        return search_cell(cell, k)

    pairs = entries.unionByName(queries).groupBy("cell").applyInArrow(search, from_arrow_schema(_PAIR))
    nearest_first = Window.partitionBy("id").orderBy(F.desc("similarity"), "neighbour_id")
    return pairs.withColumn("rank", F.row_number().over(nearest_first)).where(F.col("rank") <= k).drop("rank")


def in_cells(rows: DataFrame, cells: Cells, count: int) -> DataFrame:
    """Each row once for each of its `count` nearest cells: cell, id, vector."""

    def place(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            if batch.num_rows:
                numbers = cells.nearest(from_int16_bytes(batch["vector"]), count)
                copies = pa.array(np.repeat(np.arange(len(numbers)), numbers.shape[1]))
                columns = [pa.array(numbers.ravel()), batch["id"].take(copies), batch["vector"].take(copies)]
                yield pa.RecordBatch.from_arrays(columns, names=["cell", "id", "vector"])

    return rows.select("id", "vector").mapInArrow(place, _PLACED)


def search_cell(cell: pa.Table, k: int) -> pa.Table:
    """For each query of one cell (id, vector, entry) its `k` best among the entries: id, neighbour_id, similarity."""
    cell = cell.sort_by("id")
    is_entry = cell["entry"].to_numpy()
    entries, queries = cell.filter(pa.array(is_entry)), cell.filter(pa.array(~is_entry))
    entry_ids, entry_vectors = entries["id"].to_numpy(), from_int16_bytes(entries["vector"])
    parts = [_PAIR.empty_table()]
    for start in range(0, queries.num_rows if len(entry_ids) else 0, _BLOCK):
        block = queries.slice(start, _BLOCK)
        ids = block["id"].to_numpy()
        query, entry, cosine = top_k(ids, from_int16_bytes(block["vector"]), entry_ids, entry_vectors, k)
        parts.append(pa.table([ids[query], entry_ids[entry], cosine], schema=_PAIR))
    return pa.concat_tables(parts)


def top_k(
    ids: Ids, vectors: ScaledVectors, entry_ids: Ids, entry_vectors: ScaledVectors, k: int
) -> tuple[Positions, Positions, NDArray[np.float64]]:
    """The best `k` entries of each query, itself left out: positions of queries, positions of entries, cosines; a pair each.

    entry_ids ascending; ids: shape (queries,). Ties go to the smaller id. Among three rows each finds its nearest other one:

    >>> from spark_jobs.columnar.vectors import scaled
    >>> ids, vectors = np.array(["a", "b", "c"], object), scaled(np.array([[1, 0], [0.8, 0.6], [0, 1]]))
    >>> query, entry, cosine = top_k(ids, vectors, ids, vectors, k=1)
    >>> ids[query].tolist(), ids[entry].tolist(), cosine.tolist()
    (['a', 'b', 'c'], ['b', 'a', 'b'], [0.8, 0.8, 0.6])
    """
    k = min(k, len(entry_ids))
    products = (vectors @ entry_vectors.T).astype(np.int64)
    # one whole number ranks a pair: the product first, then the smaller id, since positions are below their count
    ranks = products * len(entry_ids) - np.arange(len(entry_ids))
    position = np.minimum(np.searchsorted(entry_ids, ids), len(entry_ids) - 1)
    itself = entry_ids[position] == ids
    ranks[np.flatnonzero(itself), position[itself]] = _ITSELF
    best = np.argpartition(-ranks, k - 1, axis=1)[:, :k].ravel()
    query = np.repeat(np.arange(len(ids)), k)
    other = ranks[query, best] != _ITSELF
    query, best = query[other], best[other]
    return query, best, (products[query, best] / COSINE_ONE).round(6)
