"""Unit vectors in whole numbers: their products are exact, so no result depends on batches, on partitions or on the machine.

A component x of a unit row becomes round(x * SCALE). By the Cauchy-Schwarz inequality every partial sum of a product of two such
rows stays below 2^24, and float32 holds every whole number up to there: the shape of the matrix and the order of the terms no
longer matter. A cosine read from such a product is off by about 1e-4.

Three rows in, the products of every two of them out, as cosines:

>>> rows = scaled(np.array([[1, 0], [0.8, 0.6], [0, 1]]))
>>> rows
array([[4000.,    0.],
       [3200., 2400.],
       [   0., 4000.]], dtype=float32)
>>> (rows @ rows.T) / COSINE_ONE
array([[1. , 0.8, 0. ],
       [0.8, 1. , 0.6],
       [0. , 0.6, 1. ]], dtype=float32)
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame

from texts.embed import vector_bytes

ScaledVectors = NDArray[np.float32]  # shape (rows, dimension), whole numbers: what `scaled` gives
Products = NDArray[np.float32]  # shape (rows, other rows), whole numbers: a cosine times COSINE_ONE
Positions = NDArray[np.int64]  # shape (n,): row numbers, counted from 0

SCALE = 4_000
COSINE_ONE = float(SCALE * SCALE)  # the product of a unit row with itself
_INT16 = "<i2"  # components are at most SCALE, so two bytes hold one


def scaled(rows: NDArray[np.floating]) -> ScaledVectors:
    """Unit rows, shape (rows, dimension), times SCALE and rounded; kept in float32, where matrix products are fast."""
    return np.rint(rows * SCALE).astype(np.float32)


def unit(rows: NDArray[np.floating]) -> NDArray[np.floating]:
    """The rows, shape (..., dimension), at length one; a zero row stays zero."""
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)


def to_int16_bytes(rows: ScaledVectors) -> pa.Array:
    """Scaled rows as a binary column, two bytes a component: half of what the table's float32 take to travel."""
    return vector_bytes.to_bytes(rows, _INT16)


def from_int16_bytes(column: pa.Array | pa.ChunkedArray) -> ScaledVectors:
    """The rows of a column made by `to_int16_bytes`, without nulls; shape (rows, dimension)."""
    return vector_bytes.from_bytes(column, _INT16)


def with_scaled_vectors(rows: DataFrame) -> DataFrame:
    """The rows with `vector` (unit length, float32 bytes as the lake keeps them) scaled and in int16 bytes, without nulls."""

    def scale(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            vectors = to_int16_bytes(scaled(vector_bytes.from_bytes(batch["vector"])))
            yield batch.set_column(batch.schema.get_field_index("vector"), "vector", vectors)

    return rows.mapInArrow(scale, rows.schema)
