"""Vectors in numpy: Arrow lists to rows, spherical k-means, and cells of bounded size."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
_ROUNDS = 8


def rows_of(lists: pa.Array | pa.ChunkedArray) -> Vectors:
    """A list column as an array of shape (rows, dimension)."""
    whole = lists.combine_chunks() if isinstance(lists, pa.ChunkedArray) else lists
    flat = whole.flatten().to_numpy(zero_copy_only=False).astype(np.float32, copy=False)
    return flat.reshape(len(whole), -1) if len(whole) else np.zeros((0, 0), np.float32)


def unit(rows: Vectors) -> Vectors:
    """The rows at length one; a zero row stays zero."""
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)


def centroids(sample: Vectors, count: int) -> Vectors:
    """Unit centres of at most `count` cells by spherical k-means; the first centres are every n-th row of the sample."""
    count = min(count, len(sample))
    centres = sample[np.linspace(0, len(sample) - 1, count).astype(np.int64)]
    if count < 2:
        return centres
    for _ in range(_ROUNDS):
        nearest = np.concatenate([(part @ centres.T).argmax(axis=1) for part in _parts(sample)])
        order = np.argsort(nearest, kind="stable")
        present, starts = np.unique(nearest[order], return_index=True)
        centres[present] = unit(np.add.reduceat(sample[order], starts, axis=0))
    return centres


def nearest_cells(rows: Vectors, centres: Vectors, count: int) -> NDArray[np.int64]:
    """The `count` closest cells of each row, closest first; shape (rows, count)."""
    count = min(count, len(centres))
    similar = rows @ centres.T
    found = np.argpartition(-similar, count - 1, axis=1)[:, :count]
    order = np.lexsort((found, -np.take_along_axis(similar, found, axis=1)), axis=1)
    return np.take_along_axis(found, order, axis=1)


def bounded(rows: Vectors, places: NDArray[np.int64], most: int) -> Iterator[NDArray[np.int64]]:
    """The places in parts of at most `most`, split where the rows differ most; rows that do not differ are cut by order."""
    if len(places) <= most:
        yield places
        return
    centres = centroids(rows[places], 2)
    side = nearest_cells(rows[places], centres, 1)[:, 0]
    halves = [places[side == half] for half in (0, 1)]
    if min(map(len, halves)) < len(places) // 16:
        halves = [places[: len(places) // 2], places[len(places) // 2 :]]
    for half in halves:
        yield from bounded(rows, half, most)


def _parts(rows: Vectors) -> Iterator[Vectors]:
    for start in range(0, len(rows), 8192):
        yield rows[start : start + 8192]
