"""Where every raw row went: each has exactly one outcome, found by joining ids level by level, never as a remainder.

A level is a stage that rows pass or leave. At each level only the rows count that the level above carried down to it. So where a
stage ran again and those after it did not, its rows are `pending` and none is counted twice. Joins run in DataFusion through
deltalake: no JVM, and memory grows with the ids of rows, not with their texts.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
from deltalake import QueryBuilder
from pydantic import BaseModel

from lake.books.levels import LEVELS, USED, Level
from lake.landing.pending import Waiting, waiting
from lake.stages import STAGES
from lake.storage.store import Lake

OUTCOMES = (
    "pending", "quarantined", "rejected", "duplicate", "unrated", "blocked", "distilled_released", "distilled_not_selected",
    "released", "not_selected", "withdrawn", "mixture_source", "mixture_unused",
)  # fmt: skip


class SourceLedger(BaseModel):
    """The books of one source. `unaccounted`: raw rows with no outcome; `doubled`: with more than one.

    waits: why files of the source wait, a sentence each; the records that they gave are among the pending rows, those of a file that
    could not be read are not known.
    """

    source: str
    raw: int
    outcomes: dict[str, int]
    reasons: dict[str, dict[str, int]]
    unaccounted: int = 0
    doubled: int = 0
    waits: list[str] = []


class Ledger(BaseModel):
    """The books of the lake as of the table versions named."""

    as_of: dict[str, int]
    balanced: bool
    sources: list[SourceLedger]


_COUNTS = "SELECT source, outcome, reason, ends, count(*) AS n FROM books GROUP BY source, outcome, reason, ends"


def ledger(lake: Lake) -> Ledger:
    """The books of every source, as of the versions that readers use now."""
    tables = _versions(lake)
    rows = [
        row
        for raw, levels in LEVELS.items()
        if raw in tables
        for row in _books(lake, tables, raw, levels, _COUNTS).to_pylist()
    ]
    waits = waiting(lake, tuple(LEVELS))
    names = {row["source"] for row in rows} | {file.source for file in waits}
    sources = [
        _source(name, _of(name, rows), [file for file in waits if file.source == name]) for name in sorted(names)
    ]
    return Ledger(
        as_of=tables, balanced=not any(source.unaccounted or source.doubled for source in sources), sources=sources
    )


def outcomes(lake: Lake) -> pa.Table:
    """Every raw row's id, source, outcome and reason, with how many outcomes it has (`ends`, 1 in balanced books)."""
    tables = _versions(lake)
    found = [
        _books(lake, tables, raw, levels, "SELECT id, source, outcome, reason, ends FROM books")
        for raw, levels in LEVELS.items()
        if raw in tables
    ]
    return pa.concat_tables(found) if found else pa.table({})


def _versions(lake: Lake) -> dict[str, int]:
    known = {table: lake.version(table) for stage in STAGES.values() for table in stage.outputs}
    return {table: version for table, version in known.items() if version is not None}


def _books(lake: Lake, tables: Mapping[str, int], raw: str, levels: Iterable[Level], select: str) -> pa.Table:
    """What `select` gives over `books`: one row a raw row, with its outcome and how many it has (`ends`)."""
    query = _Query(lake, tables)
    quarantine = f"{raw}_quarantine"
    there = "LEFT ANTI JOIN gone g ON r.id = g.id"
    ctes = [
        f"raw AS (SELECT id, source FROM {query.table(raw)} UNION ALL SELECT id, source FROM {query.table(quarantine)})",
        f"gone AS ({query.withdrawn(raw)})",
    ]
    ends = [
        "SELECT id, 'withdrawn' AS outcome, 'withdrawn' AS reason FROM gone",
        f"SELECT r.id, r.outcome, r.reason FROM {query.table(quarantine)} r {there}",
    ]
    carried = f"SELECT r.id FROM {query.table(raw)} r {there}"
    for number, level in enumerate(levels):
        ctes.append(f"at_{number} AS ({carried})")
        pending = f"SELECT a.id, 'pending' AS outcome, '{level.stage}' AS reason FROM at_{number} a"
        read = query.read_by(level)
        if read is None:
            ends.append(pending)
            break
        # what came after the stage ran is pending; of its output only what is still carried down to it counts
        ends += [f"{pending} LEFT ANTI JOIN ({read}) r ON a.id = r.id"] if read else []
        seen = f" LEFT SEMI JOIN ({read}) r ON a.id = r.id" if read else ""
        ctes.append(f"here_{number} AS (SELECT a.id FROM at_{number} a{seen})")
        known = f"LEFT SEMI JOIN here_{number} h ON l.id = h.id"
        ends += [f"SELECT l.id, l.outcome, l.reason FROM ({query.fill(leaf)}) l {known}" for leaf in level.leaves]
        carried = f"SELECT l.id FROM ({query.fill(level.carries)}) l {known}"
    ctes.append(f"ends AS ({' UNION ALL '.join(ends)})")
    ctes.append(
        "books AS (SELECT raw.source, raw.id, count(ends.id) AS ends, min(ends.outcome) AS outcome, min(ends.reason) AS reason "
        "FROM raw LEFT JOIN ends ON raw.id = ends.id GROUP BY raw.source, raw.id)"
    )
    return query.rows(f"WITH {', '.join(ctes)} {select}")


