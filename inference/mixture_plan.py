"""What gold/mixture would make of so many passages and records, told before anything is made.

How many items come of a passage or a record and what they cost was taken of pages of an encyclopaedia and answers of people (docs/mixture.md). Other
sources give more or fewer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

ITEMS_A_PASSAGE = 0.22
ITEMS_A_RECORD = 0.33
ITEMS_A_SECOND = 100  # of a processor, by the rules
MEMORY_MB = 350  # of each process
KB_A_TEXT = 1.1  # beside that, of the process that places all


@dataclass(frozen=True)
class Plan:
    """Items of so many passages and records, `quotas` by type for those of passages; a record is a question with its answer."""

    passages: int
    records: int
    quotas: Mapping[str, float]

    @property
    def items(self) -> int:
        """How many there are, about."""
        return round(self.passages * ITEMS_A_PASSAGE + self.records * ITEMS_A_RECORD)

    def __str__(self) -> str:
        of_passages = round(self.passages * ITEMS_A_PASSAGE)
        counts = {kind: round(share * of_passages) for kind, share in self.quotas.items() if share and of_passages}
        if self.records:
            counts["qa"] = counts.get("qa", 0) + self.items - of_passages
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in counts.items())
        return f"about {self.items:,} items ({kinds}) of {self.passages:,} passages and {self.records:,} best records"

    def cost(self, cores: int) -> str:
        """Time and memory by the rules."""
        minutes = math.ceil(self.items / ITEMS_A_SECOND / cores / 60)
        memory = MEMORY_MB * (cores + 1) + (self.passages + self.records) * KB_A_TEXT / 1024
        return f"{minutes:,} min and {memory / 1024:.1f} GB in all by the rules on {cores} cores"


def foreseen(there: Plan, allowed: Plan, cores: int | None) -> str:
    """What is made of what is there and, if that is less than the limits allow, of all that they allow. cores: None where not the rules make it."""
    said = _with_cost(there, cores)
    passages, records = allowed.passages - there.passages, allowed.records - there.records
    if passages or records:
        said += f"; its limits allow {passages:,} more passages and {records:,} more best records: {_with_cost(allowed, cores)}"
    return f"makes {said}"


def _with_cost(plan: Plan, cores: int | None) -> str:
    return f"{plan}, {plan.cost(cores)}" if cores else str(plan)
