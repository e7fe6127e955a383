"""Whether the training set keeps to its budget and to the quotas of sources and licence classes, reckoned from its rows alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import pyarrow.dataset as ds

from expectations.frames import field, pc
from expectations.rules import Metric, at_most, none
from lake.engines.batches import read_batches
from texts.licences import CLASSES
from texts.tokens import BYTES_A_TOKEN


def within_budget(
    rows: ds.Dataset, budget: int, unit: str, source_share: float, licence_shares: Mapping[str, float]
) -> Iterable[Metric]:
    """How much too large the set is, in rows or estimated tokens, and how many sources and licence classes have more than they may."""
    used = Counter[tuple[str, str]]()
    octets = pc.add(*(pc.coalesce(pc.binary_length(field(name)), 0) for name in ("prompt", "answer")))
    for batch in read_batches(rows, {"octets": octets, "sources": field("sources"), "licences": field("licences")}):
        for row in batch.to_pylist():
            licences = {("licence", CLASSES.get(one, one)) for one in row["licences"] or ()}
            sources = {("source", one) for one in row["sources"] or ()}
            size = 1 if unit == "rows" else max(1, -(-row["octets"] // BYTES_A_TOKEN))
            used.update(dict.fromkeys({("all", ""), *sources, *licences}, size))
    limits = {("licence", name): int(budget * share) for name, share in licence_shares.items()}
    limits |= {name: int(budget * source_share) for name in used if name[0] == "source"}
    over = Counter(kind for (kind, name), most in limits.items() if used[kind, name] > most)
    yield at_most("over_budget", used["all", ""] - budget, 0)
    yield none("sources_over_their_share", over["source"])
    yield none("licence_classes_over_their_share", over["licence"])