class _Query:
    """SQL over tables of the lake at pinned versions."""

    def __init__(self, lake: Lake, tables: Mapping[str, int]) -> None:
        self.lake, self.tables, self.builder = lake, tables, QueryBuilder()
        self._names: set[str] = set()
        training = lake.publication("gold/training_set")
        # exits of the training set refer to the distilled items that it read, which may not be the newest
        self._pinned = {"gold/distilled": training[1].inputs["gold/distilled"]} if training else {}

    def table(self, key: str, version: int | None = None) -> str:
        """The SQL name of `key`, registered at first use."""
        at = self._pinned.get(key, self.tables[key]) if version is None else version
        name = f"{key.replace('/', '_')}_{at}"
        if name not in self._names:
            self.builder.register(name, self.lake.delta(key, at))
            self._names.add(name)
        return name

    def fill(self, sql: str) -> str:
        """`sql` with its {tables} named; a table that was never published makes it empty."""
        for key in self.tables:
            if f"{{{key}}}" in sql:
                sql = sql.replace(f"{{{key}}}", self.table(key))
        return sql

    def withdrawn(self, raw: str) -> str:
        """Selects the ids that the changed files of a raw table no longer have, without those that are used all the same."""
        key, (user, used) = f"{raw}_withdrawn", USED[raw]
        if key not in self.tables:
            return "SELECT '' AS id WHERE false"
        rows = f"SELECT w.id FROM {self.table(key)} w"
        return f"{rows} LEFT ANTI JOIN ({self.fill(used)}) u ON w.id = u.id" if user in self.tables else rows

    def read_by(self, level: Level) -> str | None:
        """Selects the ids that the level's stage has read: None if it never ran, empty if it read what is there now."""
        published = self.lake.publication(level.stage)
        if published is None:
            return None
        read = published[1].inputs[level.reads]
        if read == self.tables[level.reads]:
            return ""
        return level.read_ids.replace("{input}", self.table(level.reads, read))

    def rows(self, sql: str) -> pa.Table:
        return pa.table(self.builder.execute(sql))


def _of(source: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["source"] == source]


def _source(source: str, rows: list[dict[str, Any]], waits: list[Waiting]) -> SourceLedger:
    held = [{"outcome": "pending", "reason": file.reason, "ends": 1, "n": file.rows} for file in waits if file.rows]
    rows = [*rows, *held]
    outcomes: dict[str, int] = dict.fromkeys(OUTCOMES, 0)
    reasons: dict[str, dict[str, int]] = {}
    for row in (row for row in rows if row["ends"] == 1):
        outcomes[row["outcome"]] += row["n"]
        by_reason = reasons.setdefault(row["outcome"], {})
        by_reason[row["reason"]] = by_reason.get(row["reason"], 0) + row["n"]
    return SourceLedger(
        source=source,
        raw=sum(row["n"] for row in rows),
        outcomes=outcomes,
        reasons=reasons,
        unaccounted=sum(row["n"] for row in rows if row["ends"] == 0),
        doubled=sum(row["n"] for row in rows if row["ends"] > 1),
        waits=[file.detail for file in waits],
    )
