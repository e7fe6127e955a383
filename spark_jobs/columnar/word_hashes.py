"""Hashes of the words of whole batches of texts, straight from their bytes: numpy and Arrow, no Python loop over rows or words.

Only rows that are not plain ASCII are folded as Unicode (NFKC, lower case, decimal digits of any script as 0 to 9). After that every
byte is either part of a run (a word, a number) or a gap, and a table of 256 entries says which.
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

import hashlib
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

# Both name what lies beyond ASCII only: for ASCII there are tables.
_NOT_A_WORD = r"[^\x00-\x7F\p{L}\p{M}\p{N}]+"
_UNSPACED = r"([\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}])"
# Signs that carry no meaning of their own. Operators, currency and the like stay: 2 + 2 is not 2 - 2.
_STOPS = r"[\x{85}\x{1680}\x{2028}\x{2029}´‘’“”„«»…。、，！？；：「」『』]+"
_STOP_BYTES = b" \t\n\v\f\r\x1c\x1d\x1e\x1f.,;:!?\"'`()[]{}"

Hashes = NDArray[np.uint64]
_Places = NDArray[np.int64]

LONGEST = 256  # bytes of one run
_LAST_DIGIT = 0x1FFFF  # no plane after the second has decimal digits
_MASKS = np.array([(1 << 8 * count) - 1 for count in range(9)], np.uint64)  # the first bytes of a little-endian word


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
    """The word hashes of each text in order, and a hash of each text's multiset of numbers (runs of digits).

    A run of more than LONGEST bytes counts as several words.
    """
    data, offsets = _bytes(_refolded(texts, _spaced))
    found, numbers = (_run_hashes(*_runs(data, offsets, kind)) for kind in ("word", "digit"))
    return found, row_sums(numbers.values, numbers)


def exact_keys(texts: pa.Array) -> Hashes:
    """128 bits for each text, shape (rows, 2): equal where texts differ only in case, width, spaces and stops.

    Equal keys imply equal words, because what this drops is part of what `words` drops.
    """
    data, offsets = _bytes(_refolded(texts, _without_stops))
    found = _run_hashes(*_runs(data, offsets, "unstopped"))
    places = np.arange(len(found.values)) - np.repeat(found.offsets[:-1], found.lengths)
    placed = mix(found.values + _mixed(found.lengths.max(initial=0))[places])
    return np.stack([row_sums(lane, found) for lane in (placed, mix(placed))], axis=1)


def row_sums(values: Hashes, rows: Ragged) -> Hashes:
    """The sum of each row's values modulo 2^64: a hash of a multiset, whatever the order."""
    totals = np.concatenate([np.zeros(1, np.uint64), np.cumsum(values, dtype=np.uint64)])
    return totals[rows.offsets[1:]] - totals[rows.offsets[:-1]]


def take_rows(ragged: Ragged, rows: NDArray[np.int64]) -> Ragged:
    """The chosen rows, in the order asked for."""
    lengths = ragged.lengths[rows]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    places = np.arange(offsets[-1]) + np.repeat(ragged.offsets[:-1][rows] - offsets[:-1], lengths)
    return Ragged(ragged.values[places], offsets)


