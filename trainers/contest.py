"""Two distillers that answered the same held-out items: what they scored, and which items go together."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.dataset as ds
from numpy.typing import NDArray

from lake.errors import StageFailed
from lake.ids import content_id
from lake.models.serving import Serving
from trainers.comparison import Difference, clustered, compared

GUARDS = ("grounding", "recovered", "reference")  # figures that may not get worse

Figures = Mapping[str, NDArray[np.float64]]  # by name of a figure, shape (items,)


@dataclass(frozen=True)
class Contest:
    """The answers of two distillers to the same held-out items.

    items: their ids. old, new: by figure (score, grounding, ...), shape (items,). clusters: shape (items,).
    """

    champion: Serving
    challenger: Serving | None
    items: tuple[str, ...]
    old: Figures
    new: Figures
    clusters: NDArray[np.int64]

    @classmethod
    def of(cls, answers: ds.Dataset, mixture: ds.Dataset) -> "Contest":
        """What gold/heldout_answers holds; an answer that failed counts as 0. Raises StageFailed where no champion answered."""
        sides = {role: _answered(answers, role) for role in ("champion", "challenger")}
        serving, old = sides["champion"]
        challenger, new = sides["challenger"]
        if serving is None:
            raise StageFailed("gold/heldout_answers holds no answer of the distiller in service")
        items = tuple(sorted(old.keys() & new.keys()))
        figures = [
            {name: np.array([side[item][name] or 0.0 for item in items]) for name in ("score", *GUARDS)}
            for side in (old, new)
        ]
        built = mixture.to_table(columns=["id", "clusters"], filter=ds.field("split") == "heldout").to_pylist()
        clusters = clustered({row["id"]: row["clusters"] or () for row in built})
        return cls(
            serving, challenger, items, figures[0], figures[1], np.array([clusters[item] for item in items], int)
        )

    @property
    def id(self) -> str:
        """The same for the same distillers with the same scores."""
        pairs = [f"{one:.6f} {other:.6f}" for one, other in zip(self.old["score"], self.new["score"], strict=True)]
        return content_id(
            "dec", self.champion.model, str(self.challenger and self.challenger.model), *self.items, *pairs
        )

    def difference(self, figure: str, resamples: int, seed: int) -> Difference:
        """Challenger less champion in one figure."""
        numbers = np.unique(self.clusters, return_inverse=True)[1]
        return compared(self.new[figure] - self.old[figure], numbers, resamples, seed)


def _answered(answers: ds.Dataset, role: str) -> tuple[Serving | None, dict[str, dict[str, Any]]]:
    """Who answered in this role, and its figures by item."""
    columns = ["item_id", "model", "engine", "uri", "score", *GUARDS]
    rows = answers.to_table(columns=columns, filter=ds.field("role") == role).to_pylist()
    return (Serving(*(rows[0][name] for name in ("model", "engine", "uri"))) if rows else None), {
        row["item_id"]: row for row in rows
    }
