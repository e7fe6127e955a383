"""Whether the training set keeps to its budget and to the quotas of sources and licence classes, reckoned from its rows alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property

import pyarrow.dataset as ds

from expectations.frames import field, pc
from expectations.rules import Rule, at_most, none
from lake.engines.batches import read_batches
from texts.licences import CLASSES
from texts.tokens import BYTES_A_TOKEN


class Used:
    """How much of the training set, in rows or estimated tokens, each source and each licence class has; read when it is first asked."""

    def __init__(self, rows: ds.Dataset, unit: str) -> None:
        self._rows, self._unit = rows, unit

    @cached_property
    def _used(self) -> Counter[tuple[str, str]]:
        used = Counter[tuple[str, str]]()
        octets = pc.add(*(pc.coalesce(pc.binary_length(field(name)), 0) for name in ("prompt", "answer")))
        columns = {"octets": octets, "sources": field("sources"), "licences": field("licences")}
        for batch in read_batches(self._rows, columns):
            for row in batch.to_pylist():
                licences = {("licence", CLASSES.get(one, one)) for one in row["licences"] or ()}
                sources = {("source", one) for one in row["sources"] or ()}
                size = 1 if self._unit == "rows" else max(1, -(-row["octets"] // BYTES_A_TOKEN))
                used.update(dict.fromkeys({("all", ""), *sources, *licences}, size))
        return used

    def in_all(self) -> int:
        """What the whole set has."""
        return self._used["all", ""]

    def over(self, limits: Mapping[str, int]) -> int:
        """How many licence classes have more than they may."""
        return sum(self._used["licence", name] > most for name, most in limits.items())

    def sources_over(self, most: int) -> int:
        """How many sources have more than each may."""
        return sum(size > most for (kind, _), size in self._used.items() if kind == "source")


def within_budget(
    rows: ds.Dataset, budget: int, unit: str, source_share: float, licence_shares: Mapping[str, float]
) -> Iterable[Rule]:
    """How large the set is, in rows or estimated tokens, and how many sources and licence classes have more than they may."""
    used = Used(rows, unit)
    yield at_most("within_budget", used.in_all, budget, f"The set has no more {unit} than its budget.")
    yield none(
        "sources_over_their_share",
        lambda: used.sources_over(int(budget * source_share)),
        "No source has more than its share of the budget.",
    )
    yield none(
        "licence_classes_over_their_share",
        lambda: used.over({name: int(budget * share) for name, share in licence_shares.items()}),
        "No licence class has more than its share of the budget.",
    )
