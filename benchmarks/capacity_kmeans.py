"""The published grouping procedure, capacity-constrained k-means, as the baseline of benchmarks/group.py.

Written from its description (design notes, method §5.1): sizes drawn until they cover the rows; as many centres as sizes, by
mini-batch k-means with k-means++; then each row, the surest first, takes the most similar centre that still has room. There is
no similarity floor: every row ends in a group.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import MiniBatchKMeans

_BATCH = 2_048
_BLOCK = 4_096


def capacities(
    count: int, least: int, most: int, mean: float, sd: float, draw: np.random.Generator
) -> NDArray[np.int64]:
    """Group sizes that sum to `count`: clipped normal draws, the surplus taken from the last of them."""
    sizes = np.zeros(0, np.int64)
    while sizes.sum() < count:
        more = np.clip(np.rint(draw.normal(mean, sd, max(16, count // 2))), least, most).astype(np.int64)
        sizes = np.concatenate([sizes, more])
    sizes = sizes[: int(np.searchsorted(np.cumsum(sizes), count)) + 1]
    surplus = int(sizes.sum()) - count
    for place in range(len(sizes) - 1, -1, -1):
        taken = min(surplus, int(sizes[place]) - least)
        sizes[place] -= taken
        surplus -= taken
    return draw.permutation(sizes)


def grouped(
    rows: NDArray[np.float32], least: int = 2, most: int = 5, mean: float = 3.0, sd: float = 1.0, seed: int = 42
) -> NDArray[np.int64]:
    """The group of each unit row. Time grows with the square of the rows."""
    room = capacities(len(rows), least, most, mean, sd, np.random.default_rng(seed))
    once: Any = 1  # starts: scikit-learn's types know only its default, a word
    model = MiniBatchKMeans(len(room), batch_size=_BATCH, max_iter=30, n_init=once, random_state=seed).fit(rows)
    centres = model.cluster_centers_ / np.maximum(np.linalg.norm(model.cluster_centers_, axis=1, keepdims=True), 1e-12)
    parts = [rows[start : start + _BLOCK] @ centres.T for start in range(0, len(rows), _BLOCK)]
    surest = np.argsort(-np.concatenate([part.max(axis=1) for part in parts]), kind="stable")
    group = np.full(len(rows), -1, np.int64)
    for row in surest:
        similar = np.where(room > 0, parts[row // _BLOCK][row % _BLOCK], -np.inf)
        group[row] = best = int(similar.argmax())
        room[best] -= 1
    return group
