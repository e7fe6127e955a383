"""Groups inside one cell of similar rows: numpy only, deterministic, bounded.

Every pair of members reaches the similarity floor, so a group's mean pairwise cosine does too. Sizes follow the published law
(method §5.1: a normal draw, rounded and clipped), drawn from a hash of the seed's id instead of a stream of random numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from lake.ids import content_id
from spark_jobs.runs import hash64
from spark_jobs.vectors import Vectors, unit

Places = NDArray[np.int64]


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


@dataclass(frozen=True)
class Group:
    """Members by their places in the cell, each one's cosine with the group's mean, and the mean pairwise cosine."""

    id: str
    members: Places
    similarity: NDArray[np.float64]
    cohesion: float


def groups(ids: NDArray[np.object_], rows: Vectors, floor: float, law: SizeLaw) -> Iterator[Group]:
    """Disjoint groups, whatever the order of the rows. `ids` ascending, `rows` unit norm, shape (rows, dimension).

    Rows with most similarity above the floor start first. A seed takes, one at a time, the free row with the highest mean
    cosine to the members so far, if it reaches the floor with each of them; ties go to the smaller id.
    """
    # later digits depend on the shape of the product; rounded down, so that nobody reaches the floor by rounding
    similar = (np.floor(rows @ rows.T * 1e5) / 1e5).astype(np.float32)
    np.fill_diagonal(similar, -1.0)
    close = similar >= floor
    density = np.where(close, similar, 0).sum(axis=1, dtype=np.float64).round(3)
    free: NDArray[np.bool_] = np.asarray(close.any(axis=1))
    for seed in np.lexsort((np.arange(len(ids)), -density)):
        if not free[seed]:
            continue
        members = _grow(int(seed), similar, close, free, law.draw(str(ids[seed])))
        if len(members) >= law.least:
            free[members] = False
            yield _group(members, ids, rows)


def _grow(
    seed: int, similar: NDArray[np.float32], close: NDArray[np.bool_], free: NDArray[np.bool_], size: int
) -> Places:
    members = [seed]
    open_rows = free & close[seed]
    total = similar[seed].copy()
    while len(members) < size and open_rows.any():
        best = int(np.where(open_rows, total, -np.inf).argmax())
        members.append(best)
        open_rows &= close[best]
        total += similar[best]
    return np.array(sorted(members), np.int64)


def _group(members: Places, ids: NDArray[np.object_], rows: Vectors) -> Group:
    chosen = rows[members].astype(np.float64)
    count = len(members)
    total = chosen.sum(axis=0)
    cohesion = (float(total @ total) - float((chosen * chosen).sum())) / (count * (count - 1))
    similarity = chosen @ unit(total)
    return Group(content_id("grp", *sorted(ids[members])), members, similarity.round(6), round(cohesion, 6))
