"""Texts of a whole batch as arrays of code points, folded where that is harmless, and the cryptographic hash of each.

Folded is what carries no meaning: the Unicode form (NFC), full width, runs of white space, typographic quotes and dashes, decimal digits
of any script, and the case of words. Where it may tell Co from CO, MHz from mHz, US from us or -r from -R it stays, unless its place in the text
explains it. All else stays: punctuation, operators, brackets, powers.

    >>> copies = ["What  is tar, and why?", "what is Tar, and why?", "What is tar and why?", "x² of C", "x2 of C", "x2 of c"]
    >>> keys = by_alphabet(pa.array(copies), exact_keys, width=2)
    >>> [int(np.flatnonzero((keys == key).all(axis=1))[0]) for key in keys]  # for each the first that is the same
    [0, 0, 2, 3, 4, 5]
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from spark_jobs.columnar.code_points import (
    DIGIT,
    LETTER,
    LOWER,
    OPERATOR,
    SPACE,
    STOP,
    UNSPACED,
    UPPER,
    folds,
    kinds,
    looked_up,
    lowered,
)
from spark_jobs.columnar.hashes import Hashes
from spark_jobs.columnar.ragged import Places

Mask = NDArray[np.bool_]

_SHORT, _FEW, _LONG = (
    2,
    4,
    5,
)  # letters: of a word whose case counts; of one in capitals; of one that tells words in capitals
_AROUND = 3  # words on either side that are looked at for it
_SPACE = 32
# English words that are written with a capital for their place, as in a title
_TITLED = "An As At Be By Do Go He I If In Is It Me My No Of On Or So To Up Us We Am"


@dataclass(frozen=True)
class Folded:
    """Folded texts, one behind the other, each with a space before it and one behind it.

    codes: code points, uint8 where all are ASCII, else uint32. kinds: the bits of each, of code_points, uint16. offsets: where each text
    begins, with its space, int64 (texts + 1,). begins, ends: where words and numbers begin and end, int64 (tokens,) both; a character
    of a script without spaces is a word. cased: whether the case of a token counts, bool (tokens,).
    """

    codes: NDArray[Any]
    kinds: NDArray[np.uint16]
    offsets: Places
    begins: Places
    ends: Places
    cased: Mask


def by_alphabet(texts: pa.Array, work: Callable[[Folded], Hashes], width: int) -> Hashes:
    """What `work` gives for each text, uint64 (texts, width), from strings without nulls.

    Texts of ASCII alone, which most are, come to it apart from others: their code points take a byte instead of four.
    """
    found = np.zeros((len(texts), width), np.uint64)
    plain = pc.string_is_ascii(texts).to_numpy(zero_copy_only=False)
    for rows in (np.flatnonzero(plain), np.flatnonzero(~plain)):
        if len(rows):
            found[rows] = work(fold(texts.take(pa.array(rows)))).reshape(len(rows), width)
    return found


def fold(texts: pa.Array) -> Folded:
    """The folded texts, from strings without nulls."""
    codes, offsets = _one_space(*_code_points(pc.utf8_trim_whitespace(texts)))
    kind = looked_up(kinds(), codes)
    begins, ends = _tokens(kind)
    cased = _cased(codes, kind, offsets, begins, ends)
    steps = np.zeros(len(codes) + 1, np.int8)
    np.add.at(steps, begins[cased], 1)
    np.add.at(steps, ends[cased], -1)
    kept = np.cumsum(steps, dtype=np.int8)[:-1] > 0
    small = looked_up(lowered(), codes).astype(codes.dtype)
    # what lies beyond the table has no case
    codes = np.where(kept | (kind & UPPER == 0), codes, small)
    return Folded(codes, kind, offsets, begins, ends, cased)


def _code_points(texts: pa.Array) -> tuple[NDArray[Any], Places]:
    """The code points of all texts, each between two spaces, and where each begins with its space, int64 (texts + 1,)."""
    plain = bool(pc.all(pc.string_is_ascii(texts)).as_py())
    texts = texts if plain else pc.utf8_normalize(texts, form="NFC")
    lengths = pc.utf8_length(texts).to_numpy().astype(np.int64)
    joined = f" {'  '.join(texts.to_pylist())} "
    offsets = np.concatenate([[0], np.cumsum(lengths + 2)])
    if plain:
        return np.frombuffer(joined.encode("ascii"), np.uint8), offsets
    return np.frombuffer(joined.encode("utf-32-le"), np.uint32), offsets


def _one_space(codes: NDArray[Any], offsets: Places) -> tuple[NDArray[Any], Places]:
    """The same, folded but for case, with one space for each run of white space inside a text."""
    # what lies beyond the table stays as it is
    codes = np.where(codes < len(folds()), looked_up(folds(), codes), codes).astype(codes.dtype)
    space = codes == _SPACE
    stays = ~space
    stays[1:] |= ~space[:-1]
    stays[offsets[:-1]] = stays[offsets[1:] - 1] = True
    return codes[stays], np.concatenate([[0], np.cumsum(stays)[offsets[1:] - 1]])


def _tokens(kind: NDArray[np.uint16]) -> tuple[Places, Places]:
    part = kind & (LETTER | DIGIT)
    edge = (part[1:] != part[:-1]) | (kind[1:] & UNSPACED > 0) | (kind[:-1] & UNSPACED > 0)
    begins = np.flatnonzero(edge & (part[1:] > 0)) + 1
    ends = np.flatnonzero(edge & (part[:-1] > 0)) + 1
    return begins, ends


def _cased(codes: NDArray[Any], kind: NDArray[np.uint16], offsets: Places, begins: Places, ends: Places) -> Mask:
    """Whether the case of each token counts, bool (tokens,), where its place does not explain it.

    It counts in a word of one or two letters, in one of up to four capitals, and where a capital stands behind other letters.
    """
    large = kind & UPPER > 0
    larges, smalls = (np.concatenate([[0], np.cumsum(some)]) for some in (large, kind & LOWER > 0))
    small = smalls[ends] > smalls[begins]
    mixed = (larges[ends] > larges[begins + 1]) & small
    few = (ends - begins <= _SHORT) | (ends - begins <= _FEW) & ~small
    places = np.flatnonzero((larges[ends] > larges[begins]) & (mixed | few))
    begin, end = begins[places], ends[places]
    short = end - begin
    titled = large[begin] & (short <= _SHORT) & ((short == 1) | ~large[end - 1])
    # the first word of a text or sentence, also behind a quote or bracket
    opened = kind[begin - 1] & (LETTER | DIGIT | SPACE | OPERATOR) == 0
    before = np.where(opened, begin - 2, begin - 1)
    # the first character of a text stands behind its space and that of the text before
    starts = (kind[before] & SPACE > 0) & (kind[before - 1] & (STOP | SPACE) > 0)
    # a letter alone is a word where another follows: not in `I == 0`
    follows = (codes[end] == ord("'")) | (kind[np.minimum(end + 1, len(kind) - 1)] & LETTER > 0)
    word = (short > 1) | follows
    second = np.where(end - begin == 2, codes[begin + 1], 0).astype(np.uint32)
    named = np.isin(codes[begin].astype(np.uint32) | second << 8, _titled())
    # A Roof, but not vitamin A: the article of a title stands before a word with a capital
    behind = np.minimum(end + 1, len(kind) - 2)
    named |= (codes[begin] == ord("A")) & large[behind] & (kind[behind + 1] & LOWER > 0)
    cased = np.zeros(len(begins), np.bool_)
    cased[places] = ~(titled & (starts | named) & word | _in_capitals(kind, offsets, begins, ends, places))
    return cased


def _in_capitals(kind: NDArray[np.uint16], offsets: Places, begins: Places, ends: Places, tokens: Places) -> Mask:
    """Whether the words beside each of these tokens are in capitals, three of them or a long one among them, bool (tokens,)."""
    small, long = np.cumsum(kind & LOWER > 0), (ends - begins >= _LONG) & (kind[begins] & UPPER > 0)
    longs = np.concatenate([[0], np.cumsum(long)])
    row = row_of(offsets, begins[tokens])
    of_text = np.searchsorted(begins, offsets)
    first, last = np.maximum(tokens - _AROUND, of_text[row]), np.minimum(tokens + _AROUND, of_text[row + 1] - 1)
    sides = ((first, tokens), (tokens, last), (first, last))
    told = [
        (small[ends[to] - 1] == small[begins[at] - 1]) & ((longs[to + 1] > longs[at]) | (to - at >= _AROUND))
        for at, to in sides
    ]
    return np.any(told, axis=0)


@cache
def _titled() -> list[int]:
    """The one or two letters of each word of _TITLED in one number."""
    return [sum(ord(letter) << 8 * place for place, letter in enumerate(word)) for word in _TITLED.split()]


def row_of(offsets: Places, places: Places) -> Places:
    """The text that each place is in, int64 (places,)."""
    return np.searchsorted(offsets, places, side="right") - 1


def exact_keys(folded: Folded) -> Hashes:
    """The first 128 bits of BLAKE2b of each text, uint64 (texts, 2): equal for exact copies, and for nothing else."""
    bounds = folded.offsets.tolist()
    spans = pairwise(bounds)
    if folded.codes.dtype == np.uint8:
        content = memoryview(folded.codes.tobytes())
        digests = [hashlib.blake2b(content[begin:end], digest_size=16).digest() for begin, end in spans]
    else:
        text = folded.codes.tobytes().decode("utf-32-le", "surrogatepass")
        digests = [
            hashlib.blake2b(text[begin:end].encode("utf-8", "surrogatepass"), digest_size=16).digest()
            for begin, end in spans
        ]
    return np.frombuffer(b"".join(digests), np.uint64).reshape(-1, 2)
