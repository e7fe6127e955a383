"""How a judge confuses scores, estimated from its ratings and their neighbourhoods alone.

DS2 (arXiv 2410.10877) with the estimator HOC (arXiv 2102.05291). Let T[i, j] be the probability that a record truly of score i is rated j, and
p[i] the share of score i. If a record and its two nearest neighbours are truly of one score (clusterability), and each was rated on
its own, then ratings agree as often as

    c1[j] = sum_i p[i] T[i, j]        c2[j, k] = sum_i p[i] T[i, j] T[i, k]        c3[j, k, l] = sum_i p[i] T[i, j] T[i, k] T[i, l]

say. c1 and c2 are sums of c3, so c3 holds all of it. T and p are those under which the counted triples are most likely, found by expectation
maximisation (Dawid and Skene 1979, with one T for all three). The paper brings c1, c2 and c3 near the counted ones by gradient descent on
their distances, from the same start; why not so here is in docs/decisions/0021-curation-and-champion.md.

A record that is truly unlike its neighbours looks the same as one that was rated wrongly: no figure made of ratings and vectors can tell
them apart. `agreement` measures whether neighbours say anything about a rating at all.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CLASSES = 6  # scores 0..5
_START = np.where(
    np.eye(CLASSES) > 0, np.exp(4), np.exp(-1)
)  # of T, before its rows are scaled to 1 (the paper's): most ratings are right
_TINY = 1e-12
_ROUNDS = 2_000  # of 216 products each
_SHARES = (0.05, 0.95)  # a class has at least and at most this share of errors (the authors' code)

Classes = NDArray[np.int64]  # shape (records,), 0..5
Triples = NDArray[np.float64]  # shape (6, 6, 6): shares of the ratings of a record and its two nearest neighbours


@dataclass(frozen=True)
class Confusion:
    """transition: shape (6, 6), a row a true score, each adds up to 1. prior: shape (6,), the shares of the true scores."""

    transition: NDArray[np.float64]
    prior: NDArray[np.float64]

    def error_shares(self) -> NDArray[np.float64]:
        """Of the records rated j the share truly of another score, shape (6,): 1 - T[j, j] p[j] / c1[j], within 0.05..0.95."""
        rated = np.maximum(self.prior @ self.transition, _TINY)
        return np.clip(1 - np.diag(self.transition) * self.prior / rated, *_SHARES)


def triples(own: Classes, first: Classes, second: Classes) -> Triples:
    """How often each three scores occur as those of a record, of its nearest neighbour and of the next nearest."""
    counts = np.zeros((CLASSES,) * 3)
    np.add.at(counts, (own, first, second), 1)
    return counts / max(len(own), 1)


def agreement(counted: Triples) -> float:
    """Cohen's kappa of a record's score with that of each of the two: 0 where neighbours say nothing about it, 1 where they have the same."""
    pairs = (counted.sum(axis=2) + counted.sum(axis=1)) / 2
    chance = float(pairs.sum(axis=0) @ pairs.sum(axis=1))
    return (float(np.trace(pairs)) - chance) / (1 - chance) if chance < 1 else 0.0


def estimated(counted: Triples) -> Confusion:
    """The confusion under which the counted triples are most likely."""
    transition, prior = _rows(_START), np.full(CLASSES, 1 / CLASSES)
    for _ in range(_ROUNDS):
        # shape (6, 6, 6, 6): how much of each triple comes from each true score
        joint = np.einsum("i,ij,ik,il->ijkl", prior, transition, transition, transition)
        share = counted * joint / np.maximum(joint.sum(axis=0), _TINY)
        prior = share.sum(axis=(1, 2, 3))
        transition = _rows(share.sum(axis=(2, 3)) + share.sum(axis=(1, 3)) + share.sum(axis=(1, 2)) + _TINY)
    return Confusion(transition, prior)


def _rows(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return matrix / matrix.sum(axis=1, keepdims=True)


@dataclass(frozen=True)
class Votes:
    """What a record's neighbours say of its score; each field has shape (records,).

    fit: weight of the votes for the record's own score over the length of the vector of all votes, 0..1. suggested: the other score with
    the most weight. confidence: its share of all weight.
    """

    fit: NDArray[np.float64]
    suggested: Classes
    confidence: NDArray[np.float64]


def votes(own: Classes, neighbours: Classes, cosines: NDArray[np.float64]) -> Votes:
    """Each of the k nearest votes for its own score with its cosine, and the record for its own, as if it lay as much nearer
    than the first as this one is nearer than the second (2 c1 - c2; the authors' code).

    neighbours, cosines: shape (records, k), nearest first; k is at least 2. Cosines below 0 count as 0.
    """
    rows = np.arange(len(own))
    weights = np.zeros((len(own), CLASSES))
    itself = 2 * cosines[:, 0] - cosines[:, 1]
    np.add.at(weights, (rows, own), np.clip(itself, 0, 1))
    np.add.at(weights, (rows[:, None], neighbours), np.clip(cosines, 0, 1))
    fit = weights[rows, own] / np.maximum(np.linalg.norm(weights, axis=1), _TINY)
    total = np.maximum(weights.sum(axis=1), _TINY)
    weights[rows, own] = -1
    suggested = weights.argmax(axis=1)
    return Votes(fit, suggested, weights[rows, suggested] / total)


def limits(confusion: Confusion, own: Classes, fit: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each score the fit at and below which a record counts as rated wrongly, shape (6,): the share of errors of its class lies there."""
    shares = confusion.error_shares()
    return np.array([
        np.quantile(fit[own == score], share) if (own == score).any() else -1.0 for score, share in enumerate(shares)
    ])  # fmt: skip
