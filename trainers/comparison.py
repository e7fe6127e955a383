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
from scipy.special import stdtr, stdtrit  # Student's t, and its inverse; scipy.stats takes a second to import

_RESAMPLES_AT_ONCE = 50  # bounds memory: this many times the clusters


@dataclass(frozen=True)
class Difference:
    """A mean of paired differences: its standard error, and of how many clusters it is.

    freedom: degrees of freedom of the error; None: one less than there are clusters.
    """

    mean: float
    error: float
    clusters: int
    freedom: float | None = None

    def least(self, chance: float) -> float:
        """What the true difference exceeds but for this chance; nothing is known of fewer than two clusters."""
        return self.mean - self._reach(chance)

    def most(self, chance: float) -> float:
        """What it stays below but for this chance."""
        return self.mean + self._reach(chance)

    @property
    def chance(self) -> float:
        """The chance of a mean as far from 0, in either direction, where the true difference is 0."""
        if self.clusters < 2 or self.mean == 0:
            return 1.0
        return 2 * float(stdtr(self._freedom, -abs(self.mean) / self.error)) if self.error else 0.0

    @property
    def _freedom(self) -> float:
        return self.clusters - 1 if self.freedom is None else self.freedom

    def _reach(self, chance: float) -> float:
        return -float(stdtrit(self._freedom, chance)) * self.error if self.clusters > 1 else float("inf")


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


def over_seeds(differences: NDArray[np.float64], clusters: NDArray[np.int64], resamples: int, seed: int) -> Difference:
    """The mean of differences of shape (seeds, items) between models that were trained with these seeds.

    Its variance is that over clusters of the means of the seeds, by bootstrap, and that of the seeds, s^2 / n, since another seed draws other rows and
    begins elsewhere; the degrees of freedom of the sum are Satterthwaite's (1946). One seed says nothing of others.
    """
    items = compared(differences.mean(axis=0), clusters, resamples, seed)
    seeds = len(differences)
    parts = [(items.error**2, items.clusters - 1)]
    if seeds > 1:
        parts.append((float(differences.mean(axis=1).var(ddof=1)) / seeds, seeds - 1))
    total = sum(part for part, _ in parts)
    spread = sum(part**2 / freedom for part, freedom in parts if freedom)
    return Difference(items.mean, total**0.5, items.clusters, total**2 / spread if spread else None)


def holm(chances: Sequence[float], rate: float) -> list[tuple[float, float]]:
    """For each of several tests the chance as corrected for their number, and the rate at which it was tested (Holm 1979).

    Tests in order of their chances, the least first: the k-th of m is tested at rate / (m - k + 1); behind one that is not passed none is, at
    that one's rate. So an interval at this rate leaves 0 out just where the corrected chance is at most `rate`.

    >>> [(round(chance, 3), round(at, 4)) for chance, at in holm([0.03, 0.001, 0.4], 0.05)]
    [(0.06, 0.025), (0.003, 0.0167), (0.4, 0.025)]
    """
    found: dict[int, tuple[float, float]] = {}
    corrected, failed = 0.0, None
    for place, test in enumerate(sorted(range(len(chances)), key=lambda at: chances[at])):
        left = len(chances) - place
        corrected = max(corrected, min(1.0, left * chances[test]))
        at = failed or rate / left
        failed = failed or (at if chances[test] > at else None)
        found[test] = corrected, at
    return [found[test] for test in range(len(chances))]


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
