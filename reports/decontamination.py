"""What the report and the card say of benchmarks: which examples share runs of words with their items, and what was blocked for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nsmallest

import pyarrow.dataset as ds

from reports.view import View

TABLE = "gold/training_set_overlaps"
LONG = 13  # words of a run
_SHOWN = 100  # pairs
_COLUMNS = ["id", "outcome", "raw_id", "benchmark", "items", "shared", "covered", "stretch"]


@dataclass(frozen=True)
class Benchmark:
    """One benchmark: released examples that share eight and thirteen words in a row with it, the longest run, and blocked candidates."""

    name: str
    short: int
    long: int
    longest: int
    blocked: int


@dataclass(frozen=True)
class Pair:
    """A released example or blocked candidate, and the benchmark item that it shares most with."""

    id: str
    outcome: str
    raw_id: str
    benchmark: str
    items: int
    shared: int
    covered: float
    stretch: str


@dataclass(frozen=True)
class Decontamination:
    """What was found. found: how many pairs; pairs: those with the longest runs."""

    benchmarks: Sequence[Benchmark]
    found: int
    pairs: Sequence[Pair]


def decontamination(view: View) -> Decontamination | None:
    """What was found among what is released; None where nothing was compared."""
    names = _registered(view)
    if not names or not view.has(TABLE):
        return None
    pairs = (Pair(**row) for row in view.rows(TABLE, _COLUMNS))
    shown = nsmallest(_SHOWN, pairs, key=lambda pair: (-pair.shared, pair.id))
    return Decontamination([_benchmark(view, name) for name in names], view.count(TABLE), shown)


def _registered(view: View) -> list[str]:
    """The benchmarks that the lake holds, by source."""
    if not view.has("bronze/references"):
        return []
    held = view.dataset("bronze/references").to_table(["source"], filter=ds.field("role") == "benchmark")
    return sorted(held["source"].unique().to_pylist())


def _benchmark(view: View, name: str) -> Benchmark:
    own, released = ds.field("benchmark") == name, ds.field("outcome") == "released"
    words = [row["shared"] for row in view.rows(TABLE, ["shared"], own & released)]
    long = sum(shared >= LONG for shared in words)
    return Benchmark(name, len(words), long, max(words, default=0), view.count(TABLE, own & ~released))
