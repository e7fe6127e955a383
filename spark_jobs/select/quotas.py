"""Who gets into a budget that has quotas: candidates are taken in order until what they need room in is full.

A quota is closed by the first row that no longer fits, and so is the budget: no worse row slips in because it is shorter. Rows of one
kind (the same sources, the same licence class) need room in the same places, so that of a kind those taken are the first ones.

Two of three rows of source a fit into its quota, and the budget closes behind b:

>>> room = Room(budget=3, sources=2, licences={})
>>> rows = [(["a"], "MIT", 1), (["a"], "MIT", 1), (["a"], "MIT", 1), (["b"], "MIT", 1), (["b"], "MIT", 1)]
>>> taken(rows, room)
{(('a',), 'MIT'): (2, 'source_quota'), (('b',), 'MIT'): (1, 'over_budget')}
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from spark_jobs.columnar.cut_lineage import cut_lineage

_KIND = ["sources", "licence_class"]
_TAKEN = "sources array<string>, licence_class string, taken bigint, reason string"

Kind = tuple[tuple[str, ...], str]


@dataclass(frozen=True)
class Room:
    """How much may be taken, in the unit of the rows' sizes.

    budget: of all. sources: of any one source. licences: of the licence classes named. used: what was taken before, by source and by
    licence class. A row of several sources counts in full for each of them.
    """

    budget: int
    sources: int
    licences: Mapping[str, int]
    used: Mapping[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])


def first_that_fit(rows: DataFrame, room: Room, order: Sequence[Column]) -> tuple[DataFrame, DataFrame]:
    """The rows that are taken, in `order`; and for each kind of row why no more of it were: sources, licence_class, reason.

    `rows` has sources, licence_class and size, at least 1. One task looks at the rows in order, at most `budget` of each kind.
    """
    place = F.row_number().over(Window.partitionBy(*_KIND).orderBy(*order)).alias("place")
    reachable = rows.select("*", place).where(F.col("place") <= room.budget).persist()
    # one partition: coalescing a sorted frame would not keep its order
    ordered = reachable.repartition(1).sortWithinPartitions(*order)
    ends = cut_lineage(
        ordered.select(*_KIND, "size").mapInArrow(_walk(room), _TAKEN)
    )  # joined with what it came of, and read
    same = [reachable[name] == ends[name] for name in _KIND]
    found = reachable.join(F.broadcast(ends), same).where(F.col("place") <= F.col("taken"))
    return found.select(*(reachable[name] for name in rows.columns)), ends.select(*_KIND, "reason")


def _walk(room: Room) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def walk(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows = (tuple(row.values()) for batch in batches for row in batch.to_pylist())
        ends = [
            {"sources": list(sources), "licence_class": licence, "taken": count, "reason": reason}
            for (sources, licence), (count, reason) in taken(rows, room).items()
        ]
        if ends:
            yield pa.RecordBatch.from_pylist(ends)

    return walk


def taken(rows: Iterable[tuple[Sequence[str], str, int]], room: Room) -> dict[Kind, tuple[int, str]]:
    """For each kind how many rows are taken of it, and what ended that, of rows (sources, licence class, size) in order.

    over_budget is also said where all rows of a kind were taken.
    """
    used, counts = Counter(room.used), Counter[Kind]()
    closed: set[tuple[str, str]] = set()
    ended: dict[Kind, str] = {}
    for sources, licence, size in rows:
        kind = tuple(sources), licence
        if kind in ended:
            continue
        limits = _limits(kind, room)
        full = next((name for name, (most, _) in limits.items() if name in closed or used[name] + size > most), None)
        if full:
            closed.add(full)
            ended[kind] = limits[full][1]
        else:
            counts[kind] += 1
            used.update(dict.fromkeys(limits, size))
    return {kind: (counts[kind], ended.get(kind, "over_budget")) for kind in sorted({*counts, *ended})}


def _limits(kind: Kind, room: Room) -> dict[tuple[str, str], tuple[int, str]]:
    """What a row of this kind needs room in, the quotas before the budget: the most there is, and the reason once it is full."""
    sources, licence = kind
    limits = {("source", source): (room.sources, "source_quota") for source in sources}
    if licence in room.licences:
        limits["licence", licence] = (room.licences[licence], "licence_quota")
    return limits | {("budget", ""): (room.budget, "over_budget")}
