"""Sums over rows that the card, the plots and the page share."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from lake.storage.store import Lake
from reports.view import SAMPLE

Rows = Sequence[Mapping[str, Any]]

ARMS = (
    "released",
    "random",
    "high_only",
    "distilled",
)  # the released set, its controls, and the distilled items by themselves


@dataclass(frozen=True)
class Measured:
    """One metric of one arm over its seeds."""

    metric: str
    arm: str
    mean: float
    low: float
    high: float
    seeds: int
    items: int


SMOKE_TEST = (
    "The arms train a small model from scratch for some thousand tokens: a smoke test, which shows that the evaluation works and nothing about "
    "what the released set is worth."
)


def smoke_test(rows: Rows) -> str | None:
    """What a reader must know of an evaluation that began from scratch; None of any other, and of none."""
    return SMOKE_TEST if any(row["base"] == "scratch" for row in rows) else None


def measured_before(lake: Lake) -> str | None:
    """What a reader must know of an evaluation made of an older training set: it starts by hand alone. None of one that is current."""
    current, published = lake.version("gold/training_set"), lake.publication("reports/evaluation")
    measured = published and published[1].inputs.get("gold/training_set")
    if measured is None or measured == current:
        return None
    return f"It was made of version {measured} of the training set, which is at version {current} now."


def evaluation_rows(rows: Sequence[Mapping[str, Any]]) -> list[Measured]:
    """Mean, lowest and highest value over the seeds of each metric and arm; metrics by name, the released set before its controls."""
    names = sorted(
        {(row["metric"], row["arm"]) for row in rows}, key=lambda name: (name[0], [*ARMS, name[1]].index(name[1]))
    )
    return [_measured(name, [row for row in rows if (row["metric"], row["arm"]) == name]) for name in names]


def _measured(name: tuple[str, str], rows: Sequence[Mapping[str, Any]]) -> Measured:
    values = [row["value"] for row in rows]
    return Measured(*name, fmean(values), min(values), max(values), len(values), max(row["items"] or 0 for row in rows))


def counted(rows: Rows, part: str, label: str) -> dict[str, Counter[str]]:
    """How many rows there are of each part and label."""
    parts: dict[str, Counter[str]] = {}
    for row in rows:
        parts.setdefault(str(row[part]), Counter())[str(row[label])] += 1
    return dict(sorted(parts.items()))


def titled(text: str, rows: Rows) -> str:
    """The title of a plot of these rows; it says so when there may be more of them."""
    return f"{text} (first {SAMPLE:,} rows)" if len(rows) >= SAMPLE else text


def valued(rows: Rows, group: str, value: str) -> dict[str, list[float]]:
    """The values of each group, nulls left out."""
    groups: dict[str, list[float]] = {}
    for row in rows:
        if row[value] is not None:
            groups.setdefault(str(row[group]), []).append(row[value])
    return dict(sorted(groups.items()))
