"""Which texts may be near, among more than fit in memory: 3-grams lie in files of a temporary folder, parted by what is brought together.

Two texts are near where half of the distinct 3-grams of the shorter one are in the other. All such pairs are found, and not by comparing
all pairs: half of a set cannot be shared without one of its rarer half (prefix filtering, Bayardo, Ma and Srikant 2007), so a text is
compared with those that have enough of the rarer half of its 3-grams.

    grams    a text and a 3-gram of it        parted by 3-gram: how many texts have it
    counts   a text and how many that are     parted by text: up to how many a 3-gram is of the rarer half
    pairs    a text and one that shares       parted by text: how many of the rarer half they share
             one of its rarer half
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

NEAR = 0.5  # share of the shorter text's 3-grams that two near texts have in common
_TEXTS = 4_096  # in a part: some 7 MB of 3-grams
_HELD = 1 << 19  # rows in memory before they are parted, and pairs that are made at a time
_GRAM = np.dtype([("gram", np.uint64), ("text", np.uint32)])
_COUNT = np.dtype([("text", np.uint32), ("count", np.uint16)])
_PAIR = np.dtype([("text", np.uint32), ("other", np.uint32)])
_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # odd: times it, numbers fall into the parts alike

Grams = NDArray[np.uint64]
Numbers = NDArray[np.int64]
Rows = NDArray[Any]


class NearPairs:
    """Pairs of texts that may be near, of texts that are given by their 3-grams, of each ascending and distinct.

    >>> from tempfile import mkdtemp
    >>> texts = [np.array(grams, np.uint64) for grams in ([1, 2, 3, 4], [1, 2, 3, 9], [5, 6])]
    >>> found = NearPairs(texts, 3, 500, Path(mkdtemp()))
    >>> list(found), found.near(0, 1)  # three of four are shared, whichever of the two is asked
    ([(0, 1), (1, 0)], True)
    >>> found.close()

    count: how many texts there are. folder: an empty one, for files that are of use as long as the pairs are asked for. common: texts that may
    have a 3-gram before it counts as nobody's own. boilerplate: of each text whether some of its rarer half are common; it is compared
    with no longer one.
    """

    def __init__(self, texts: Iterable[Grams], count: int, common: int, folder: Path) -> None:
        self._folder, self._count, self._common = folder, count, common
        self._grams = self._parted("grams", _GRAM)
        self._sizes = self._taken(texts)
        self._whole = (folder / "whole").open("rb", buffering=0)
        self._ends = np.cumsum(self._sizes)
        self._most, self._rare = self._rarer_half()
        self.boilerplate = self._most > common

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Each text that is no boilerplate with each other one that is no shorter and may be near, by the text's place."""
        pairs = self._parted("pairs", _PAIR)
        for gram_rows in self._grams.read():
            text, first, many = _by_gram(gram_rows)
            rare = np.flatnonzero((many > 1) & (many <= self._most[text]) & ~self.boilerplate[text])
            for some in _cut(rare, many[rare]):
                one = np.repeat(text[some], many[some])
                other = text[np.repeat(first[some], many[some]) + _within(many[some])]
                fit = (self._sizes[other] >= self._sizes[one]) & (other != one)
                pairs.add(_rows(_PAIR, one[fit], other[fit]), self._part(one[fit]))
        for found in pairs.read():
            keys, shared = np.unique(
                found["text"].astype(np.uint64) << np.uint64(32) | found["other"], return_counts=True
            )
            text, other = (keys >> np.uint64(32)).astype(np.int64), (keys & np.uint64(2**32 - 1)).astype(np.int64)
            # what is not of the rarer half may be shared as well
            enough = shared + self._sizes[text] - self._rare[text] >= NEAR * self._sizes[text]
            yield from zip(text[enough].tolist(), other[enough].tolist(), strict=True)

    def near(self, text: int, other: int) -> bool:
        """Whether half of the text's 3-grams are the other's too."""
        own, theirs = self._of(text), self._of(other)
        places = np.minimum(np.searchsorted(theirs, own), len(theirs) - 1)
        return int(np.count_nonzero(theirs[places] == own)) >= NEAR * len(own)

    def close(self) -> None:
        """Closes the file of all 3-grams."""
        self._whole.close()

    def _taken(self, texts: Iterable[Grams]) -> Numbers:
        """The number of 3-grams of each text, once all are in files."""
        sizes: list[int] = []
        with (self._folder / "whole").open("wb") as whole:
            for some in _held(texts):
                held, lengths = np.concatenate(some), [len(one) for one in some]
                held.tofile(whole)
                of = np.repeat(np.arange(len(sizes), len(sizes) + len(some)), lengths)
                self._grams.add(
                    _rows(_GRAM, held, of), (held * _SPREAD >> np.uint64(40)).astype(np.int64) % self._parts
                )
                sizes += lengths
        return np.array(sizes, np.int64)

    def _rarer_half(self) -> tuple[Numbers, Numbers]:
        """For each text up to how many texts have one of its rarer half, and how many 3-grams these are: with ties more than half."""
        counts = self._parted("counts", _COUNT)
        for rows in self._grams.read():
            text, _, many = _by_gram(rows)
            counts.add(_rows(_COUNT, text, np.minimum(many, self._common + 1)), self._part(text))
        most, rare = np.zeros_like(self._sizes), np.zeros_like(self._sizes)
        for rows in counts.read():
            rows = rows[np.lexsort((rows["count"], rows["text"]))]
            texts, first = np.unique(rows["text"], return_index=True)
            size = self._sizes[texts]
            most[texts] = rows["count"][first + size - np.ceil(NEAR * size).astype(np.int64)]
            np.add.at(rare, rows["text"][rows["count"] <= most[rows["text"]]], 1)
        return most, rare

    @property
    def _parts(self) -> int:
        return 1 + self._count // _TEXTS

    def _parted(self, name: str, dtype: Any) -> _Parted:
        return _Parted(self._folder / name, dtype, self._parts)

    def _part(self, text: Numbers) -> Numbers:
        return text * self._parts // self._count

    def _of(self, text: int) -> Grams:
        size = int(self._sizes[text])
        self._whole.seek(8 * (int(self._ends[text]) - size))
        return np.frombuffer(self._whole.read(8 * size), np.uint64)


