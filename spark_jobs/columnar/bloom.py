"""A Bloom filter (Bloom 1970) of one hash and a fixed size, for the 64-bit numbers inside packed rows.

It has 4 MiB however many numbers it holds: a million let 3 % of the others through, more let more, and no number is ever lost.

    >>> bits = np.packbits(bits_of([np.array([7, 8], np.uint64)])).tobytes()
    >>> may_contain(bits, np.array([7, 9, 8], np.uint64)).tolist()
    [True, False, True]
"""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame

from spark_jobs.columnar.hashes import Hashes, mix
from spark_jobs.columnar.packed_rows import unpack

FILTER_BITS = 25  # 2^25 bits are 4 MiB


def bloom_filter(frame: DataFrame, columns: str) -> bytes:
    """A filter of every number in the packed columns, named in one string; computed now. `may_contain` reads it."""

    def mark(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        bits = bits_of(unpack(batch, name) for batch in batches for name in columns.split())
        if bits.any():
            yield pa.RecordBatch.from_pydict({"bits": [np.packbits(bits).tobytes()]})

    def unite(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        united = np.zeros(1 << (FILTER_BITS - 3), np.uint8)
        for batch in batches:
            for cell in batch["bits"].to_pylist():
                united |= np.frombuffer(cell, np.uint8)
        yield pa.RecordBatch.from_pydict({"bits": [united.tobytes()]})

    merged = frame.mapInArrow(mark, "bits binary").repartition(1).mapInArrow(unite, "bits binary")
    return bytes(merged.collect()[0]["bits"])


def bits_of(numbers: Iterable[Hashes]) -> NDArray[np.bool_]:
    """The filter of all these numbers (uint64, any shape) with a bool for each bit, shape (2^FILTER_BITS,)."""
    bits = np.zeros(1 << FILTER_BITS, np.bool_)
    for some in numbers:
        bits[_place(some)] = True
    return bits


def may_contain(bits: bytes, numbers: Hashes) -> NDArray[np.bool_]:
    """Whether each number may be in the filter, bool in the shape of `numbers` (uint64): False is certain, True is not."""
    places = _place(numbers)
    octets = np.frombuffer(bits, np.uint8)[places >> 3]
    # np.packbits puts the first of eight bits highest
    return (octets >> (7 - (places & 7)).astype(np.uint8)) & 1 == 1


def _place(numbers: Hashes) -> NDArray[np.int64]:
    return (mix(numbers) >> np.uint64(64 - FILTER_BITS)).astype(np.int64)
