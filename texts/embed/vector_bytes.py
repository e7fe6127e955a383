"""Vectors as a column of bytes: the components of a row one after another, little-endian.

Parquet and Spark copy bytes as they are; a list of numbers they take apart and put together again, number by number.
Example: [[1.0, 0.0]] becomes one value of eight bytes, 00 00 80 3f 00 00 00 00.
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

FLOAT = "<f4"  # of a component: four bytes, little-endian


def to_bytes(rows: NDArray[np.floating], kind: str = FLOAT) -> pa.Array:
    """The rows, shape (rows, dimension), as a binary column of one length."""
    content = np.ascontiguousarray(rows.astype(kind, copy=False))
    offsets = np.arange(len(rows) + 1, dtype=np.int32) * (rows.shape[1] * content.itemsize)
    return pa.Array.from_buffers(pa.binary(), len(rows), [None, pa.py_buffer(offsets), pa.py_buffer(content)])


def from_bytes(column: pa.Array | pa.ChunkedArray, kind: str = FLOAT) -> NDArray[np.float32]:
    """The rows of a binary column without nulls, of one length; shape (rows, dimension), (0, 0) for none; of one chunk they are a
    view that cannot be written to."""
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    parts = [_rows(chunk, np.dtype(kind)) for chunk in chunks if len(chunk)]
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)


def _rows(chunk: pa.Array, kind: np.dtype) -> NDArray[np.float32]:
    _, offsets, content = chunk.buffers()
    first, last = np.frombuffer(offsets, np.int32)[[chunk.offset, chunk.offset + len(chunk)]]
    flat = np.frombuffer(content, kind, count=(last - first) // kind.itemsize, offset=first)
    return flat.astype(np.float32, copy=False).reshape(len(chunk), -1)
