"""A paired comparison of two models on the same items, by bootstrap over clusters of items, and an error rate for many of them.

Items built from one text, or from near-duplicates, are answered well or badly together: what is resampled is whole clusters (Field and Welsh 2007). Of the mean
difference the bootstrap gives the standard error; bounds are Student's, since chances far below 1 % are asked for, of which a
percentile of some thousand resamples knows nothing.

A rate of 2.5 % a try lets one of twenty equal challengers through in two lakes of five. Here try k has a chance of r / (k (k + 1)), which adds up
to r over any number of tries (alpha spending; Foster and Stine 2008 call it alpha investing without earnings).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

_RESAMPLES_AT_ONCE = 50  # bounds memory: this many times the clusters


@dataclass(frozen=True)
class Difference:
    """A mean of paired differences: its standard error, and of how many clusters it is."""

    mean: float
    error: float
    clusters: int

    def least(self, chance: float) -> float:
        """What the true difference exceeds but for this chance; nothing is known of fewer than two clusters."""
        return self.mean - self._reach(chance)

    def most(self, chance: float) -> float:
        """What it stays below but for this chance."""
        return self.mean + self._reach(chance)

    def _reach(self, chance: float) -> float:
        return float(student.isf(chance, self.clusters - 1)) * self.error if self.clusters > 1 else float("inf")


def spent(rate: float, number: int) -> float:
    """The chance of error of test `number`, counted from 1; over all tests these add up to `rate`.

    >>> [round(spent(0.05, number), 4) for number in (1, 2, 3, 20)]
    [0.025, 0.0083, 0.0042, 0.0001]
    """
    return rate / (number * (number + 1))


def compared(differences: NDArray[np.float64], clusters: NDArray[np.int64], resamples: int, seed: int) -> Difference:
    """The mean of the differences, shape (items,), with the bootstrap's error; clusters: each item's cluster, numbered from 0."""
    sizes, sums = np.bincount(clusters), np.bincount(clusters, weights=differences)
    count, draw = len(sizes), np.random.default_rng(seed)
    means: list[NDArray[np.float64]] = []
    for first in range(0, resamples, _RESAMPLES_AT_ONCE):
        drawn = draw.integers(count, size=(min(_RESAMPLES_AT_ONCE, resamples - first), count))
        means.append(sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1))
    # the bootstrap's variance is that of a sample: short by a factor of (count - 1) / count
    error = float(np.concatenate(means).std()) * np.sqrt(count / max(count - 1, 1))
    return Difference(float(differences.mean()), float(error), count)


def clustered(built_from: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """The number of each item's cluster, from the clusters of the texts each was built from: items with one in common are together.

    >>> clustered({"a": ["p", "q"], "b": ["r"], "c": ["q"], "d": []})
    {'a': 0, 'b': 1, 'c': 0, 'd': 2}
    """
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for item, texts in built_from.items():
        for text in texts:
            parent[root(f"text {text}")] = root(f"item {item}")
    numbers: dict[str, int] = {}
    return {item: numbers.setdefault(root(f"item {item}"), len(numbers)) for item in built_from}
