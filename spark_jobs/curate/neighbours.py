"""Nearest neighbours by cosine: exact inside coarse cells, and each row also looks into its next nearest cells.

Cells come from spherical k-means on a bounded sample. A neighbour across two cells that are not near each other is missed; one
crowded cell is slow (its work is quadratic) but takes no more memory than its rows: unlike the passes that make groups, this does
not split it. Vectors travel packed, and cosines are exact to 1e-4 (spark_jobs.columnar.vectors).
"""

from collections.abc import Iterator
from math import ceil

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from spark_jobs.columnar import vectors
from spark_jobs.columnar.vectors import Vectors
from texts.embed import vector_bytes as packing

_SAMPLE = 32_768
_MOST_CELLS = 4_096
_BLOCK = 1_024
_NEVER = np.iinfo(np.int64).min + 1
_VISIT = "cell bigint, home boolean, id string, vector binary"
_NEIGHBOUR = "id string, neighbour_id string, similarity double"


def train_cells(rows: DataFrame, rows_per_cell: int, salt: str = "cells") -> Vectors:
    """Centres for about `rows_per_cell` rows each, from a sample of bounded size chosen by hash of `id`; empty for no rows."""
    count = rows.count()
    sample = rows.orderBy(F.xxhash64(F.lit(salt), "id"), "id").limit(_SAMPLE).select("vector")
    cells = min(max(1, ceil(count / rows_per_cell)), _MOST_CELLS)
    return vectors.centroids(vectors.whole(packing.from_bytes(sample.toArrow()["vector"])), cells)


def in_cells(rows: DataFrame, centres: Vectors, visits: int = 1) -> DataFrame:
    """Each row (id, vector) in its nearest cell (`home`), and again in the next `visits` - 1 ones: cell, home, id, vector."""

    def place(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            if batch.num_rows:
                own = vectors.whole(packing.from_bytes(batch["vector"]))
                yield _placed(batch["id"], vectors.packed(own), vectors.nearest_cells(own, centres, visits))

    return rows.select("id", "vector").mapInArrow(place, _VISIT)


def nearest(
    rows: DataFrame, k: int, rows_per_cell: int = 2_000, visits: int = 3, sought: DataFrame | None = None
) -> DataFrame:
    """The `k` most similar other rows of each row: id, neighbour_id, similarity; ties go to the smaller id.

    `rows` has id and vector (unit norm). With `sought` (same columns), only these ids are looked up, among `rows`.
    """
    centres = train_cells(rows, rows_per_cell)
    homes = in_cells(rows, centres)
    seekers = in_cells(rows if sought is None else sought, centres, visits).withColumn("home", F.lit(False))

    def search(cell: pa.Table) -> pa.Table:
        return _search(cell, k)

    found = homes.unionByName(seekers).groupBy("cell").applyInArrow(search, _NEIGHBOUR)
    closest = Window.partitionBy("id").orderBy(F.desc("similarity"), "neighbour_id")
    return found.withColumn("place", F.row_number().over(closest)).where(F.col("place") <= k).drop("place")


def _placed(ids: pa.Array, packed: pa.Array, cells: NDArray[np.int64]) -> pa.RecordBatch:
    rows, count = cells.shape
    again = pa.array(np.repeat(np.arange(rows), count))
    home = np.tile(np.arange(count) == 0, rows)
    return pa.RecordBatch.from_arrays(
        [pa.array(cells.ravel()), pa.array(home), ids.take(again), packed.take(again)],
        names=["cell", "home", "id", "vector"],
    )


def _search(cell: pa.Table, k: int) -> pa.Table:
    """The k best homes for each seeker of one cell, without itself."""
    cell = cell.sort_by("id")
    home = cell["home"].to_numpy()
    homes, seekers = cell.filter(pa.array(home)), cell.filter(pa.array(~home))
    base, names = vectors.unpacked(homes["vector"]), homes["id"].to_numpy()
    parts = [
        _best(seekers.slice(start, _BLOCK), base, names, k)
        for start in range(0, seekers.num_rows if len(names) else 0, _BLOCK)
    ]
    return pa.concat_tables([_neighbours([], [], []), *parts])


def _best(seekers: pa.Table, base: Vectors, names: NDArray[np.object_], k: int) -> pa.Table:
    """The k best of `names` (ascending) for each seeker; one whole number ranks a pair: similarity first, then the smaller id."""
    ids, k = seekers["id"].to_numpy(), min(k, len(names))
    similar = (vectors.unpacked(seekers["vector"]) @ base.T).astype(np.int64)
    ranks = similar * len(names) - np.arange(len(names))
    place = np.minimum(np.searchsorted(names, ids), len(names) - 1)
    itself = names[place] == ids
    ranks[np.flatnonzero(itself), place[itself]] = _NEVER
    top = np.argpartition(-ranks, k - 1, axis=1)[:, :k]
    row = np.repeat(np.arange(len(ids)), k)
    real = ranks[row, top.ravel()] != _NEVER
    row, top = row[real], top.ravel()[real]
    return _neighbours(ids[row], names[top], (similar[row, top] / vectors.ONE).round(6))


def _neighbours(ids: object, others: object, similar: object) -> pa.Table:
    return pa.table(
        {
            "id": pa.array(ids, pa.string()),
            "neighbour_id": pa.array(others, pa.string()),
            "similarity": pa.array(similar, pa.float64()),
        }
    )
