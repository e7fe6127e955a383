"""MinHash signatures and their bands: which rows of a batch may be similar, without comparing them. Numpy, no Spark.

MinHash (Broder 1997): under a random permutation of all shingles, two sets have the same least shingle with the probability of
their Jaccard similarity J. A signature is that least shingle under 125 permutations, cut into 25 bands of 5. Rows with an equal
band share a bucket, which a pair does with probability 1 - (1 - J^5)^25 (Leskovec, Rajaraman, Ullman, "Mining of Massive
Datasets", 3.4.2): 0.990 for J = 0.7, 0.9989 for 0.75, 0.06 for 0.3.

Three rows, the first two of J = 1, the third of other words; and the same rows where a guard must be equal, too:

    >>> from spark_jobs.columnar.word_hashes import word_hashes
    >>> words = word_hashes(pa.array(["keep the boat dry", "Keep the boat dry!", "raise it from the ground"]))
    >>> from spark_jobs.columnar.shingles import shingles
    >>> keys = band_keys(shingles(words), np.zeros(3, np.uint64))
    >>> keys.shape, [int((keys[0] == keys[row]).sum()) for row in (1, 2)]
    ((3, 25), [25, 0])
    >>> guarded = band_keys(shingles(words), np.array([1, 2, 1], np.uint64))
    >>> int((guarded[0] == guarded[1]).sum())
    0
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from spark_jobs.columnar.hashes import Hashes, hash64, mix
from spark_jobs.columnar.ragged import Places, Ragged

BANDS = 25
BAND_ROWS = 5  # permutations of one band

_BLOCK = 1 << 15  # shingles that are hashed together: they and the result stay in the processor's cache


def band_keys(grams: Ragged, guard: Hashes) -> Hashes:
    """The bucket of each row in each band, uint64 (rows, BANDS): rows that share one are candidates.

    `grams` are the rows' shingles, none of them empty. `guard`, uint64 (rows,), is mixed into every key: rows that differ in it
    never meet, so what must be equal anyway need not be compared.
    """
    signatures = _signatures(grams)
    keys = np.empty((len(guard), BANDS), np.uint64)
    for band in range(BANDS):
        # the band's number, so that equal values in two bands are two buckets
        key = mix(guard + np.uint64(band + 1))
        for row in range(BAND_ROWS):
            key = mix(key + signatures[band * BAND_ROWS + row])
        keys[:, band] = key
    return keys


def _signatures(grams: Ragged) -> NDArray[np.uint32]:
    """The least hash of each row's shingles under each permutation, uint32 (BANDS * BAND_ROWS, rows); no row may be empty.

    Rows are taken in order of length and in blocks, each padded with its rows' last shingles: a minimum over a rectangle.
    """
    values = (grams.values >> np.uint64(32)).astype(np.uint32)
    signatures = np.empty((BANDS * BAND_ROWS, len(grams.lengths)), np.uint32)
    for rows in _blocks(grams.lengths):
        # repeating a row's last shingle changes no minimum
        places = np.minimum(np.arange(grams.lengths[rows].max())[:, None], grams.lengths[rows] - 1)
        block = values[grams.offsets[:-1][rows] + places]
        hashed = np.empty_like(block)
        least = np.empty((len(signatures), len(rows)), np.uint32)
        for number, (factor, shift) in enumerate(_permutations()):
            # a * x + b modulo 2^32 with odd a is a permutation; in place, so that the block stays in cache
            np.multiply(block, factor, out=hashed)
            np.add(hashed, shift, out=hashed)
            np.min(hashed, axis=0, out=least[number])
        signatures[:, rows] = least
    return signatures


def _blocks(lengths: Places) -> list[Places]:
    """The rows in order of length, cut where a block would hold more than about _BLOCK shingles."""
    order = np.argsort(lengths, kind="stable")
    block = np.cumsum(lengths[order]) // _BLOCK
    return np.split(order, np.flatnonzero(np.diff(block)) + 1)


@cache
def _permutations() -> list[tuple[np.uint32, np.uint32]]:
    """An odd factor and a shift for each row of a signature, from a hash: no generator whose stream could change."""
    rows = range(BANDS * BAND_ROWS)
    low = 0xFFFFFFFF
    return [(np.uint32(hash64(f"factor {row}") & low | 1), np.uint32(hash64(f"shift {row}") & low)) for row in rows]
