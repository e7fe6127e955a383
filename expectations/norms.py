"""The lengths of the vectors of a column, answered alike for Spark frames and for frames in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute

from expectations.frames import in_memory
from texts.embed.vector_bytes import from_bytes

if TYPE_CHECKING:
    from expectations.frames import Frame

pc: Any = pyarrow.compute  # its functions are made at import, where types cannot see them

_COMPONENT = 4  # bytes
_PARTS = "dimension long, vectors long, shortest double, longest double"


def vectors(frame: Frame, column: str) -> pd.DataFrame:
    """One row for each `dimension`: how many `vectors`, the least and greatest norm (`shortest`, `longest`); a null is no vector."""
    held = in_memory(frame, {column})
    if held is not None:
        batch = pa.RecordBatch.from_arrays([pa.array(held[column], pa.binary())], [column])
        parts = pd.concat([part.to_pandas() for part in _norms([batch])])
    else:
        spark_frame: Any = frame
        parts = spark_frame.select(column).mapInArrow(_norms, _PARTS).toPandas()
    sizes: Any = parts.groupby("dimension", as_index=False)
    return sizes.agg(vectors=("vectors", "sum"), shortest=("shortest", "min"), longest=("longest", "max"))


def _norms(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Each batch's part of `vectors`: a row for each size."""
    for batch in batches:
        held: Any = batch.column(0).drop_null()
        sizes = pc.binary_length(held).to_numpy(zero_copy_only=False)
        rows = [(size // _COMPONENT, _lengths(held.filter(pa.array(sizes == size)), size)) for size in np.unique(sizes)]
        yield pa.RecordBatch.from_pydict(
            {
                "dimension": pa.array([dimension for dimension, _ in rows], pa.int64()),
                "vectors": pa.array([len(norms) for _, norms in rows], pa.int64()),
                "shortest": pa.array([norms.min() for _, norms in rows], pa.float64()),
                "longest": pa.array([norms.max() for _, norms in rows], pa.float64()),
            }
        )


def _lengths(rows: pa.Array, size: int) -> Any:
    """The norm of each row of `size` bytes: 0 for bytes that are no vector, infinite where a component is no number."""
    if size == 0 or size % _COMPONENT:
        return np.zeros(len(rows))
    return np.nan_to_num(np.linalg.norm(from_bytes(rows), axis=1), nan=np.inf)
