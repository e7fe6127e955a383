"""Many small rows as few large ones: what a batch sends to one part of a shuffle travels as one row of binary columns.

Spark moves such rows at the speed of memory, where a row for each 8-byte key costs it a microsecond or more. A part is what one call
of a grouped function sees, so callers choose as many parts as keep one small.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame

from spark_jobs.columnar.word_hashes import Hashes, Ragged, mix, take_rows

ROWS_A_PART = 40_000  # records: their 25 keys, or their texts and shingles, take some tens of megabytes
MARK_BITS = 25  # 2^25 bits are 4 MB

_ID = 24  # hex digits

Columns = Mapping[str, Any]  # arrays of one length, or Ragged of as many rows


def parts_for(rows: int) -> int:
    """How many parts keep one of `rows` records small."""
    return max(1, -(-rows // ROWS_A_PART))


def part_of(keys: Hashes, parts: int) -> NDArray[np.int64]:
    """The part of each key."""
    return (mix(keys) % np.uint64(parts)).astype(np.int64)


def schema(columns: str) -> str:
    """The Spark schema of packed rows with these columns, named in one string."""
    return "part int, " + ", ".join(f"{name} binary" for name in columns.split())


def scatter(places: NDArray[np.int64], parts: int, columns: Columns) -> pa.RecordBatch:
    """One row for each of the `parts`, in order, with the bytes of all rows that go there; a Ragged also has `<name>_lengths`."""
    order = np.argsort(places, kind="stable")
    bounds = np.searchsorted(places[order], np.arange(parts + 1))
    cells: dict[str, pa.Array] = {"part": pa.array(np.arange(parts, dtype=np.int32))}
    for name, column in columns.items():
        if isinstance(column, Ragged):
            rows = take_rows(column, order)
            cells[name] = _cells(rows.values, rows.offsets[bounds])
            cells[f"{name}_lengths"] = _cells(rows.lengths, bounds)
        else:
            cells[name] = _cells(column[order], bounds)
    return pa.RecordBatch.from_pydict(cells)


def filled(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The rows that carry anything."""
    sizes = [np.diff(_offsets(batch[name])) for name in batch.schema.names if name != "part"]
    return batch.filter(pa.array(np.sum(sizes, axis=0) > 0))


def gathered(table: pa.Table | pa.RecordBatch, name: str, kind: Any = np.uint64) -> NDArray[Any]:
    """One column of all packed rows, one after the other."""
    column = table[name]
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    found = [np.frombuffer(_content(chunk), kind) for chunk in chunks if len(chunk)]
    return np.concatenate(found) if found else np.zeros(0, kind)


def gathered_rows(table: pa.Table, name: str) -> Ragged:
    """A Ragged column of all packed rows."""
    lengths = gathered(table, f"{name}_lengths", np.int64)
    return Ragged(gathered(table, name), np.concatenate([[0], np.cumsum(lengths)]))


def fixed(values: NDArray[Any]) -> pa.Array:
    """One binary value for each row of a two-dimensional array."""
    return _cells(np.ascontiguousarray(values).ravel(), np.arange(len(values) + 1) * values.shape[1])


def nodes(ids: pa.Array) -> tuple[Hashes, Hashes]:
    """The first 64 and the other 32 bits of each id, ordered as the ids are. Ids are a kind, `_` and 24 hex digits."""
    lengths = np.unique(np.diff(_offsets(ids.cast(pa.binary()))))
    if len(ids) and (len(lengths) != 1 or lengths[0] <= _ID):
        raise ValueError(f"an id is a kind, _ and {_ID} hexadecimal digits: {ids[0].as_py()!r}")
    width = int(lengths[0]) if len(ids) else _ID
    letters = np.frombuffer(_content(ids.cast(pa.binary())), np.uint8).reshape(len(ids), width)[:, -_ID:]
    digits = np.where(letters > 57, letters - 87, letters - 48).astype(np.uint8)
    bytes_ = (digits[:, ::2] << 4 | digits[:, 1::2]).astype(np.uint8)
    high = np.ascontiguousarray(bytes_[:, :8]).view(">u8").ravel().astype(np.uint64)
    return high, np.ascontiguousarray(bytes_[:, 8:]).view(">u4").ravel().astype(np.uint64)


def ids(kind: str, high: Hashes, low: Hashes) -> pa.Array:
    """The ids that `nodes` took apart."""
    bytes_ = np.concatenate(
        [high.astype(">u8").view(np.uint8).reshape(-1, 8), low.astype(">u4").view(np.uint8).reshape(-1, 4)], axis=1
    )
    digits = np.stack([bytes_ >> 4, bytes_ & 15], axis=2).reshape(len(high), _ID)
    letters = np.where(digits > 9, digits + 87, digits + 48).astype(np.uint8)
    named = np.concatenate([np.tile(np.frombuffer(f"{kind}_".encode(), np.uint8), (len(high), 1)), letters], axis=1)
    return fixed(named).cast(pa.string())


def marks(frame: DataFrame, names: str) -> bytes:
    """A bit set of fixed size in which every number in the packed columns `names` is marked, and a few others too."""

    def mark(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        bits = np.zeros(1 << MARK_BITS, np.bool_)
        for batch in batches:
            for name in names.split():
                bits[_bit(gathered(batch, name))] = True
        if bits.any():
            yield pa.RecordBatch.from_pydict({"bits": [np.packbits(bits).tobytes()]})

    def together(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        bits = np.zeros(1 << (MARK_BITS - 3), np.uint8)
        for batch in batches:
            for cell in batch["bits"].to_pylist():
                bits |= np.frombuffer(cell, np.uint8)
        yield pa.RecordBatch.from_pydict({"bits": [bits.tobytes()]})

    merged = frame.mapInArrow(mark, "bits binary").repartition(1).mapInArrow(together, "bits binary")
    return bytes(merged.collect()[0]["bits"])


def marked(bits: bytes, numbers: Hashes) -> NDArray[np.bool_]:
    """Whether each number may have been marked: no mark, no number."""
    places = _bit(numbers)
    held = np.frombuffer(bits, np.uint8)[places >> 3]
    return (held >> (7 - (places & 7)).astype(np.uint8)) & 1 == 1


def _bit(numbers: Hashes) -> NDArray[np.int64]:
    return (mix(numbers) >> np.uint64(64 - MARK_BITS)).astype(np.int64)


def _cells(values: NDArray[Any], bounds: NDArray[np.int64]) -> pa.Array:
    ends = pa.py_buffer((bounds * values.itemsize).astype(np.int32))
    return pa.Array.from_buffers(pa.binary(), len(bounds) - 1, [None, ends, pa.py_buffer(np.ascontiguousarray(values))])


def _offsets(column: pa.Array) -> NDArray[np.int32]:
    return np.frombuffer(column.buffers()[1], np.int32)[column.offset : column.offset + len(column) + 1]


def _content(column: pa.Array) -> memoryview | bytes:
    ends, content = _offsets(column), column.buffers()[2]
    return memoryview(content)[ends[0] : ends[-1]] if content else b""
