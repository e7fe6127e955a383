"""How much of a text says something that it has not said before: word 3-grams of whole columns, in numpy.

A word is a run of letters and digits, whatever their case; in scripts without spaces, a character.

    >>> words, shares = distinct_trigrams(pa.array(["Go on. Go on, go on!", "做饭。", ""]))
    >>> words.tolist(), shares.tolist()    # of the first text's 4 trigrams, "go on go" and "on go on" are distinct
    ([6, 2, 0], [0.5, 1.0, 1.0])

All texts of a block are one array of characters, here `go on. go on, go on!\\n做饭。\\n\\n`, and each step is one pass over it:

    kinds   LLGLLGGLLGLLGGLLGLLGG AAGG G    a letter, a gap, a character that is a word of its own
    starts  0 3 7 10 14 17 21 22            where the 8 words start; their ends are 2 5 9 12 16 19 22 23
    rows    0 0 0 0 0 0 1 1                 the text of each word
    inside  0 1 2 3                         the words that begin a trigram: two more of the same text come behind them
    grams   a b a b                         a hash for each of these, which counts as the trigram itself
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from spark_jobs.recognisers.matching import matches

_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_GAP, _LETTER, _ALONE = 0, 1, 2  # what a character is; _ALONE: a word by itself
_PLANE = 0x10000  # what lies above (emoji, rare Han) counts as one more letter
_BLOCK = 1 << 16  # characters looked at together: what fits a core's cache
_BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2^64
_INVERSE = pow(_BASE, -1, 1 << 64)

Numbers = NDArray[np.int64]  # counts, and places in other arrays
Hashes = NDArray[np.uint64]


# a prompt that wants something said again and again
_WANTED = (
    r"(?i)\b(?:repeat\w*|\d+ times|(?:ten|twenty|fifty|hundred|thousand)\w* (?:times|lines)|again and again|over and over"
    r"|refrain|chorus|mantra|wiederhol\w*|répéte\w*|repit\w*)\b|重复|遍"
)


def repetitive(texts: pa.StringArray, prompts: pa.StringArray, least_words: int, distinct: float) -> pa.BooleanArray:
    """Whether less than a share `distinct` of a text's word 3-grams are distinct, and its prompt does not ask for that.

    Never for texts shorter than `least_words`.
    """
    # so many words need so many characters, and characters that stand alone have three bytes
    enough = np.flatnonzero(np.asarray(pc.greater_equal(pc.binary_length(texts), 2 * least_words - 1)))
    mask = np.zeros(len(texts), bool)
    for rows in _blocks(enough, np.asarray(pc.utf8_length(texts))):
        words, shares = distinct_trigrams(texts.take(pa.array(rows)))
        mask[rows] = (words >= least_words) & (shares < distinct)
    found = np.flatnonzero(mask)
    mask[found] = ~np.asarray(matches(prompts.take(pa.array(found)), _WANTED), bool)
    return pa.array(mask)


def distinct_trigrams(texts: pa.StringArray) -> tuple[Numbers, NDArray[np.float64]]:
    """How many words each text has, and which share of its word 3-grams is distinct (1 where it has none).

    Both arrays have one entry a text: int64 and float64.
    """
    lowered = pc.utf8_lower(texts)
    # lower case can be longer; each text is followed by a line break, which keeps words of two texts apart
    offsets = np.concatenate([[0], np.cumsum(np.asarray(pc.utf8_length(lowered)) + 1)])
    characters = np.frombuffer("\n".join([*lowered.to_pylist(), ""]).encode("utf-32-le"), np.uint32)
    starts, ends = _word_places(np.take(_kinds(), characters, mode="clip"))
    counts = np.diff(np.searchsorted(starts, offsets))
    rows = np.repeat(np.arange(len(texts), dtype=np.uint64), counts)
    inside = np.flatnonzero(rows[:-2] == rows[2:])
    hashes = _word_hashes(characters, starts, ends)
    # mixed between the words, so that their order counts
    grams = _mix(_mix(_mix(hashes[inside]) + hashes[inside + 1]) + hashes[inside + 2])
    distinct = _count_distinct(rows[inside], grams, len(texts))
    return counts, np.where(counts > 2, distinct / np.maximum(counts - 2, 1), 1.0)


def _blocks(rows: Numbers, lengths: Numbers) -> Iterator[Numbers]:
    """The rows in runs of about _BLOCK characters.

    rows: int64, places in `lengths`, which has the characters of every text.
    """
    block = np.cumsum(lengths[rows]) // _BLOCK
    return (run for run in np.split(rows, np.flatnonzero(np.diff(block)) + 1) if len(run))


def _word_places(kinds: NDArray[np.uint8]) -> tuple[Numbers, Numbers]:
    """Where words start, and the places after their ends: two arrays of one entry a word.

    kinds: uint8, one a character; the last one is a gap.
    """
    # a word starts at a letter with no letter before it, and ends at one with no letter behind it
    starts = kinds == _LETTER
    starts[1:] &= kinds[:-1] != _LETTER
    starts |= kinds == _ALONE
    ends = kinds != _GAP
    ends[:-1] &= (kinds[1:] != _LETTER) | (kinds[:-1] == _ALONE)
    return np.flatnonzero(starts), np.flatnonzero(ends) + 1


def _word_hashes(characters: NDArray[np.uint32], starts: Numbers, ends: Numbers) -> Hashes:
    """A polynomial of each word's characters, modulo 2^64, as a difference of running sums.

    The word c0 c1 c2 at place p adds (c0 + c1 b + c2 b^2) b^p to the sums; times the inverse of b^p it is the same at every place.
    """
    powers, inverses = _powers(1 << len(characters).bit_length())
    sums = np.zeros(len(characters) + 1, np.uint64)
    np.cumsum(characters * powers[: len(characters)], out=sums[1:])
    return (sums[ends] - sums[starts]) * inverses[starts]


@cache
def _powers(count: int) -> tuple[Hashes, Hashes]:
    """The first `count` powers of the polynomial's base, and their inverses; kept, since a block needs as many as the one before."""
    bases = np.repeat(np.array([[_BASE], [_INVERSE]], np.uint64), count, axis=1)
    powers, inverses = np.multiply.accumulate(bases, axis=1)
    return powers, inverses


def _mix(hashes: Hashes) -> Hashes:
    """The hashes with their upper bits brought to the lower ones, which a product alone never does."""
    return (hashes ^ (hashes >> np.uint64(32))) * np.uint64(_BASE)


def _count_distinct(rows: Hashes, hashes: Hashes, count: int) -> Numbers:
    """How many different hashes each of `count` texts has.

    rows, hashes: uint64, one a trigram. Sorted as one number, the row in front, as much of the hash behind it as 64 bits hold.
    """
    bits = np.uint64(count.bit_length())
    keys = np.sort((rows << (np.uint64(64) - bits)) | (hashes >> bits))
    fresh = np.flatnonzero(np.diff(keys, prepend=~keys[:1]))
    return np.bincount((keys[fresh] >> (np.uint64(64) - bits)).astype(np.int64), minlength=count)


@cache
def _kinds() -> NDArray[np.uint8]:
    """What each character is, by code point: a gap, a letter of a word, or a word of its own; uint8 (_PLANE + 1,)."""
    kinds = np.full(_PLANE + 1, _LETTER, np.uint8)
    for point in range(_PLANE):
        character = chr(point)
        if character != "_" and unicodedata.category(character)[0] not in "LMN":
            kinds[point] = _GAP
        elif _UNSPACED.match(character):
            kinds[point] = _ALONE
    return kinds