def mix(values: Hashes) -> Hashes:
    """Each 64-bit number scrambled so that every bit depends on every bit (the finaliser of splitmix64)."""
    mixed = values ^ (values >> np.uint64(30))
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def hash64(text: str) -> int:
    """A 64-bit hash of a text, the same on every machine."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def _refolded(texts: pa.Array, further: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """The texts with every row that is not plain ASCII folded and rewritten; bytes of ASCII rows are told apart by tables."""
    special = pc.invert(pc.string_is_ascii(texts))
    if not pc.any(special).as_py():
        return texts
    folded = pc.utf8_lower(pc.utf8_normalize(texts.filter(special), form="NFKC"))
    return pc.replace_with_mask(texts, special, further(_with_plain_digits(folded)))


def _with_plain_digits(texts: pa.Array) -> pa.Array:
    held = pc.match_substring_regex(texts, f"[{''.join(map(chr, _digits()))}]")
    if not pc.any(held).as_py():
        return texts
    plain = [text.translate(_digits()) for text in texts.filter(held).to_pylist()]
    return pc.replace_with_mask(texts, held, pa.array(plain, pa.string()))


def _spaced(texts: pa.Array) -> pa.Array:
    """Words apart by spaces; of scripts written without them, each character."""
    return pc.replace_substring_regex(pc.replace_substring_regex(texts, _NOT_A_WORD, " "), _UNSPACED, r" \1 ")


def _without_stops(texts: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(texts, _STOPS, " ")


def _bytes(texts: pa.Array) -> tuple[bytes, NDArray[np.int64]]:
    """The texts one after the other, each with a line feed behind it, and where each begins."""
    joined = pc.binary_join_element_wise(texts.cast(pa.binary()), b"", b"\n")
    _, ends, content = joined.buffers()
    offsets = np.frombuffer(ends, np.int32)[joined.offset : joined.offset + len(joined) + 1].astype(np.int64)
    return content.to_pybytes()[offsets[0] : offsets[-1]] if content else b"", offsets - offsets[0]


def _runs(data: bytes, offsets: NDArray[np.int64], kind: str) -> tuple[bytes, _Places, _Places, _Places]:
    """The text with 0 for every byte outside a run; start and length of each run; the first run of each row."""
    told = data.translate(_table(kind))
    inside = np.frombuffer(told, np.uint8) != 0
    edges = np.flatnonzero(np.diff(inside, prepend=False))
    starts, lengths = edges[::2], edges[1::2] - edges[::2]
    if len(lengths) and lengths.max() > LONGEST:
        starts, lengths = _cut(starts, lengths)
    return told, starts, lengths, np.searchsorted(starts, offsets)


def _cut(starts: _Places, lengths: _Places) -> tuple[_Places, _Places]:
    """Runs of more than LONGEST bytes as runs of LONGEST and a rest."""
    pieces = -(-lengths // LONGEST)
    number = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    begins = np.repeat(starts, pieces) + number * LONGEST
    return begins, np.minimum(np.repeat(starts + lengths, pieces) - begins, LONGEST)


def _run_hashes(told: bytes, starts: _Places, lengths: _Places, rows: _Places) -> Ragged:
    """A hash of every run, eight bytes at a time: all runs' first eight, then the next of those that have more."""
    eights: Hashes = np.ndarray(len(told), "<u8", told + bytes(8), strides=(1,))
    hashes = _mixed(LONGEST + 1)[lengths]
    left = np.arange(len(starts))
    for step in range(0, LONGEST, 8):
        left = left[lengths[left] > step] if step else left
        if not len(left):
            break
        content = eights[starts[left] + step] & _MASKS[np.minimum(lengths[left] - step, 8)]
        hashes[left] = mix(hashes[left] + content)
    return Ragged(hashes, rows)


def _mixed(count: int) -> Hashes:
    """The first `count` numbers, mixed."""
    return mix(np.arange(1, count + 1, dtype=np.uint64))


@cache
def _table(kind: str) -> bytes:
    """For each byte itself in lower case where it is part of a run, else 0."""
    members = {
        "word": b"_0123456789" + bytes(range(65, 91)) + bytes(range(97, 123)) + bytes(range(128, 256)),
        "digit": b"0123456789",
        "unstopped": bytes(set(range(256)) - set(_STOP_BYTES)),
    }[kind]
    return bytes(byte if byte in members else 0 for byte in range(256)).lower()


@cache
def _digits() -> dict[int, int]:
    """Every decimal digit of Unicode beyond ASCII, to its ASCII digit."""
    digits = ((code, unicodedata.decimal(chr(code), None)) for code in range(128, _LAST_DIGIT + 1))
    return {code: 48 + int(value) for code, value in digits if value is not None}
