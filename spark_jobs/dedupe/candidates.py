"""Candidate pairs: which records share a bucket, that is a key in one of their bands.

Every key carries the record's guard, its signs and its sides too short for a shingle: templates that differ only in figures
never meet. Inside a bucket each row meets the bucket's first row and the next `reach` rows. Rows are ordered longest first in
one half of the bands, by the next band's key in the other. So a bucket of up to reach + 1 rows is complete, and a larger one is
walked in linear time: its rows still meet the longest, which most of them would be removed for, and those that share the next
band, too. The pairs that a walk leaves out are counted as `cut`.

A bucket of five rows and one of two, with a reach of 1. Row 0 opens the first bucket, so all others meet it, and each meets the
row before it; of the ten pairs of the first bucket three are cut:

    >>> first, second = places_in_reach(np.array([5, 2]), reach=1)
    >>> sorted(zip(first.tolist(), second.tolist()))
    [(0, 1), (0, 2), (0, 3), (0, 4), (1, 2), (2, 3), (3, 4), (5, 6)]
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark.sql import DataFrame

from spark_jobs.columnar.hashes import Hashes
from spark_jobs.columnar.packed_rows import pack, packed_schema, partition_of, split_ids, unpack, without_empty
from spark_jobs.columnar.ragged import Places
from spark_jobs.dedupe.minhash import BANDS
from spark_jobs.dedupe.survivor import PROTECTED, longest_first

# left, right: the first 64 bits of two ids, the smaller left; cut: on one row of each call, the pairs that it left out
PAIRS = packed_schema("left right flags") + ", cut bigint"
# flags of a pair: which of the two is never removed
LEFT_PROTECTED, RIGHT_PROTECTED = 1, 2

_REMOVABLE = np.uint32(1 << 31)  # the highest bit of a bucket's order: protected rows come first

Flags = NDArray[np.uint8]
Pairs = tuple[Hashes, Hashes, Flags]  # left, right and flags, each of shape (pairs,)


def candidate_pairs(prints: DataFrame, partitions: int, reach: int) -> DataFrame:
    """PAIRS, packed by the partition of `left`: every two rows that meet in a bucket, once for each partition of buckets.

    Two protected rows never meet.
    """

    def to_buckets(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield without_empty(pack_bands(batch, partitions))

    def meet(entries: pa.Table) -> pa.Table:
        return pairs_of_buckets(entries, partitions, reach)

    bands = prints.select("id", "survivor_rank", "bands").mapInArrow(
        to_buckets, packed_schema("key id_high bucket_order")
    )
    return bands.groupBy("partition").applyInArrow(meet, PAIRS)


def pack_bands(batch: pa.RecordBatch, partitions: int) -> pa.RecordBatch:
    """key (uint64), id_high (uint64) and bucket_order (uint32) of every band of every row, packed by the partition of the key."""
    rows = batch.filter(pc.greater(pc.binary_length(batch["bands"]), 0))
    keys = unpack(rows, "bands").reshape(-1, BANDS)
    rank = rows["survivor_rank"].to_numpy()
    # 31 bits that say where a row stands in its bucket: in odd bands by the next band's key, in even ones longest first
    order = (np.roll(keys, -1, axis=1) >> np.uint64(33)).astype(np.uint32)
    order[:, ::2] = longest_first(rank)[:, None]
    order |= np.where(rank != PROTECTED, _REMOVABLE, np.uint32(0))[:, None]
    id_high, _ = split_ids(rows["id"])
    columns = {"key": keys.ravel(), "id_high": np.repeat(id_high, BANDS), "bucket_order": order.ravel()}
    return pack(partition_of(keys.ravel(), partitions), partitions, columns)


def pairs_of_buckets(entries: pa.Table, partitions: int, reach: int) -> pa.Table:
    """PAIRS of all buckets of one partition; `entries` are packed rows of `pack_bands`."""
    keys, id_high = unpack(entries, "key"), unpack(entries, "id_high")
    bucket_order = unpack(entries, "bucket_order", np.uint32)
    # most keys occur once: what is sorted by three columns is the rest
    shared = _places_of_repeated(keys)
    order = shared[np.lexsort((id_high[shared], bucket_order[shared], keys[shared]))]
    keys, id_high, removable = keys[order], id_high[order], bucket_order[order] >= _REMOVABLE
    sizes = np.diff(np.flatnonzero(np.diff(keys, prepend=~keys[:1])), append=len(order))
    first, second = places_in_reach(sizes, reach)
    # protected rows come first, so a pair has a removable one if the second is
    meets = removable[second] & (id_high[first] != id_high[second])
    one, other = first[meets], second[meets]
    pairs = distinct_pairs(*_left_and_right(id_high[one], id_high[other], ~removable[one]))
    cut = int((sizes * (sizes - 1) // 2).sum() - len(first))
    return pa.Table.from_batches([_pack_pairs(pairs, partitions, cut)])


def places_in_reach(sizes: Places, reach: int) -> tuple[Places, Places]:
    """The places (first, second), int64 (pairs,) both, that meet where buckets of these sizes stand one after the other.

    Two rows of a bucket meet if they are at most `reach` apart, or if the first opens the bucket.
    """
    opening = np.repeat(np.cumsum(sizes) - sizes, sizes)
    rows = np.arange(len(opening))
    far = np.flatnonzero(rows - opening > reach)
    first, second = [opening[far]], [far]
    for step in range(1, reach + 1):
        later = rows[rows - opening >= step]
        if not len(later):
            break
        first.append(later - step)
        second.append(later)
    return np.concatenate(first), np.concatenate(second)


def distinct_pairs(left: Hashes, right: Hashes, flags: Flags) -> Pairs:
    """Each pair once, ordered by left and right. All copies of a pair must have the same flags."""
    order = np.lexsort((right, left))
    left, right, flags = left[order], right[order], flags[order]
    fresh = np.ones(len(left), np.bool_)
    fresh[1:] = (left[1:] != left[:-1]) | (right[1:] != right[:-1])
    return left[fresh], right[fresh], flags[fresh]


def _places_of_repeated(keys: Hashes) -> Places:
    """The places of keys that occur more than once."""
    order = np.argsort(keys)
    same = keys[order][1:] == keys[order][:-1]
    twice = np.zeros(len(keys), np.bool_)
    twice[1:] = same
    twice[:-1] |= same
    return order[twice]


def _left_and_right(one: Hashes, other: Hashes, one_protected: NDArray[np.bool_]) -> Pairs:
    """The pairs with the smaller id left."""
    protected = np.where(one < other, LEFT_PROTECTED, RIGHT_PROTECTED)
    flags = np.where(one_protected, protected, 0).astype(np.uint8)
    return np.minimum(one, other), np.maximum(one, other), flags


def _pack_pairs(pairs: Pairs, partitions: int, cut: int) -> pa.RecordBatch:
    rows = pack(
        partition_of(pairs[0], partitions), partitions, dict(zip(("left", "right", "flags"), pairs, strict=True))
    )
    return rows.append_column("cut", pa.array(np.where(np.arange(partitions) == 0, cut, 0)))
