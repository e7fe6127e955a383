"""Word shingles of many texts: their hashes, their sets, and the exact Jaccard similarity of pairs of sets.

A shingle is a window of consecutive words (Broder 1997, "On the resemblance and containment of documents"). Texts of four, four
and two words have two, two and no shingles of three words; the first two texts share one of three different shingles:

    >>> from spark_jobs.columnar.ragged import take_rows
    >>> from spark_jobs.columnar.word_hashes import word_hashes
    >>> words = word_hashes(pa.array(["keep the boat dry", "Keep the boat, please!", "the boat"]))
    >>> grams = shingles(words)
    >>> grams.lengths.tolist()
    [2, 2, 0]
    >>> sets = shingle_sets(grams)
    >>> first, second = take_rows(sets, np.array([0, 0, 2])), take_rows(sets, np.array([1, 0, 2]))
    >>> jaccard(first, second).round(3).tolist()
    [0.333, 1.0, 1.0]

Shingles are 64-bit hashes; sets keep 50 of the bits, so that within a pair of 100-shingle records two different shingles become
the same with a chance of about 10^-11.
"""

import numpy as np
from numpy.typing import NDArray

from spark_jobs.columnar.hashes import Hashes, mix
from spark_jobs.columnar.ragged import Places, Ragged, from_lengths

SHINGLE = 3  # words
MAX_BATCH = 1 << 14  # rows (or pairs) of one batch: what the 14 bits above a set's 50-bit number can count

_SET_BITS = 50


def shingles(words: Ragged, size: int = SHINGLE) -> Ragged:
    """The hash of every `size` consecutive words of each row, in order, repetitions kept; none for a shorter row."""
    counts = np.maximum(words.lengths - (size - 1), 0)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    starts = np.arange(offsets[-1]) + np.repeat(words.offsets[:-1] - offsets[:-1], counts)
    grams = np.zeros(len(starts), np.uint64)
    for step in range(size):
        grams = mix(grams + words.values[starts + step])
    return Ragged(grams, offsets)


def shingle_sets(grams: Ragged) -> Ragged:
    """Each row's shingles as an ascending set of 50-bit numbers.

    Raises ValueError for more than MAX_BATCH rows.
    """
    # One sort of the whole batch sorts every row, because the row's number stands above the shingle.
    numbered = np.sort(_numbered(grams.values >> np.uint64(64 - _SET_BITS), grams.row_of_value))
    numbered = numbered[np.diff(numbered, prepend=~numbered[:1]) != 0]
    counts = np.bincount((numbered >> np.uint64(_SET_BITS)).astype(np.int64), minlength=len(grams.lengths))
    return from_lengths(numbered & np.uint64((1 << _SET_BITS) - 1), counts)


def jaccard(left: Ragged, right: Ragged) -> NDArray[np.float64]:
    """|A and B| / |A or B| of row i of `left` and row i of `right`, float64 (pairs,); 1 where both sets are empty.

    Both come from `shingle_sets`. Raises ValueError for more than MAX_BATCH pairs.
    """
    # A number occurs at most once in a set, so what occurs twice in a pair's numbers is shared.
    both = np.sort(
        np.concatenate([_numbered(left.values, left.row_of_value), _numbered(right.values, right.row_of_value)])
    )
    twice = both[1:][both[1:] == both[:-1]] >> np.uint64(_SET_BITS)
    shared = np.bincount(twice.astype(np.int64), minlength=len(left.lengths))
    union = left.lengths + right.lengths - shared
    return np.where(union == 0, 1.0, shared / np.maximum(union, 1))


def _numbered(values: Hashes, rows: Places) -> Hashes:
    """50-bit values with the number of their row in the bits above."""
    if len(rows) and rows[-1] >= MAX_BATCH:
        raise ValueError(f"a batch has at most {MAX_BATCH} rows")
    return (rows.astype(np.uint64) << np.uint64(_SET_BITS)) | values
