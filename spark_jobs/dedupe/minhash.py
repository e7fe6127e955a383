"""Word shingles, MinHash bands and exact Jaccard over whole batches: numpy, no Spark.

Shingles are 64-bit hashes; set arithmetic uses 50 of the bits, so that within a pair of 100-shingle records two different shingles
meet with a chance of about 10^-11.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from spark_jobs.columnar.word_hashes import Hashes, Ragged, hash64, mix

SHINGLE = 3  # words
BANDS = 25
BAND_ROWS = 5  # 25 bands of 5 find a pair of J = 0.7 with probability 0.990, of 0.75 with 0.9988
MAX_BATCH = 1 << 14  # rows (or pairs) of one batch: what the bits beside a hash can number

_SET_BITS = 50
_BLOCK = 1 << 15  # shingles that are hashed together: they and the result stay in the processor's cache


def shingles(tokens: Ragged, size: int = SHINGLE) -> Ragged:
    """The hashes of every `size` consecutive words of each row, in order, repetitions kept; none for a shorter row."""
    counts = np.maximum(tokens.lengths - (size - 1), 0)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    starts = np.arange(offsets[-1]) + np.repeat(tokens.offsets[:-1] - offsets[:-1], counts)
    grams = np.zeros(len(starts), np.uint64)
    for step in range(size):
        grams = mix(grams + tokens.values[starts + step])
    return Ragged(grams, offsets)


def distinct(grams: Ragged) -> Ragged:
    """Each row's shingles as an ascending set of 50-bit numbers. At most MAX_BATCH rows."""
    keyed = np.sort(_keyed(grams.values >> np.uint64(64 - _SET_BITS), grams.rows))
    keyed = keyed[np.diff(keyed, prepend=~keyed[:1]) != 0]
    counts = np.bincount((keyed >> np.uint64(_SET_BITS)).astype(np.int64), minlength=len(grams.offsets) - 1)
    return Ragged(keyed & np.uint64((1 << _SET_BITS) - 1), np.concatenate([[0], np.cumsum(counts)]))


def jaccard(left: Ragged, right: Ragged) -> NDArray[np.float64]:
    """The exact Jaccard similarity of each pair of sets from `distinct`; 1 where both are empty. At most MAX_BATCH pairs."""
    pairs = len(left.offsets) - 1
    both = np.sort(np.concatenate([_keyed(left.values, left.rows), _keyed(right.values, right.rows)]))
    twice = both[1:][both[1:] == both[:-1]] >> np.uint64(_SET_BITS)
    shared = np.bincount(twice.astype(np.int64), minlength=pairs)
    union = left.lengths + right.lengths - shared
    return np.where(union == 0, 1.0, shared / np.maximum(union, 1))


def band_keys(grams: Ragged, guard: Hashes) -> Hashes:
    """64-bit bucket keys, shape (rows, BANDS): rows that share one are candidates. Only rows with shingles may be asked for.

    `guard` is mixed into every key: rows that differ in it never meet (what must be equal anyway need not be compared).
    """
    signatures = _signatures(grams)
    keys = np.empty((len(guard), BANDS), np.uint64)
    for band in range(BANDS):
        key = mix(guard + np.uint64(band + 1))
        for row in range(BAND_ROWS):
            key = mix(key + signatures[band * BAND_ROWS + row])
        keys[:, band] = key
    return keys


def _keyed(values: Hashes, rows: NDArray[np.int64]) -> Hashes:
    if len(rows) and rows[-1] >= MAX_BATCH:
        raise ValueError(f"a batch has at most {MAX_BATCH} rows")
    return (rows.astype(np.uint64) << np.uint64(_SET_BITS)) | values


def _signatures(grams: Ragged) -> NDArray[np.uint32]:
    """The least hash of each row's shingles under each permutation, shape (BANDS * BAND_ROWS, rows); no row may be empty.

    Rows are taken in order of length and in blocks, each padded with its rows' last shingles: a minimum over a rectangle.
    """
    values = (grams.values >> np.uint64(32)).astype(np.uint32)
    found = np.empty((BANDS * BAND_ROWS, len(grams.offsets) - 1), np.uint32)
    for rows in _blocks(grams.lengths):
        places = np.minimum(np.arange(grams.lengths[rows].max())[:, None], grams.lengths[rows] - 1)
        block = values[grams.offsets[:-1][rows] + places]
        hashed = np.empty_like(block)
        least = np.empty((len(found), len(rows)), np.uint32)
        for number, (factor, shift) in enumerate(_permutations()):
            np.multiply(block, factor, out=hashed)
            np.add(hashed, shift, out=hashed)
            np.min(hashed, axis=0, out=least[number])
        found[:, rows] = least
    return found


def _blocks(lengths: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The rows in order of length, cut where a block would hold more than about _BLOCK shingles."""
    order = np.argsort(lengths, kind="stable")
    filled = np.cumsum(lengths[order]) // _BLOCK
    return np.split(order, np.flatnonzero(np.diff(filled)) + 1)


@cache
def _permutations() -> list[tuple[np.uint32, np.uint32]]:
    """An odd factor and a shift for each row of a signature, from a hash: no generator whose stream could change."""
    rows = range(BANDS * BAND_ROWS)
    low = 0xFFFFFFFF
    return [(np.uint32(hash64(f"factor {row}") & low | 1), np.uint32(hash64(f"shift {row}") & low)) for row in rows]
