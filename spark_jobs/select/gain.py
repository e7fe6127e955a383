"""What releasing a row is worth beside the others: in cells of similar rows, numpy only, exact.

`coverage` is facility location (Mirchandani and Francis 1990) with quality as weight: a row is served by a released one as much as that
is similar to it and good, and each row of the pool (those below the floor among them) counts the one that serves it best,

    F(released) = sum over rows i of  max over released j of  max(cosine(i, j), 0) * score(j) / 5

So quality, coverage of topics and redundancy are one figure without weights: a poor row serves nobody well, a row far from all
released ones is served by nobody, and a second row like a released one adds next to nothing. F is monotone and submodular; taking the
row that adds most, again and again, reaches 1 - 1/e of the most that any choice of that size reaches (Nemhauser, Wolsey and Fisher 1978).
Rows are served by rows of their own cell alone, so that F is a sum over cells, and the rows of all cells by falling gain are the
greedy order of the whole: no rule has to split a budget among cells.

`long_tail` is as published (LM-Mixup, arXiv 2510.20449; method §5.5): the mean cosine distance to the 15 nearest rows; here to those
of the row's cell, and over originals and distilled items together.

Three rows of which the first two are alike. The first serves both, and the third adds more than the second, which then adds nothing:

>>> from spark_jobs.columnar.vectors import scaled
>>> rows = Rows(scaled(np.array([[1, 0], [0.8, 0.6], [0, 1]])), np.array([5.0, 3.0, 5.0]))
>>> coverage(rows, candidates=np.array([0, 1, 2]), released=np.array([], int))
array([1.8, 0. , 1. ])
>>> coverage(rows, candidates=np.array([1]), released=np.array([0]))
array([0.36])
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heapreplace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from spark_jobs.columnar.vectors import COSINE_ONE, Positions, ScaledVectors

_STEPS = 1_000  # a score counts in thousandths, as a whole number: sums of whole numbers are the same in any order
_FULL = COSINE_ONE * 5 * _STEPS  # a row served by itself, with the best score
_NEIGHBOURS = 15

Gains = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """The rows of one cell: vectors, shape (rows, dimension), and scores 0..5, shape (rows,)."""

    vectors: ScaledVectors
    scores: Gains

    def serving(self, places: Positions) -> Gains:
        """How well each row is served by those at `places`, whole numbers up to _FULL; shape (rows, places)."""
        products = np.maximum(self.vectors @ self.vectors[places].T, 0).astype(np.float64)
        return products * np.rint(self.scores[places] * _STEPS)


def coverage(rows: Rows, candidates: Positions, released: Positions) -> Gains:
    """What each candidate adds to F when those with larger gains, and `released`, are released; shape (candidates,).

    In units of a row that is fully served. The lazy greedy algorithm (Minoux 1978): a gain found earlier is a bound, so that only the
    candidate with the largest is looked at again. Among equal ones the earlier goes first.
    """
    serving = np.ascontiguousarray(rows.serving(candidates).T)
    served = rows.serving(released).max(axis=1, initial=0)
    gains = np.maximum(serving - served, 0).sum(axis=1)
    bounds = [(-gain, place) for place, gain in enumerate(gains.tolist())]
    heapify(bounds)
    while bounds:
        bound, place = bounds[0]
        gains[place] = np.maximum(serving[place] - served, 0).sum()
        if gains[place] < -bound:  # others may add more by now
            heapreplace(bounds, (-float(gains[place]), place))
        else:
            heappop(bounds)
            np.maximum(served, serving[place], out=served)
    return gains / _FULL


def long_tail(rows: Rows, candidates: Positions, released: Positions) -> Gains:
    """The mean cosine distance of each candidate to the 15 rows nearest to it, fewer where there are fewer; shape (candidates,)."""
    products = rows.vectors[candidates] @ rows.vectors.T
    products[np.arange(len(candidates)), candidates] = -np.inf
    nearest = min(_NEIGHBOURS, len(rows.vectors) - 1)
    if nearest < 1:
        return np.ones(len(candidates))
    best = -np.partition(-products, nearest - 1, axis=1)[:, :nearest].astype(np.float64)
    return 1 - best.sum(axis=1) / (nearest * COSINE_ONE)


ORDERS: Mapping[str, Callable[[Rows, Positions, Positions], Gains]] = MappingProxyType(
    {"coverage": coverage, "long_tail": long_tail}
)
