"""Packed rows: what one batch sends to one partition, as a single row whose cells hold the values of many.

Spark moves such a row at the speed of memory, where a row for each 8-byte key costs it a microsecond or more. A partition is what
one call of a grouped function sees, so callers choose as many as keep one small.

A batch of four keys goes to two partitions, 8 bytes a key; the key 5 and all that belongs to it go to the second:

    >>> keys = {"key": np.array([4, 5, 4, 6], np.uint64), "length": np.array([1, 2, 3, 4], np.uint32)}
    >>> packed = pack(np.array([0, 1, 0, 0]), 2, keys)
    >>> [(row["partition"], len(row["key"]), len(row["length"])) for row in packed.to_pylist()]
    [(0, 24, 12), (1, 8, 4)]
    >>> unpack(packed, "key").tolist(), unpack(packed, "length", np.uint32).tolist()
    ([4, 4, 6, 5], [1, 3, 4, 2])

Records travel as the numbers of their ids (96 bits, ordered as the ids are):

    >>> high, low = split_ids(pa.array(["rec_0000000000000001000000ff"]))
    >>> high.tolist(), low.tolist(), join_ids("rec", high, low).to_pylist()
    ([1], [255], ['rec_0000000000000001000000ff'])
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from spark_jobs.columnar.hashes import Hashes, mix
from spark_jobs.columnar.ragged import Places, Ragged, from_lengths, take_rows

RECORDS_A_PARTITION = 40_000  # their 25 keys, or their texts and shingles, take some tens of megabytes

_ID_DIGITS = 24  # hexadecimal

Columns = Mapping[str, Any]  # one-dimensional arrays of one length, or a Ragged of as many rows


def partitions_for(records: int) -> int:
    """How many partitions keep one of so many records small."""
    return max(1, -(-records // RECORDS_A_PARTITION))


def partition_of(keys: Hashes, partitions: int) -> Places:
    """The partition of each key (uint64 (keys,)), int64 (keys,): equal keys meet in one."""
    return (mix(keys) % np.uint64(partitions)).astype(np.int64)


def packed_schema(columns: str) -> str:
    """The Spark schema of packed rows with these columns, named in one string."""
    return "partition int, " + ", ".join(f"{name} binary" for name in columns.split())


def pack(partition: Places, partitions: int, columns: Columns) -> pa.RecordBatch:
    """One packed row for each partition, in order, with the values of all rows that go there, in their order.

    `partition` is int64 (rows,). A Ragged column takes a second one, `<name>_lengths`.
    """
    order = np.argsort(partition, kind="stable")
    bounds = np.searchsorted(partition[order], np.arange(partitions + 1))
    cells: dict[str, pa.Array] = {"partition": pa.array(np.arange(partitions, dtype=np.int32))}
    for name, column in columns.items():
        if isinstance(column, Ragged):
            rows = take_rows(column, order)
            cells[name] = _binary_cells(rows.values, rows.offsets[bounds])
            cells[f"{name}_lengths"] = _binary_cells(rows.lengths, bounds)
        else:
            cells[name] = _binary_cells(column[order], bounds)
    return pa.RecordBatch.from_pydict(cells)


def without_empty(packed: pa.RecordBatch) -> pa.RecordBatch:
    """The packed rows that carry any value."""
    sizes = [np.diff(_cell_bounds(packed[name])) for name in packed.schema.names if name != "partition"]
    return packed.filter(pa.array(np.sum(sizes, axis=0) > 0))


def unpack(packed: pa.Table | pa.RecordBatch, name: str, dtype: Any = np.uint64) -> NDArray[Any]:
    """The values of one column of all packed rows, one row after the other, shape (values,)."""
    column = packed[name]
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    found = [np.frombuffer(_content(chunk), dtype) for chunk in chunks if len(chunk)]
    return np.concatenate(found) if found else np.zeros(0, dtype)


def unpack_ragged(packed: pa.Table, name: str) -> Ragged:
    """A Ragged column of all packed rows, one row after the other."""
    return from_lengths(unpack(packed, name), unpack(packed, f"{name}_lengths", np.int64))


def binary_rows(values: NDArray[Any]) -> pa.Array:
    """One binary value for each row of a two-dimensional array: its bytes."""
    return _binary_cells(np.ascontiguousarray(values).ravel(), np.arange(len(values) + 1) * values.shape[1])


def split_ids(ids: pa.Array) -> tuple[Hashes, Hashes]:
    """The first 64 and the other 32 bits of each id, uint64 (ids,) both; pairs of them are ordered as the ids are.

    Ids are a kind, `_` and 24 hexadecimal digits. Raises ValueError for any other.
    """
    lengths = np.unique(np.diff(_cell_bounds(ids.cast(pa.binary()))))
    if len(ids) and (len(lengths) != 1 or lengths[0] <= _ID_DIGITS):
        raise ValueError(f"an id is a kind, _ and {_ID_DIGITS} hexadecimal digits: {ids[0].as_py()!r}")
    width = int(lengths[0]) if len(ids) else _ID_DIGITS
    letters = np.frombuffer(_content(ids.cast(pa.binary())), np.uint8).reshape(len(ids), width)[:, -_ID_DIGITS:]
    # "0" to "9" are 48 to 57, "a" to "f" are 97 to 102
    digits = np.where(letters > 57, letters - 87, letters - 48).astype(np.uint8)
    octets = (digits[:, ::2] << 4 | digits[:, 1::2]).astype(np.uint8)
    high = np.ascontiguousarray(octets[:, :8]).view(">u8").ravel().astype(np.uint64)
    return high, np.ascontiguousarray(octets[:, 8:]).view(">u4").ravel().astype(np.uint64)


def join_ids(kind: str, high: Hashes, low: Hashes) -> pa.Array:
    """The ids of this kind that `split_ids` took apart."""
    octets = np.concatenate(
        [high.astype(">u8").view(np.uint8).reshape(-1, 8), low.astype(">u4").view(np.uint8).reshape(-1, 4)], axis=1
    )
    digits = np.stack([octets >> 4, octets & 15], axis=2).reshape(len(high), _ID_DIGITS)
    letters = np.where(digits > 9, digits + 87, digits + 48).astype(np.uint8)
    named = np.concatenate([np.tile(np.frombuffer(f"{kind}_".encode(), np.uint8), (len(high), 1)), letters], axis=1)
    return binary_rows(named).cast(pa.string())


def _binary_cells(values: NDArray[Any], bounds: Places) -> pa.Array:
    """Cell i is the bytes of values[bounds[i]:bounds[i + 1]]; no value is copied one by one."""
    ends = pa.py_buffer((bounds * values.itemsize).astype(np.int32))
    return pa.Array.from_buffers(pa.binary(), len(bounds) - 1, [None, ends, pa.py_buffer(np.ascontiguousarray(values))])


def _cell_bounds(column: pa.Array) -> NDArray[np.int32]:
    """Where each cell begins in the column's bytes, and where the last ends; a slice keeps its parent's buffers."""
    return np.frombuffer(column.buffers()[1], np.int32)[column.offset : column.offset + len(column) + 1]


def _content(column: pa.Array) -> memoryview | bytes:
    bounds, content = _cell_bounds(column), column.buffers()[2]
    return memoryview(content)[bounds[0] : bounds[-1]] if content else b""
