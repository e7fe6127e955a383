"""The fingerprint of a record: all that exact copies and buckets need of it, a few hundred bytes instead of its texts.

Two records that differ in case alone, a third that lacks a stop, and one of two words, which has no shingle and so no bands:

    >>> from pyarrow import RecordBatch
    >>> rows = RecordBatch.from_pydict({"id": ["rec_1", "rec_2", "rec_3", "rec_4"], "source": ["web"] * 4,
    ...     "prompt": ["How is a boat kept dry?", "how is a boat kept dry?", "How is a boat kept dry", "Tar?"],
    ...     "answer": ["With tar.", "With Tar.", "With tar.", "Pitch"]})
    >>> prints = fingerprint_batch(rows, source_priority=(), by_side=True)
    >>> prints.schema.names
    ['id', 'source', 'survivor_rank', 'exact', 'bands']
    >>> [prints["exact"][0] == exact for exact in prints["exact"]], [len(bands.as_py()) for bands in prints["bands"]]
    ([True, True, False, False], [200, 200, 200, 0])
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame

from spark_jobs.columnar.bloom import bloom_filter, may_contain
from spark_jobs.columnar.packed_rows import binary_rows, unpack
from spark_jobs.columnar.ragged import take_rows
from spark_jobs.columnar.shingles import shingles
from spark_jobs.dedupe.minhash import BANDS, band_keys
from spark_jobs.dedupe.sides import Sides, sides_of, text_column
from spark_jobs.dedupe.survivor import PROTECTED, survivor_rank

# exact: 16 bytes, the exact key of prompt and answer; bands: BANDS keys of 8 bytes, or none
FINGERPRINT = "id string, source string, survivor_rank bigint, exact binary, bands binary"

_BANDS_BYTES = 8 * BANDS


def fingerprints(records: DataFrame, source_priority: Sequence[str], by_side: bool) -> DataFrame:
    """A row of FINGERPRINT for each record."""

    def fingerprint(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield fingerprint_batch(batch, source_priority, by_side)

    return records.select("id", "source", "prompt", "answer").mapInArrow(fingerprint, FINGERPRINT)


def fingerprint_batch(batch: pa.RecordBatch, source_priority: Sequence[str], by_side: bool) -> pa.RecordBatch:
    """One FINGERPRINT row for each row with id, source, prompt and answer."""
    prompt, answer = text_column(batch, "prompt"), text_column(batch, "answer")
    sides = sides_of(prompt, answer, by_side)
    rank = pa.array(survivor_rank(batch["source"], prompt, answer, source_priority))
    columns = [batch["id"], batch["source"], rank, binary_rows(sides.exact), _band_cells(sides)]
    return pa.RecordBatch.from_arrays(columns, names=["id", "source", "survivor_rank", "exact", "bands"])


def published_fingerprints(signatures: DataFrame, prints: DataFrame) -> DataFrame:
    """Rows of silver/signatures as protected fingerprints (without source): those that may share an exact key or a band with `prints`."""
    new_keys = bloom_filter(prints, "exact bands")

    def select(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            shares = np.asarray(may_contain(new_keys, unpack(batch, "exact").reshape(-1, 2)).any(axis=1))
            has_bands = pc.binary_length(batch["bands"]).to_numpy() > 0
            shares[has_bands] |= may_contain(new_keys, unpack(batch, "bands")).reshape(-1, BANDS).any(axis=1)
            found = batch.select(["id", "exact", "bands"]).filter(pa.array(shares))
            protected = pa.array(np.full(found.num_rows, PROTECTED, np.int64))
            yield found.add_column(1, "survivor_rank", protected)

    return signatures.mapInArrow(select, "id string, survivor_rank bigint, exact binary, bands binary")


def _band_cells(sides: Sides) -> pa.Array:
    """The band keys of each record as one binary cell, empty for a record shorter than a shingle."""
    grams = shingles(sides.whole)
    long = np.flatnonzero(grams.lengths > 0)
    keys = band_keys(take_rows(grams, long), sides.guard[long]) if len(long) else np.zeros(0, np.uint64)
    ends = np.concatenate([[0], np.cumsum(np.where(grams.lengths > 0, _BANDS_BYTES, 0))]).astype(np.int32)
    return pa.Array.from_buffers(pa.binary(), len(ends) - 1, [None, pa.py_buffer(ends), pa.py_buffer(keys.ravel())])
