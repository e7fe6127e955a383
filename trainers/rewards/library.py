"""Rated items that a quality reward learns from: targets and variants of MIXTURE's sft split.

Ratings are the rubric's, 0..5: gold/mixture holds no other judge's. Whatever is learned from them is a judge of the surface.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.dataset as ds
from numpy.typing import NDArray

from texts import rubric

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Rated:
    """One rated text; rating: 0..5. origin: the MIXTURE row it comes from; texts of one row are alike and count as one when a judge is measured."""

    origin: str
    item_type: str
    text: str
    rating: int


def rated_items(mixture: ds.Dataset, most: int) -> list[Rated]:
    """At most `most` rated texts of the sft split, whole rows in the order of their ids, which are hashes: a random sample."""
    rows = mixture.to_table(
        columns=["id", "item_type", "members", "target"], filter=ds.field("split") == "sft"
    ).sort_by("id")
    texts: list[tuple[str, str, str]] = []
    for row in _rows(rows):
        parts = [(row["id"], row["item_type"], text) for text in (row["target"], *row["members"])]
        if len(texts) + len(parts) > most:
            break
        texts += parts
    ratings = rubric.ratings([text for *_, text in texts]) if texts else []
    return [Rated(*text, rubric.compress(rating.overall)) for text, rating in zip(texts, ratings, strict=True)]


def _rows(table: Any) -> Iterator[Mapping[str, Any]]:
    for batch in table.to_batches(max_chunksize=1_024):
        yield from batch.to_pylist()


def nearest(queries: Vectors, vectors: Vectors, count: int) -> tuple[NDArray[np.int64], Vectors]:
    """The places of the `count` nearest of `vectors` to each query and their cosines, nearest first, each of shape (queries, count).

    All are unit vectors; a query is compared with every one of them, in blocks.
    """
    count = min(count, len(vectors))
    places, cosines = [], []
    for start in range(0, len(queries), 1_024):
        likeness = queries[start : start + 1_024] @ vectors.T
        order = np.argsort(-likeness, axis=1, kind="stable")[:, :count]
        places.append(order)
        cosines.append(np.take_along_axis(likeness, order, axis=1))
    return np.concatenate(places), np.concatenate(cosines)


def by_type(items: Sequence[Rated]) -> dict[str, list[int]]:
    """The places of the items of each type."""
    found: dict[str, list[int]] = {}
    for place, item in enumerate(items):
        found.setdefault(item.item_type, []).append(place)
    return found
