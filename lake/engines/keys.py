"""How often each key is in which tables, in bounded memory whatever the number of keys.

A key is reduced to a fingerprint of 128 bits. The distinct fingerprints are split by their bits into as many partitions as a limit
of memory demands; one partition is held at a time, and the tables are read once for each.

With two keys a and b, a limit of one distinct key, and kept = [a, b], removed = [b]:

    partition 0: fingerprints [[fa, f'a]], counts [[1, 0]]       a is once in kept
    partition 1: fingerprints [[fb, f'b]], counts [[1, 1]]       b is once in kept and once in removed
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute
import pyarrow.dataset as ds

from lake.engines.batches import read_batches

pc: Any = pyarrow.compute  # its functions are made at import, where types cannot see them

Fingerprints = npt.NDArray[np.uint64]  # (keys, 2)
Counts = npt.NDArray[np.int64]  # (keys, places)
Keys = Iterable[pa.Array]  # the same batches each time they are iterated: every partition reads them again

KEYS_IN_MEMORY = 2_000_000  # distinct keys of one partition: with six places, about 500 MB while they are sorted
_ID = r"\A[a-z]{3}_[0-9a-f]{24}\z"
_HASH = r"\A[0-9a-f]{64}\z"
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio: multiplying spreads the low bits over the high ones


@dataclass(frozen=True)
class Column:
    """The values of one column as keys, nulls among them; of a list column, its elements."""

    rows: ds.Dataset
    name: str
    where: ds.Expression | None = None

    def __iter__(self) -> Iterator[pa.Array]:
        for batch in read_batches(self.rows, [self.name], self.where):
            values = batch.column(0)
            yield pc.list_flatten(values) if pa.types.is_list(values.type) else values


@dataclass(frozen=True)
class Tally:
    """The distinct keys of one partition, sorted by their second half, and how often each is in each place."""

    fingerprints: Fingerprints
    counts: Counts


def tallies(
    places: Mapping[str, Keys], lookup: Mapping[str, Keys] | None = None, limit: int = KEYS_IN_MEMORY
) -> Iterator[Tally]:
    """One tally a partition of all keys of `places`; the columns of its counts are the places and then those of `lookup`.

    A key that only places of `lookup` have is left out: few new keys are looked up among many old ones in one reading of those.
    Raises TypeError for keys that are neither texts nor whole numbers.
    """
    others = lookup or {}
    bits = 0
    while (first := _partition(places, others, 0, bits, limit)) is None:
        bits += 1
    yield first
    for number in range(1, 1 << bits):
        tally = _partition(places, others, number, bits, limit)
        if tally is not None:
            yield tally


def _partition(
    places: Mapping[str, Keys], lookup: Mapping[str, Keys], number: int, bits: int, limit: int
) -> Tally | None:
    """Number `number` of 2^bits partitions; None where the first has more than `limit` keys, and so the others will."""
    total = _RunningTally(len(places) + len(lookup), limit)
    for place, keys in enumerate(places.values()):
        for found in _of_partition(keys, number, bits):
            total.add(place, found)
            if number == 0 and total.distinct > limit:
                return None
    wanted = total.merge().fingerprints[:, 1].copy()
    if number == 0 and len(wanted) > limit:
        return None
    for place, keys in enumerate(lookup.values(), len(places)):
        for found in _of_partition(keys, number, bits):
            total.add(place, found[_contained(wanted, found[:, 1])])
    tally = total.merge()
    # looked up by 64 of the 128 bits: what only looked alike is in none of `places`
    own = tally.counts[:, : len(places)].any(axis=1)
    return Tally(tally.fingerprints[own], tally.counts[own])


def _of_partition(keys: Keys, number: int, bits: int) -> Iterator[Fingerprints]:
    for values in keys:
        found = fingerprints(values)
        yield found[(found[:, 1] * _GOLDEN) >> np.uint64(64 - bits) == number] if bits else found


class _RunningTally:
    """Fingerprints are gathered and merged now and then, so that a key that comes a million times is held once."""

    def __init__(self, width: int, room: int) -> None:
        self._width, self._room, self._gathered = width, room, 0
        self._parts = [Tally(np.empty((0, 2), np.uint64), np.empty((0, width), np.int64))]

    @property
    def distinct(self) -> int:
        """How many different keys there were at the last merge."""
        return len(self._parts[0].counts)

    def add(self, place: int, found: Fingerprints) -> None:
        counts = np.zeros((len(found), self._width), np.int64)
        counts[:, place] = 1
        self._parts.append(Tally(found, counts))
        self._gathered += len(found)
        if self._gathered > self._room:
            self.merge()

    def merge(self) -> Tally:
        """The tally of all that was added."""
        keys = np.concatenate([part.fingerprints for part in self._parts])
        counts = np.concatenate([part.counts for part in self._parts])
        if len(self._parts) > 1 and len(keys):
            order = _order(keys)
            keys, counts = keys[order], counts[order]
            starts = np.flatnonzero(np.append(True, (keys[1:] != keys[:-1]).any(axis=1)))
            keys, counts = keys[starts], np.add.reduceat(counts, starts, axis=0)
        self._parts, self._gathered = [Tally(keys, counts)], 0
        return self._parts[0]


def _order(keys: Fingerprints) -> npt.NDArray[np.intp]:
    """An order in which equal keys are neighbours, by the second half first."""
    order = np.argsort(keys[:, 1])
    first, second = keys[order, 0], keys[order, 1]
    # 64 bits nearly always tell keys apart, and are sorted several times faster than 128
    if ((second[1:] == second[:-1]) & (first[1:] != first[:-1])).any():
        return np.lexsort((keys[:, 0], keys[:, 1]))
    return order


def _contained(ordered: npt.NDArray[np.uint64], values: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    """Which of the values are among the `ordered` ones."""
    places = np.searchsorted(ordered, values)
    inside = places < len(ordered)
    inside[inside] = ordered[places[inside]] == values[inside]
    return inside


def fingerprints(values: pa.Array) -> Fingerprints:
    """A row of two numbers for each value, equal where values are: uint64, (values, 2).

    An id of ours (`rec_` and 24 hex digits) is 128 bits as it is, and a SHA-256 of a text is folded to as many. Anything else is hashed
    by BLAKE2b: that two of a billion different texts share a fingerprint has a chance of 10^-21, so no text is compared again. A null
    is two zeros.
    """
    if pa.types.is_integer(values.type) or pa.types.is_null(values.type):
        values = values.cast(pa.string())
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        raise TypeError(f"Keys are texts or whole numbers, not {values.type}")
    found = np.zeros((len(values), 2), np.uint64)
    left = np.flatnonzero(values.is_valid().to_numpy(zero_copy_only=False))
    texts = values.drop_null()
    for pattern, packed in ((_ID, _packed_ids), (_HASH, _folded_hashes)):
        told = pc.match_substring_regex(texts, pattern)
        chosen = told.to_numpy(zero_copy_only=False)
        found[left[chosen]] = packed(texts.filter(told))
        left, texts = left[~chosen], texts.filter(pc.invert(told))
    found[left] = _hashed(texts)
    return found


def _packed_ids(ids: pa.Array) -> Fingerprints:
    """Ids as they are: 4 bytes of kind, and 24 hex digits as 12 bytes."""
    letters = _letters(ids, 28)
    return np.concatenate([letters[:, :4], _bytes(letters[:, 4:])], axis=1).view(">u8").astype(np.uint64)


def _folded_hashes(hashes: pa.Array) -> Fingerprints:
    """Of 64 hex digits as four numbers the first two, mixed with the others, so that each digit counts."""
    numbers = _bytes(_letters(hashes, 64)).view(">u8").astype(np.uint64)
    return numbers[:, :2] ^ (numbers[:, 2:] * _GOLDEN)


def _letters(texts: pa.Array, length: int) -> npt.NDArray[np.uint8]:
    """The characters of texts of one length, (texts, length)."""
    fixed = texts.cast(pa.binary()).cast(pa.binary(length))
    return np.frombuffer(fixed.buffers()[1], np.uint8).reshape(-1, length)[fixed.offset : fixed.offset + len(fixed)]


def _bytes(digits: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Hex digits in pairs as bytes, (texts, digits / 2)."""
    values = (digits & 15) + 9 * (digits >> 6)  # "0" to "9" are 0x30 to 0x39, "a" to "f" 0x61 to 0x66
    return np.ascontiguousarray(values[:, ::2] << 4 | values[:, 1::2], np.uint8)


def _hashed(texts: pa.Array) -> Fingerprints:
    """Each different text is hashed once: a source or an address comes with thousands of rows."""
    coded = texts.dictionary_encode()
    digests = b"".join(blake2b(text.encode(), digest_size=16).digest() for text in coded.dictionary.to_pylist())
    return np.frombuffer(digests, np.uint64).reshape(-1, 2)[coded.indices.to_numpy()]
