"""The published quality of a text: its rating expected by Bayes from the ratings of its neighbours in a library (method, section 4.3).

Of each class of rating 0..5, T[i, j] is how often a neighbour of an item of class i has class j, of two neighbours each, with 0.01 added to each
count; p is the share of each class. Sixteen neighbours of a text, of which h_j have class j, give

    log posterior_i = log p_i + sum_j h_j log T[i, j],    E = sum_i i x posterior_i

Example: classes 0 and 1 with p = (1/2, 1/2) and T = [[0.75, 0.25], [0.25, 0.75]]; two neighbours of class 1 and one of class 0 give
posterior odds of 3^2 / 3 = 3 for class 1, so E = 0.75.

Sixteen factors taken as independent make the posterior nearly certain, and T is not that of true to observed ratings: the repaired reward is
in trainers.rewards.quality_judge.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainers.rewards.library import Vectors, nearest

CLASSES = 6
_NEIGHBOURS = 16
_OF_EACH = 2  # neighbours that T is counted from
_SMOOTHING = 0.01
_TINY = 1e-12

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class KnnBayes:
    """A library of one item type. vectors: unit, shape (items, dimension). classes: 0..5, shape (items,)."""

    vectors: Vectors
    classes: NDArray[np.int64]
    transition: Matrix
    prior: Matrix

    @classmethod
    def of(cls, vectors: Vectors, classes: NDArray[np.int64]) -> "KnnBayes":
        """The library with its matrix and its prior. An item itself, its own nearest, is no neighbour of it."""
        places, _ = nearest(vectors, vectors, _OF_EACH + 1)
        counts = np.full((CLASSES, CLASSES), _SMOOTHING)
        own = np.repeat(classes, places.shape[1] - 1)
        np.add.at(counts, (own, classes[places[:, 1:]].ravel()), 1)
        prior = np.bincount(classes, minlength=CLASSES) + 1e-8
        return cls(vectors, classes, counts / counts.sum(axis=1, keepdims=True), prior / prior.sum())

    def expected(self, queries: Vectors) -> Matrix:
        """E of each query, 0..5, shape (queries,)."""
        places, _ = nearest(queries, self.vectors, _NEIGHBOURS)
        histogram = np.stack([np.bincount(self.classes[row], minlength=CLASSES) for row in places])
        return expected_class(histogram, self.transition, self.prior)


def expected_class(histogram: NDArray[np.int64], transition: Matrix, prior: Matrix) -> Matrix:
    """The expected class under each histogram of neighbours' classes, shape (queries,).

    >>> expected_class(np.array([[1, 2]]), np.array([[0.75, 0.25], [0.25, 0.75]]), np.array([0.5, 0.5])).round(6).tolist()
    [0.75]
    """
    logs = np.log(prior + _TINY) + histogram @ np.log(transition + _TINY).T
    posterior = np.exp(logs - logs.max(axis=1, keepdims=True))
    return (posterior / posterior.sum(axis=1, keepdims=True)) @ np.arange(len(prior))
