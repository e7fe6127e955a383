"""Words that exclude one another: where a record says one and its near copy another of the same set, they are no copies.

Of a pair only what differs counts. That one of them lacks a word is no contradiction; that `up` stands where the other has `down` is, and
that both have `left` and `right`, in another order:

    >>> from spark_jobs.columnar.ragged import take_rows
    >>> from spark_jobs.columnar.word_hashes import word_hashes
    >>> texts = ["turn it up and then on", "turn it down and then on", "turn it and then on", "from left to right", "from right to left"]
    >>> excluding = excluding_words(word_hashes(pa.array(texts)))
    >>> excluding.lengths.tolist()  # `right` is the opposite of `wrong`, too
    [3, 3, 2, 5, 5]
    >>> one = take_rows(excluding, np.array([0, 0, 3]))
    >>> contradict(one, take_rows(excluding, np.array([1, 2, 4]))).tolist()
    [True, False, True]
"""

from functools import cache

import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from spark_jobs.columnar.folded_texts import Mask
from spark_jobs.columnar.hashes import Hashes
from spark_jobs.columnar.ragged import Places, Ragged, from_lengths
from spark_jobs.columnar.word_hashes import word_hashes
from texts.opposites import SETS

_MEMBER_BITS, _SET_BITS = np.uint64(16), np.uint64(32)


def excluding_words(words: Ragged) -> Ragged:
    """Those of each row's words that stand in a set, as the number of the set and of the word in it; a word of several sets as often."""
    hashes, numbers = _table()
    first = np.searchsorted(hashes, words.values, side="left")
    times = np.searchsorted(hashes, words.values, side="right") - first
    counts = np.add.reduceat(np.append(times, 0), words.offsets[:-1]) * (words.lengths > 0)
    found = np.flatnonzero(times)
    repeated = np.repeat(first[found], times[found])
    ends = np.cumsum(times[found])
    within = np.arange(len(repeated)) - np.repeat(ends - times[found], times[found])
    return from_lengths(numbers[repeated + within], counts)


def opposite_sets(words: Hashes) -> Places:
    """The number of the set of each word, int64 (words,), -1 where it stands in none; sets that share a word are one here.

    >>> from spark_jobs.columnar.word_hashes import word_hashes
    >>> left, right, wrong, boat = opposite_sets(word_hashes(pa.array(["left right wrong boat"])).values).tolist()
    >>> left == right == wrong, boat
    (True, -1)
    """
    hashes, sets = _joined_sets()
    places = np.minimum(np.searchsorted(hashes, words), len(hashes) - 1)
    return np.where(hashes[places] == words, sets[places], -1)


def contradict(left: Ragged, right: Ragged) -> Mask:
    """Whether row i of `left` says one word of a set more often and row i of `right` another, or both say the same in another order.

    bool (pairs,); both are of excluding_words.
    """
    sides = [side.values + (side.row_of_value.astype(np.uint64) << _SET_BITS) for side in (left, right)]
    words, places = np.unique(np.concatenate(sides), return_inverse=True)
    signed = np.repeat(np.array([1, -1]), [len(side) for side in sides])
    surplus = np.bincount(places, signed, minlength=len(words))
    # the pair and the set of each word that one side has more often
    more_left, more_right = (words[surplus > 0] >> _MEMBER_BITS, words[surplus < 0] >> _MEMBER_BITS)
    both = np.intersect1d(more_left, more_right) >> (_SET_BITS - _MEMBER_BITS)
    opposed = np.zeros(len(left.lengths), np.bool_)
    opposed[both.astype(np.int64)] = True
    return opposed | _turned(sides[0], sides[1], words[surplus != 0], len(opposed))


def _turned(left: Hashes, right: Hashes, uneven: Hashes, pairs: int) -> Mask:
    """Whether a pair has the same words of a set on both sides, in another order; of the sets without an `uneven` word."""
    ordered = [np.sort(side >> _MEMBER_BITS) for side in (left, right)]
    words = [side[np.argsort(side >> _MEMBER_BITS, kind="stable")] for side in (left, right)]
    even = [~np.isin(sets, uneven >> _MEMBER_BITS) for sets in ordered]
    # without uneven words both sides have as many of each set, so that they stand beside one another
    first, second = (side[kept] for side, kept in zip(words, even, strict=True))
    found = np.zeros(pairs, np.bool_)
    found[(first[first != second] >> _SET_BITS).astype(np.int64)] = True
    return found


@cache
def _joined_sets() -> tuple[Hashes, Places]:
    """The hash of every different word, ascending, and the number of its set among those that share no word."""
    hashes, numbers = _table()
    words, word = np.unique(hashes, return_inverse=True)
    sets = (numbers >> _MEMBER_BITS).astype(np.int64)
    links = coo_array((np.ones(len(word)), (word, len(words) + sets)), shape=(len(words) + len(SETS),) * 2)
    return words, connected_components(links, directed=False)[1][: len(words)].astype(np.int64)


@cache
def _table() -> tuple[Hashes, Hashes]:
    """The hash of every word, ascending, and its numbers: the set in the bits above 16, the word in those below."""
    sets = [line.split() for line in SETS.split(";")]
    words = [word for members in sets for word in members]
    numbers = [number << 16 | member for number, members in enumerate(sets) for member in range(len(members))]
    hashes = word_hashes(pa.array(words))
    assert hashes.lengths.max() == hashes.lengths.min() == 1
    order = np.argsort(hashes.values, kind="stable")
    return hashes.values[order], np.array(numbers, np.uint64)[order]
