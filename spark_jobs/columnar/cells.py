"""Cells of similar rows, an inverted file: every row is listed under its nearest centroid and compared with rows of its cell only.

So the work of a search grows with rows times rows per cell, not with the square of the rows. Centroids come from spherical k-means
on a bounded sample, which is all that the driver holds. The stages that compare vectors all train their cells here.

Three rows and two cells. The centroids start as the first row and the last; the second row is nearer to the first:

>>> rows = scaled(np.array([[1, 0], [0.8, 0.6], [0, 1]]))
>>> cells = build_cells(rows, 2, levels=1)
>>> cells.assign(rows)
array([0, 0, 1])
>>> cells.nearest(rows, 2)
array([[0, 1],
       [0, 1],
       [1, 0]])
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.columnar.vectors import Positions, ScaledVectors, from_int16_bytes, scaled, unit

SAMPLE_ROWS = 32_768  # most rows that cells are trained on
_SAMPLE_PER_CELL = 128
_MOST_CELLS = 4_096  # beyond, cells grow crowded instead of training growing long
_ROUNDS = 8
_BLOCK = 8_192  # rows multiplied at a time: bounds the memory of their products with all centroids


@dataclass(frozen=True)
class Cells:
    """A tree of two levels of centroids. Cells are the leaves, numbered branch by branch; a flat inverted file has one branch.

    branches: shape (branches, dimension). leaves: for each branch the centroids of its cells, shape (cells, dimension).
    """

    branches: ScaledVectors
    leaves: tuple[ScaledVectors, ...]

    @classmethod
    def flat(cls, centroids: ScaledVectors) -> "Cells":
        """One level: a cell for each centroid."""
        return cls(np.zeros((1, centroids.shape[1]), np.float32), (centroids,))

    @classmethod
    def single(cls) -> "Cells":
        """The one cell that holds every row."""
        return cls.flat(np.zeros((1, 0), np.float32))

    def __len__(self) -> int:
        return sum(map(len, self.leaves))

    def assign(self, rows: ScaledVectors) -> Positions:
        """The number of each row's cell, shape (rows,): the nearest leaf of the nearest branch."""
        cells = np.zeros(len(rows), np.int64)
        if len(self) < 2:
            return cells
        branch, first = _nearest(rows, self.branches), 0
        for number, leaves in enumerate(self.leaves):
            own = np.flatnonzero(branch == number)
            cells[own] = first + _nearest(rows[own], leaves)
            first += len(leaves)
        return cells

    def nearest(self, rows: ScaledVectors, count: int) -> Positions:
        """The `count` cells with the nearest centroids, whatever their branch, nearest first; shape (rows, count)."""
        if len(self) < 2:
            return np.zeros((len(rows), 1), np.int64)
        count = min(count, len(self))
        products = rows @ np.concatenate(self.leaves).T
        found = np.argpartition(-products, count - 1, axis=1)[:, :count]
        order = np.lexsort((found, -np.take_along_axis(products, found, axis=1)), axis=1)
        return np.take_along_axis(found, order, axis=1)


def train_cells(
    rows: DataFrame,
    count: int,
    wanted: int,
    salt: str,
    *,
    levels: int = 2,
    sample_per_cell: int = _SAMPLE_PER_CELL,
    thin: bool = True,
) -> Cells:
    """About `wanted` cells, at most 4,096, for the `count` rows (id, vector in int16 bytes).

    They are trained on `sample_per_cell` rows for each cell, at most SAMPLE_ROWS. `salt` varies which rows these are, and so
    where the cells cut. `levels` as in `build_cells`, `thin` as in `sample_vectors`.
    """
    wanted = min(wanted, _MOST_CELLS)
    if wanted < 2:
        return Cells.single()
    size = min(SAMPLE_ROWS, sample_per_cell * wanted)
    return build_cells(sample_vectors(rows, count, size, salt, thin=thin), wanted, levels)


def sample_vectors(rows: DataFrame, count: int, most: int, salt: str, *, thin: bool = True) -> ScaledVectors:
    """The vectors of at most `most` of the `count` rows, those with the smallest hash of `salt` and `id`; shape (rows, dimension).

    The same rows in any order and any partitions. `thin` first drops, by the same hash, all but about 2 * `most` rows, so that
    few are sorted; it draws other rows than without.
    """
    place = F.xxhash64(F.lit(salt), "id")
    some = rows.where(F.pmod(place, F.lit(count)) < 2 * most) if thin and count > most else rows
    return from_int16_bytes(some.orderBy(place, "id").limit(most).select("vector").toArrow()["vector"])


def build_cells(sample: ScaledVectors, wanted: int, levels: int = 2) -> Cells:
    """About `wanted` cells of a sample, shape (rows, dimension), in one level of centroids or two.

    With two, a branch gets cells by its share of the sample, and assigning a row costs 2 sqrt(wanted) products instead of `wanted`.
    """
    if wanted < 2 or len(sample) < 2:
        return Cells.single()
    if levels == 1:
        return Cells.flat(spherical_kmeans(sample, wanted))
    branches = spherical_kmeans(sample, ceil(sqrt(wanted)))
    branch = _nearest(sample, branches)
    below = [sample[branch == number] for number in range(len(branches))]
    share = wanted / len(sample)
    leaves = [
        spherical_kmeans(rows, max(1, round(len(rows) * share))) if len(rows) else branches[number : number + 1]
        for number, rows in enumerate(below)
    ]
    return Cells(branches, tuple(leaves))


def spherical_kmeans(sample: ScaledVectors, count: int) -> ScaledVectors:
    """At most `count` centroids of the sample, shape (count, dimension), of unit length; they start as every n-th of its rows."""
    count = min(count, len(sample))
    centroids = sample[np.linspace(0, len(sample) - 1, count).astype(np.int64)]
    if count < 2:
        return centroids
    for _ in range(_ROUNDS):
        nearest = _nearest(sample, centroids)
        ordered = sample[np.argsort(nearest, kind="stable")]
        present, sizes = np.unique(nearest, return_counts=True)  # a centroid that lost all its rows stays where it is
        ends = np.cumsum(sizes)
        # float64: the sum of a cell's whole numbers may exceed what float32 holds exactly
        totals = [
            ordered[end - size : end].sum(axis=0, dtype=np.float64) for end, size in zip(ends, sizes, strict=True)
        ]
        centroids[present] = scaled(unit(np.stack(totals)))
    return centroids


def split_crowded(rows: ScaledVectors, positions: Positions, most: int) -> Iterator[Positions]:
    """The positions in parts of at most `most`, halved where their rows differ most; rows that do not differ are cut by order."""
    if len(positions) <= most:
        yield positions
        return
    side = _nearest(rows[positions], spherical_kmeans(rows[positions], 2))
    halves = [positions[side == half] for half in (0, 1)]
    if min(map(len, halves)) < len(positions) // 16:  # splitting off a few rows at a time would take as many rounds
        halves = [positions[: len(positions) // 2], positions[len(positions) // 2 :]]
    for half in halves:
        yield from split_crowded(rows, half, most)


def _nearest(rows: ScaledVectors, centroids: ScaledVectors) -> Positions:
    parts = [(rows[start : start + _BLOCK] @ centroids.T).argmax(axis=1) for start in range(0, len(rows), _BLOCK)]
    return np.concatenate([np.zeros(0, np.int64), *parts])
