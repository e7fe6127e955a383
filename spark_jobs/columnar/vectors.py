"""Vectors as whole numbers: packed for transport, multiplied exactly, divided into cells.

A component x of a unit row becomes round(x * SCALE). By the Cauchy-Schwarz inequality every partial sum of a product of two such
rows then stays below 2^24, so float32 holds it exactly: a product does not depend on the shape of the matrix, the order of the
terms or the machine, and results do not depend on batches or partitions. A cosine read from it is off by about 1e-4.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from texts.embed import vector_bytes as packing

Vectors = NDArray[np.float32]  # of whole numbers
Places = NDArray[np.int64]

SCALE = 4_000
ONE = float(SCALE * SCALE)  # the product of a unit row with itself
_WHOLE = "<i2"
_ROUNDS = 8
_BLOCK = 8_192


def whole(rows: NDArray[np.floating]) -> Vectors:
    """Unit rows in whole numbers."""
    return np.rint(rows * SCALE).astype(np.float32)


def packed(rows: Vectors) -> pa.Array:
    """Whole-number rows as a binary column, two bytes a component."""
    return packing.to_bytes(rows, _WHOLE)


def unpacked(column: pa.Array | pa.ChunkedArray) -> Vectors:
    """The rows of a column made by `packed`, which has no nulls; shape (rows, dimension)."""
    return packing.from_bytes(column, _WHOLE)


def unit(rows: NDArray[np.floating]) -> NDArray[np.floating]:
    """The rows at length one; a zero row stays zero."""
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)


def centroids(sample: Vectors, count: int) -> Vectors:
    """Centres of at most `count` cells by spherical k-means; the first centres are every n-th row of the sample."""
    count = min(count, len(sample))
    centres = sample[np.linspace(0, len(sample) - 1, count).astype(np.int64)]
    if count < 2:
        return centres
    for _ in range(_ROUNDS):
        nearest = _nearest(sample, centres)
        ordered = sample[np.argsort(nearest, kind="stable")]
        present, sizes = np.unique(nearest, return_counts=True)
        ends = np.cumsum(sizes)
        totals = [
            ordered[end - size : end].sum(axis=0, dtype=np.float64) for end, size in zip(ends, sizes, strict=True)
        ]
        centres[present] = whole(unit(np.stack(totals)))
    return centres


def _nearest(rows: Vectors, centres: Vectors) -> Places:
    parts = [(rows[start : start + _BLOCK] @ centres.T).argmax(axis=1) for start in range(0, len(rows), _BLOCK)]
    return np.concatenate([np.zeros(0, np.int64), *parts])


def nearest_cells(rows: Vectors, centres: Vectors, count: int) -> Places:
    """The `count` closest cells of each row, closest first; shape (rows, count)."""
    count = min(count, len(centres))
    similar = rows @ centres.T
    found = np.argpartition(-similar, count - 1, axis=1)[:, :count]
    order = np.lexsort((found, -np.take_along_axis(similar, found, axis=1)), axis=1)
    return np.take_along_axis(found, order, axis=1)


@dataclass(frozen=True)
class Cells:
    """A tree of two levels: a row goes to the nearest branch, there to the nearest leaf. Leaves are numbered branch by branch."""

    branches: Vectors
    leaves: tuple[Vectors, ...]

    @classmethod
    def one(cls) -> "Cells":
        """The one cell that holds every row."""
        return cls(np.zeros((1, 0), np.float32), (np.zeros((1, 0), np.float32),))

    def __len__(self) -> int:
        return sum(map(len, self.leaves))

    def place(self, rows: Vectors) -> Places:
        """The number of each row's cell."""
        cells = np.zeros(len(rows), np.int64)
        if len(self) < 2:
            return cells
        branch, first = _nearest(rows, self.branches), 0
        for number, leaves in enumerate(self.leaves):
            own = np.flatnonzero(branch == number)
            cells[own] = first + _nearest(rows[own], leaves)
            first += len(leaves)
        return cells


def cells(sample: Vectors, count: int) -> Cells:
    """About `count` cells: each branch gets leaves by its share of the sample. Placing a row costs 2 sqrt(count) products."""
    if count < 2 or len(sample) < 2:
        return Cells.one()
    branches = centroids(sample, ceil(sqrt(count)))
    branch = _nearest(sample, branches)
    below = [sample[branch == number] for number in range(len(branches))]
    share = count / len(sample)
    leaves = [
        centroids(rows, max(1, round(len(rows) * share))) if len(rows) else branches[number : number + 1]
        for number, rows in enumerate(below)
    ]
    return Cells(branches, tuple(leaves))


def bounded(rows: Vectors, places: Places, most: int) -> Iterator[Places]:
    """The places in parts of at most `most`, split where the rows differ most; rows that do not differ are cut by order."""
    if len(places) <= most:
        yield places
        return
    side = _nearest(rows[places], centroids(rows[places], 2))
    halves = [places[side == half] for half in (0, 1)]
    if min(map(len, halves)) < len(places) // 16:
        halves = [places[: len(places) // 2], places[len(places) // 2 :]]
    for half in halves:
        yield from bounded(rows, half, most)
