"""How much of a text says something that it has not said before: word 3-grams of whole columns, in numpy.

A word is a run of letters and digits, whatever their case; in scripts without spaces, a character.
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

_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_GAP, _LETTER, _ALONE = 0, 1, 2
_PLANE = 0x10000  # what lies above (emoji, rare Han) counts as one more letter
_BLOCK = 1 << 16  # characters looked at together: what fits a core's cache
_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 1 << 64)

Numbers = NDArray[np.int64]
Hashes = NDArray[np.uint64]


def repetitive(texts: pa.StringArray, least_words: int, distinct: float) -> pa.BooleanArray:
    """Whether less than a share `distinct` of a text's word 3-grams are distinct; never for texts shorter than `least_words`."""
    # so many words need so many characters, and characters that stand alone have three bytes
    enough = np.flatnonzero(np.asarray(pc.greater_equal(pc.binary_length(texts), 2 * least_words - 1)))
    found = np.zeros(len(texts), bool)
    for rows in _blocks(enough, np.asarray(pc.utf8_length(texts))):
        words, shares = distinct_trigrams(texts.take(pa.array(rows)))
        found[rows] = (words >= least_words) & (shares < distinct)
    return pa.array(found)


def distinct_trigrams(texts: pa.StringArray) -> tuple[Numbers, NDArray[np.float64]]:
    """How many words each text has, and which share of its word 3-grams is distinct (1 where it has none)."""
    lowered = pc.utf8_lower(texts)
    offsets = np.concatenate([[0], np.cumsum(np.asarray(pc.utf8_length(lowered)) + 1)])
    letters = np.frombuffer("\n".join([*lowered.to_pylist(), ""]).encode("utf-32-le"), np.uint32)
    starts, ends = _word_places(np.take(_kinds(), letters, mode="clip"))
    counts = np.diff(np.searchsorted(starts, offsets))
    rows = np.repeat(np.arange(len(texts), dtype=np.uint64), counts)
    inside = np.flatnonzero(rows[:-2] == rows[2:])
    hashes = _word_hashes(letters, starts, ends)
    grams = _mixed(_mixed(_mixed(hashes[inside]) + hashes[inside + 1]) + hashes[inside + 2])
    distinct = _distinct(rows[inside], grams, len(texts))
    return counts, np.where(counts > 2, distinct / np.maximum(counts - 2, 1), 1.0)


def _blocks(rows: Numbers, lengths: Numbers) -> Iterator[Numbers]:
    """The rows in pieces of about _BLOCK characters."""
    block = np.cumsum(lengths[rows]) // _BLOCK
    return (piece for piece in np.split(rows, np.flatnonzero(np.diff(block)) + 1) if len(piece))


def _word_places(kinds: NDArray[np.uint8]) -> tuple[Numbers, Numbers]:
    """Where words start, and the places after their ends; the last character is a gap."""
    starts = kinds == _LETTER
    starts[1:] &= kinds[:-1] != _LETTER
    starts |= kinds == _ALONE
    ends = kinds != _GAP
    ends[:-1] &= (kinds[1:] != _LETTER) | (kinds[:-1] == _ALONE)
    return np.flatnonzero(starts), np.flatnonzero(ends) + 1


def _word_hashes(letters: NDArray[np.uint32], starts: Numbers, ends: Numbers) -> Hashes:
    """A polynomial of each word's letters, modulo 2^64, as a difference of running sums."""
    powers, inverses = _powers(1 << len(letters).bit_length())
    sums = np.zeros(len(letters) + 1, np.uint64)
    np.cumsum(letters * powers[: len(letters)], out=sums[1:])
    return (sums[ends] - sums[starts]) * inverses[starts]


@cache
def _powers(count: int) -> tuple[Hashes, Hashes]:
    """The first powers of the polynomial's base, and their inverses; kept, since a block needs as many as the one before."""
    bases = np.repeat(np.array([[_BASE], [_INVERSE]], np.uint64), count, axis=1)
    powers, inverses = np.multiply.accumulate(bases, axis=1)
    return powers, inverses


def _mixed(hashes: Hashes) -> Hashes:
    return (hashes ^ (hashes >> np.uint64(32))) * np.uint64(_BASE)


def _distinct(rows: Hashes, hashes: Hashes, count: int) -> Numbers:
    """How many different hashes each row has; what a row's number leaves of 64 bits is compared."""
    bits = np.uint64(count.bit_length())
    keys = np.sort((rows << (np.uint64(64) - bits)) | (hashes >> bits))
    fresh = np.flatnonzero(np.diff(keys, prepend=~keys[:1]))
    return np.bincount((keys[fresh] >> (np.uint64(64) - bits)).astype(np.int64), minlength=count)


@cache
def _kinds() -> NDArray[np.uint8]:
    """What each character is, by code point: a gap, a letter of a word, or a word of its own."""
    kinds = np.full(_PLANE + 1, _LETTER, np.uint8)
    for point in range(_PLANE):
        character = chr(point)
        if character != "_" and unicodedata.category(character)[0] not in "LMN":
            kinds[point] = _GAP
        elif _UNSPACED.match(character):
            kinds[point] = _ALONE
    return kinds
