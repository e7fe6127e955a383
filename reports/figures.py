"""Sums over rows that the card, the plots and the page share."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from lake.storage.store import Lake
from reports.view import SAMPLE

Rows = Sequence[Mapping[str, Any]]

# the released set, its controls, and what its model can do untrained
ARMS = ("released", "random", "high_only", "distilled", "concatenated", "long_tail", "ds2", "none")
_OF_TRAINING = (
    "overlapping_rows",
    "drawn_rows",
    "too_long_rows",
    "train_rows",
    "train_tokens",
)  # told first, in this order


@dataclass(frozen=True)
class Measured:
    """One metric of one arm over its seeds. benchmark: where its items are from; "" where it is of no items. chance: what guessing gives."""

    metric: str
    benchmark: str
    arm: str
    mean: float
    low: float
    high: float
    seeds: int
    items: int
    chance: float | None


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
    """Mean, lowest and highest value over the seeds of each metric, benchmark and arm: first what each arm holds of what is held out."""
    parts: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        parts.setdefault((row["metric"], row["benchmark"] or "", row["arm"]), []).append(row)
    return [_measured(name, parts[name]) for name in sorted(parts, key=_order)]


def _order(name: tuple[str, str, str]) -> tuple[int, str, str, int]:
    metric, benchmark, arm = name
    return [*_OF_TRAINING, metric].index(metric), metric, benchmark, [*ARMS, arm].index(arm)


def _measured(name: tuple[str, str, str], rows: Sequence[Mapping[str, Any]]) -> Measured:
    values = [row["value"] for row in rows]
    items = max(row["items"] or 0 for row in rows)
    return Measured(*name, fmean(values), min(values), max(values), len(values), items, rows[0]["chance"])


def headline(comparisons: Rows) -> str | None:
    """The result of the evaluation as one sentence; None where nothing was compared."""
    return next((row["sentence"] for row in comparisons if row["headline"]), None)


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
