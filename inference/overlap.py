"""Which texts share word 3-grams: the clusters of texts that must not be parted, and texts too near a held-out one.

A text most of whose 3-grams are in hundreds of others could be compared with all of these only; it is boilerplate, and named as such instead.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from inference.near_pairs import NEAR, Grams, NearPairs
from texts.words import words

COMMON = 500  # texts that may have a 3-gram before it counts as nobody's own
_BITS = 21  # of a word's number: beyond two million words some share one, which makes texts look nearer than they are

Places = NDArray[np.int64]


class Vocabulary:
    """Numbers words, so that a 3-gram is one integer."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def grams(self, text: str) -> Grams:
        """The distinct word 3-grams of the text in lower case, ascending; a shorter text is one."""
        numbers = self._numbers
        coded = [numbers.setdefault(word.lower(), len(numbers) + 1) for word in words(text)]
        coded += [0] * (3 - len(coded))
        row = np.array(coded, np.uint64) & np.uint64((1 << _BITS) - 1)
        return np.unique(row[:-2] << np.uint64(2 * _BITS) | row[1:-1] << np.uint64(_BITS) | row[2:])


class Postings:
    """Texts by their 3-grams, that more can be added to.

    They lie in runs, each longer than those behind it, so that n texts are sorted n log n times in all. A 3-gram that more than `COMMON` texts of
    a run have finds none of them: two texts that share no other are not found to be near.
    """

    def __init__(self, texts: Sequence[Grams] = ()) -> None:
        self._runs = [_Run(texts)] if texts else []

    def add(self, grams: Grams) -> None:
        """Adds a text."""
        texts = [grams]
        while self._runs and len(self._runs[-1].texts) <= len(texts):
            texts = [*self._runs.pop().texts, *texts]
        self._runs.append(_Run(texts))

    def near(self, grams: Grams) -> bool:
        """Whether a text with these 3-grams is near one of the texts."""
        return any(run.near(grams) for run in self._runs)


class _Run:
    """Which of some texts have which 3-grams; texts by their place."""

    def __init__(self, texts: Sequence[Grams]) -> None:
        self.texts = texts
        self._sizes = np.array([len(grams) for grams in texts], np.int64)
        grams = np.concatenate(texts)
        order = np.argsort(grams, kind="stable")
        self._grams = grams[order]
        self._holders = np.repeat(np.arange(len(texts)), self._sizes)[order]

    def near(self, grams: Grams) -> bool:
        first = np.searchsorted(self._grams, grams, side="left")
        counts = np.searchsorted(self._grams, grams, side="right") - first
        rare = counts <= COMMON
        places, shared = np.unique(self._having(first[rare], counts[rare]), return_counts=True)
        least = NEAR * np.minimum(len(grams), self._sizes[places])
        # what is common may be shared as well
        maybe = shared + np.count_nonzero(~rare) >= least
        asked = zip(places[maybe].tolist(), least[maybe].tolist(), strict=True)
        return any(len(np.intersect1d(grams, self.texts[place], True)) >= enough for place, enough in asked)

    def _having(self, first: Places, counts: Places) -> Places:
        """The places of the texts that have 3-grams, of which the first stand there and there are so many."""
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return self._holders[np.repeat(first, counts) + within]


def clusters(texts: Iterable[str], groups: Sequence[Iterable[Hashable]]) -> list[int | None]:
    """For each text the first text of its cluster, None for boilerplate; near texts, and those that share one of their `groups`, are in one."""
    joined = _Sets(len(groups))
    first: dict[Hashable, int] = {}
    for place, named in enumerate(groups):
        for group in named:
            joined.join(place, first.setdefault(group, place))
    with (
        TemporaryDirectory() as folder,
        closing(NearPairs(map(Vocabulary().grams, texts), len(groups), COMMON, Path(folder))) as pairs,
    ):
        for text, other in pairs:
            if joined.root(text) != joined.root(other) and pairs.near(text, other):
                joined.join(text, other)
    return [None if boilerplate else joined.root(place) for place, boilerplate in enumerate(pairs.boilerplate.tolist())]


class _Sets:
    """Disjoint sets of places; the root of a set is its smallest place."""

    def __init__(self, count: int) -> None:
        self._above = array("q", range(count))

    def root(self, place: int) -> int:
        """The smallest place of the set."""
        while self._above[place] != place:
            self._above[place] = self._above[self._above[place]]
            place = self._above[place]
        return place

    def join(self, one: int, other: int) -> None:
        """Makes the sets of two places one."""
        low, high = sorted((self.root(one), self.root(other)))
        self._above[high] = low
