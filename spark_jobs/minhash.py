"""Word shingles, MinHash bands and exact Jaccard over whole batches: numpy and Arrow, no Spark.

A word is a run of letters, marks and digits after NFKC and lower case; scripts written without spaces count each character as a
word. Punctuation is dropped, numbers are kept. Shingles are 64-bit hashes; set arithmetic uses 50 of the bits, so that within a
pair of 100-shingle records two different shingles meet with a chance of about 10^-11.
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

SHINGLE = 3  # words
BANDS = 25
BAND_ROWS = 5  # 25 bands of 5 find a pair of J = 0.7 with probability 0.990, of 0.75 with 0.9988
MAX_BATCH = 1 << 14  # rows (or pairs) of one batch: what the bits beside a hash can number

_SET_BITS = 50
_NOT_A_WORD = r"[^\p{L}\p{M}\p{N}_]+"
_UNSPACED = r"([\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}])"
# Signs that carry no meaning of their own. Operators, currency and the like stay: 2 + 2 is not 2 - 2.
_STOPS = r"[\s.,;:!?\"'`´‘’“”„«»()\[\]{}…。、，！？；：「」『』]+"

Hashes = NDArray[np.uint64]


@dataclass(frozen=True)
class Ragged:
    """Rows of unequal length: row i is values[offsets[i]:offsets[i + 1]]."""

    values: Hashes
    offsets: NDArray[np.int64]

    @property
    def lengths(self) -> NDArray[np.int64]:
        return np.diff(self.offsets)

    @property
    def rows(self) -> NDArray[np.int64]:
        """The row of each value."""
        return np.repeat(np.arange(len(self.offsets) - 1), self.lengths)


def words(texts: pa.Array) -> tuple[Ragged, Hashes]:
    """The word hashes of each text in order, and a hash of each text's multiset of numbers (runs of digits)."""
    spaced = pc.replace_substring_regex(_folded(texts), _NOT_A_WORD, " ")
    if not pc.all(pc.string_is_ascii(spaced)).as_py():
        spaced = pc.replace_substring_regex(spaced, _UNSPACED, r" \1 ")
    trimmed = pc.utf8_trim_whitespace(spaced)
    split = pc.ascii_split_whitespace(pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed))
    codes = split.flatten().dictionary_encode()
    vocabulary = codes.dictionary.to_pylist()
    offsets = np.concatenate(
        [[0], np.cumsum(pc.fill_null(pc.list_value_length(split), 0).to_numpy(zero_copy_only=False))]
    )
    places = codes.indices.to_numpy(zero_copy_only=False)
    found = Ragged(_word_hashes(vocabulary)[places], offsets.astype(np.int64))
    return found, _row_sums(_number_hashes(vocabulary)[places], found)


def exact_keys(texts: pa.Array) -> list[str]:
    """32 hex digits for each text: equal where texts differ only in case, width, spaces and stops.

    Equal keys imply equal words, because what this drops is part of what `words` drops.
    """
    plain = pc.utf8_trim_whitespace(pc.replace_substring_regex(_folded(texts), _STOPS, " "))
    return [hashlib.blake2b(text.encode(), digest_size=16).hexdigest() for text in plain.to_pylist()]


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
    keys = np.empty((len(grams.offsets) - 1, BANDS), np.uint64)
    for band in range(BANDS):
        key = mix(guard + np.uint64(band + 1))
        for row in range(BAND_ROWS):
            key = mix(key + _minima(grams, band * BAND_ROWS + row))
        keys[:, band] = key
    return keys


def take_rows(ragged: Ragged, rows: NDArray[np.int64]) -> Ragged:
    """The chosen rows, in the order asked for."""
    lengths = ragged.lengths[rows]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    places = np.arange(offsets[-1]) + np.repeat(ragged.offsets[:-1][rows] - offsets[:-1], lengths)
    return Ragged(ragged.values[places], offsets)


def mix(values: Hashes) -> Hashes:
    """Each 64-bit number scrambled so that every bit depends on every bit (the finaliser of splitmix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def hash64(text: str) -> int:
    """A 64-bit hash of a text, the same on every machine."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def _folded(texts: pa.Array) -> pa.Array:
    return pc.utf8_lower(pc.utf8_normalize(texts, form="NFKC"))


def _word_hashes(vocabulary: list[str]) -> Hashes:
    return np.fromiter((hash64(word) for word in vocabulary), np.uint64, len(vocabulary))


def _number_hashes(vocabulary: list[str]) -> Hashes:
    sums = (sum(hash64(f"number {digits}") for digits in _digit_runs(word)) for word in vocabulary)
    return np.fromiter((total & 0xFFFFFFFFFFFFFFFF for total in sums), np.uint64, len(vocabulary))


def _digit_runs(word: str) -> Iterator[str]:
    if word.isalpha():
        return
    yield from "".join(letter if letter.isdigit() else " " for letter in word).split()


def _row_sums(values: Hashes, rows: Ragged) -> Hashes:
    """The sum of each row's values modulo 2^64: a hash of a multiset, whatever the order."""
    totals = np.concatenate([np.zeros(1, np.uint64), np.cumsum(values, dtype=np.uint64)])
    return totals[rows.offsets[1:]] - totals[rows.offsets[:-1]]


def _keyed(values: Hashes, rows: NDArray[np.int64]) -> Hashes:
    if len(rows) and rows[-1] >= MAX_BATCH:
        raise ValueError(f"a batch has at most {MAX_BATCH} rows")
    return (rows.astype(np.uint64) << np.uint64(_SET_BITS)) | values


def _minima(grams: Ragged, permutation: int) -> Hashes:
    factor, shift = _permutations()[permutation]
    return np.minimum.reduceat((grams.values * factor + shift) >> np.uint64(32), grams.offsets[:-1])


@cache
def _permutations() -> list[tuple[np.uint64, np.uint64]]:
    """An odd factor and a shift for each row of a signature, from a hash: no generator whose stream could change."""
    rows = range(BANDS * BAND_ROWS)
    return [(np.uint64(hash64(f"factor {row}") | 1), np.uint64(hash64(f"shift {row}"))) for row in rows]
