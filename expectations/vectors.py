"""The dimensions and lengths of the vectors of a column."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds

from expectations.frames import pc, table
from lake.engines.batches import read_batches
from texts.embed.vector_bytes import from_bytes

_COMPONENT = 4  # bytes
COLUMNS = ("dimension", "vectors", "shortest", "longest")


def vector_shapes(rows: ds.Dataset, column: str) -> ds.Dataset:
    """For each `dimension`: how many `vectors`, and the least and greatest norm (`shortest`, `longest`). A null is no vector.

    Bytes that are no whole number of components have the norm 0, so that no unit length passes.
    """
    found: dict[int, tuple[int, float, float]] = {}
    for batch in read_batches(rows, [column]):
        values: Any = batch.column(0).drop_null()
        sizes = pc.binary_length(values).to_numpy(zero_copy_only=False)
        for size in np.unique(sizes).tolist():
            chosen = sizes == size
            norms = _norms(values if chosen.all() else values.filter(pa.array(chosen)), size)
            count, shortest, longest = found.get(size // _COMPONENT, (0, np.inf, -np.inf))
            found[size // _COMPONENT] = (
                count + len(norms), min(shortest, float(norms.min())), max(longest, float(norms.max()))
            )  # fmt: skip
    return table([(dimension, *shape) for dimension, shape in sorted(found.items())], COLUMNS)


def _norms(vectors: pa.Array, size: int) -> Any:
    """The norm of each vector of `size` bytes: float, (vectors,); infinite where a component is no number."""
    if size == 0 or size % _COMPONENT:
        return np.zeros(len(vectors))
    rows = from_bytes(vectors)
    # numpy's norm makes two arrays of the size of all rows on its way
    return np.nan_to_num(np.sqrt(np.einsum("ij,ij->i", rows, rows)), nan=np.inf)
