"""Greedy groups inside one cell of similar rows: numpy only, exact, bounded.

A seed takes rows one at a time, and only those that reach the cosine floor with every member so far; so each pair of a group reaches
it, and the mean pairwise cosine too. Sizes follow the published law (LM-Mixup, arXiv 2510.20449; method §5.1: a normal draw, rounded
and clipped), drawn from a hash of the seed's id instead of a stream of random numbers: the order of rows does not matter.

Three rows, of which the middle one is similar to both others, but these not to each other. It has the most similarity, so it is
the seed; it takes `a`, and `c` does not reach the floor with `a`:

>>> from spark_jobs.columnar.vectors import scaled
>>> vectors = scaled(np.array([[1, 0], [0.8, 0.6], [0, 1]]))
>>> close = products_above_floor(pair_products(vectors), kinds=np.zeros(3, int), cosine_floor=0.5)
>>> close / COSINE_ONE
array([[-inf,  0.8, -inf],
       [ 0.8, -inf,  0.6],
       [-inf,  0.6, -inf]], dtype=float32)
>>> list(greedy_groups(["a", "b", "c"], close, SizeDistribution(least=2, most=5, mean=3.0, sd=0.0, seed=7)))
[array([0, 1])]
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csr_array

from spark_jobs.columnar.hashes import hash64
from spark_jobs.columnar.vectors import COSINE_ONE, Positions, Products, ScaledVectors
from texts.subjects import endings


@dataclass(frozen=True)
class SizeDistribution:
    """How large groups may grow: clip(round(N(mean, sd)), least, most), method §5.1."""

    least: int
    most: int
    mean: float
    sd: float
    seed: int

    def capacity(self, seed_id: str) -> int:
        """The most members of the group that this row starts: the normal quantile at a hash of its id."""
        share = (hash64(f"size {self.seed} {seed_id}") + 0.5) / 2**64
        size = round(NormalDist(self.mean, self.sd).inv_cdf(share)) if self.sd else round(self.mean)
        return min(max(size, self.least), self.most)


def pair_products(vectors: ScaledVectors) -> Products:
    """The products of every two rows, shape (rows, rows); -inf of a row with itself."""
    products = vectors @ vectors.T
    np.fill_diagonal(products, -np.inf)
    return products


def products_above_floor(products: Products, kinds: NDArray[np.integer], cosine_floor: float) -> Products:
    """The products of rows of one kind that reach the floor, -inf elsewhere; `kinds` has shape (rows,)."""
    close = products >= cosine_floor * COSINE_ONE
    if len(kinds) and (kinds != kinds[0]).any():
        close &= kinds[:, None] == kinds
    return np.where(close, products, np.float32(-np.inf))


def of_one_subject(subjects: pa.ListArray) -> NDArray[np.bool_]:
    """Whether of each two rows one names nothing beyond the other, shape (rows, rows); `subjects` as in silver/instructions.

    A row that names nothing is of one subject with each; but a group is of pairs, and so of one subject as a whole.

    >>> of_one_subject(pa.array([["str.split"], ["str.join"], [], ["split"], ["17", "str.split"]])).astype(int)
    array([[1, 0, 1, 1, 1],
           [0, 1, 1, 0, 0],
           [1, 1, 1, 1, 1],
           [1, 0, 1, 1, 1],
           [1, 0, 1, 1, 1]])
    """
    names = [{ending for subject in row or () for ending in endings(subject)} for row in subjects.to_pylist()]
    numbers: dict[str, int] = {}
    columns = [numbers.setdefault(name, len(numbers)) for row in names for name in row]
    sizes = np.array([len(row) for row in names], np.int64)
    row = np.repeat(np.arange(len(names)), sizes)
    # shape (rows, names): 1 where the row has the name
    held = csr_array((np.ones(len(row), np.int32), (row, columns)), shape=(len(names), max(len(numbers), 1)))
    return (held @ held.T).toarray() >= np.minimum(sizes[:, None], sizes)


def greedy_groups(ids: Sequence[str], close: Products, sizes: SizeDistribution) -> Iterator[Positions]:
    """The members of disjoint groups by their positions, ascending. `ids` ascending; `close` as `products_above_floor` makes it.

    Rows with most similarity above the floor start first. A seed takes, one at a time, the free row with the highest mean
    cosine to the members so far, if it reaches the floor with each of them; ties go to the smaller id.
    """
    similarity = np.where(close > -np.inf, close, 0).sum(axis=1, dtype=np.float64)
    # 0 for a row that may still be taken, -inf for one in a group or without any row close to it: added to products, it rules out
    blocked = np.where(close.max(axis=1, initial=-np.inf) > -np.inf, np.float32(0), np.float32(-np.inf))
    for seed in np.argsort(-similarity, kind="stable"):
        if blocked[seed]:
            continue
        members, totals = [int(seed)], close[seed] + blocked
        capacity = sizes.capacity(ids[int(seed)])
        while len(members) < capacity:
            best = int(totals.argmax())
            if totals[best] == -np.inf:  # no free row is close to every member
                break
            members.append(best)
            totals += close[best]
        if len(members) >= sizes.least:
            blocked[members] = -np.inf
            yield np.array(sorted(members), np.int64)


@dataclass(frozen=True)
class GroupSimilarity:
    """How similar members are.

    to_mean: shape (members,), each member's cosine with the mean of its group. cohesion: shape (groups,), the mean cosine of all
    pairs of a group.
    """

    to_mean: NDArray[np.float64]
    cohesion: NDArray[np.float64]


def group_similarity(vectors: ScaledVectors, sizes: NDArray[np.int64]) -> GroupSimilarity:
    """Of groups of these sizes, at least two each; `vectors` has the members' rows, group after group.

    The mean over pairs needs no pairs: their products sum to |sum of members|^2 - sum of |member|^2.
    """
    members = vectors.astype(np.float64)
    starts = np.cumsum(sizes) - sizes
    totals = np.add.reduceat(members, starts, axis=0)
    squares = (members * members).sum(axis=1)
    lengths = (totals * totals).sum(axis=1)
    pairs = lengths - np.add.reduceat(squares, starts)
    cohesion = np.minimum(pairs / (sizes * (sizes - 1) * COSINE_ONE), 1.0)
    group = np.repeat(np.arange(len(sizes)), sizes)
    to_mean = (members * totals[group]).sum(axis=1) / np.sqrt(squares * lengths[group]).clip(1e-12)
    return GroupSimilarity(to_mean.round(6), cohesion.round(6))