class _Parted:
    """Rows in files, parted by a number below `parts`; each part is read whole, in the order in which its rows came."""

    def __init__(self, path: Path, dtype: Any, parts: int) -> None:
        self._path, self._dtype, self._parts = path, dtype, parts

    def add(self, rows: Rows, part: Numbers) -> None:
        order = np.argsort(part, kind="stable")
        ends = np.searchsorted(part[order], np.arange(self._parts + 1))
        for n in np.flatnonzero(np.diff(ends)).tolist():
            with self._of(n).open("ab") as file:
                rows[order[ends[n] : ends[n + 1]]].tofile(file)

    def read(self) -> Iterator[Rows]:
        """The parts with rows in them."""
        yield from (np.fromfile(self._of(n), self._dtype) for n in range(self._parts) if self._of(n).exists())

    def _of(self, part: int) -> Path:
        return self._path.with_name(f"{self._path.name}-{part}")


def _rows(dtype: Any, one: Rows, other: Rows) -> Rows:
    rows: Any = np.empty(len(one), dtype)
    for name, values in zip(rows.dtype.names or (), (one, other), strict=True):
        rows[name] = values
    return rows


def _by_gram(rows: Rows) -> tuple[Numbers, Numbers, Numbers]:
    """The texts of the rows sorted by 3-gram; where the run of the 3-gram begins, and how long it is: each of shape (rows,).

    >>> rows = np.array([(7, 0), (5, 0), (7, 1)], _GRAM)
    >>> [part.tolist() for part in _by_gram(rows)]
    [[0, 0, 1], [0, 1, 1], [1, 2, 2]]
    """
    rows = rows[np.argsort(rows["gram"], kind="stable")]
    starts = np.flatnonzero(np.diff(rows["gram"], prepend=rows["gram"][0] + np.uint64(1)))
    lengths = np.diff(np.append(starts, len(rows)))
    return rows["text"].astype(np.int64), np.repeat(starts, lengths), np.repeat(lengths, lengths)


def _held(texts: Iterable[Grams]) -> Iterator[list[Grams]]:
    """The texts in lists that hold some `_HELD` 3-grams."""
    some, held = list[Grams](), 0
    for grams in texts:
        some.append(grams)
        held += len(grams)
        if held >= _HELD:
            yield some
            some, held = [], 0
    if some:
        yield some


def _cut(places: Numbers, sizes: Numbers) -> list[Numbers]:
    """The places in runs whose sizes are together about `_HELD`."""
    ends = np.cumsum(sizes)
    return np.split(places, np.searchsorted(ends, np.arange(_HELD, ends[-1], _HELD))) if len(places) else []


def _within(lengths: Numbers) -> Numbers:
    """0 up to each of the lengths: [2, 3] -> [0, 1, 0, 1, 2]."""
    return np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
