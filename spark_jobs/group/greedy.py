"""Groups inside one cell of similar rows: numpy only, exact, bounded.

Every pair of members reaches the similarity floor, so a group's mean pairwise cosine does too. Sizes follow the published law
(method §5.1: a normal draw, rounded and clipped), drawn from a hash of the seed's id instead of a stream of random numbers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from spark_jobs.columnar.hashes import hash64
from spark_jobs.columnar.vectors import ONE, Places, Vectors

Products = NDArray[np.float32]


@dataclass(frozen=True)
class SizeLaw:
    """How large a group may grow: clip(round(N(mean, sd)), least, most), drawn for each seed row."""

    least: int
    most: int
    mean: float
    sd: float
    seed: int

    def draw(self, row_id: str) -> int:
        """The capacity of the group that this row starts."""
        share = (hash64(f"size {self.seed} {row_id}") + 0.5) / 2**64
        size = round(NormalDist(self.mean, self.sd).inv_cdf(share)) if self.sd else round(self.mean)
        return min(max(size, self.least), self.most)


def products(rows: Vectors) -> Products:
    """The product of every two rows, -inf of a row with itself."""
    similar = rows @ rows.T
    np.fill_diagonal(similar, -np.inf)
    return similar


def close_pairs(similar: Products, kinds: NDArray[np.integer], floor: float) -> Products:
    """The products of rows of one kind that reach the floor, -inf elsewhere."""
    allowed = similar >= floor * ONE
    if len(kinds) and (kinds != kinds[0]).any():
        allowed &= kinds[:, None] == kinds
    return np.where(allowed, similar, np.float32(-np.inf))


def groups(ids: Sequence[str], close: Products, law: SizeLaw) -> Iterator[Places]:
    """The members of disjoint groups by their places, ascending. `ids` ascending; `close` as `close_pairs` makes it.

    Rows with most similarity above the floor start first. A seed takes, one at a time, the free row with the highest mean
    cosine to the members so far, if it reaches the floor with each of them; ties go to the smaller id.
    """
    density = np.where(close > -np.inf, close, 0).sum(axis=1, dtype=np.float64)
    taken = np.where(close.max(axis=1, initial=-np.inf) > -np.inf, np.float32(0), np.float32(-np.inf))
    for seed in np.argsort(-density, kind="stable"):
        if taken[seed]:
            continue
        members = _grow(int(seed), close, taken, law.draw(ids[int(seed)]))
        if len(members) >= law.least:
            taken[members] = -np.inf
            yield members


def _grow(seed: int, close: Products, taken: NDArray[np.float32], size: int) -> Places:
    members, total = [seed], close[seed] + taken
    while len(members) < size:
        best = int(total.argmax())
        if total[best] == -np.inf:
            break
        members.append(best)
        total += close[best]
    return np.array(sorted(members), np.int64)


@dataclass(frozen=True)
class Likeness:
    """How alike members are: for each its cosine with its group's mean, for each group the mean cosine of its pairs."""

    similarity: NDArray[np.float64]
    cohesion: NDArray[np.float64]


def likeness(rows: Vectors, sizes: NDArray[np.int64]) -> Likeness:
    """Of the members' rows, group after group; at least two to a group."""
    members = rows.astype(np.float64)
    starts = np.array([0, *accumulate(sizes[:-1])], np.int64)
    totals = np.add.reduceat(members, starts, axis=0)
    squares = (members * members).sum(axis=1)
    lengths = (totals * totals).sum(axis=1)
    pairs = lengths - np.add.reduceat(squares, starts)
    cohesion = np.minimum(pairs / (sizes * (sizes - 1) * ONE), 1.0)
    group = np.repeat(np.arange(len(sizes)), sizes)
    to_mean = (members * totals[group]).sum(axis=1) / np.sqrt(squares * lengths[group]).clip(1e-12)
    return Likeness(to_mean.round(6), cohesion.round(6))
