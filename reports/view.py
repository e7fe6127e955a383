"""Reading a lake for a report: one version of each table for the whole report; of rows no more than a batch or a bounded sample at a time."""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute
import pyarrow.dataset as ds

from lake.engines.keys import Column, tallies
from lake.stages import STAGES
from lake.storage.attempts import newest_attempt
from lake.storage.report import StageReport
from lake.storage.store import Lake

SAMPLE = 50_000  # rows that a plot looks at, at most
_BATCH = 8_192

pc: Any = pyarrow.compute  # its functions are made at import, where types cannot see them


def one_of(column: str, values: Iterable[str]) -> ds.Expression:
    """The condition that a column of text holds one of the values, which may be none."""
    return ds.field(column).isin(pa.array(sorted(values), pa.string()))


class View:
    """The tables of a lake as readers see them when the view is first asked for one."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self._versions: dict[str, int | None] = {}
        self._datasets: dict[str, ds.Dataset] = {}

    def version(self, key: str) -> int | None:
        if key not in self._versions:
            self._versions[key] = self.lake.version(key)
        return self._versions[key]

    def has(self, key: str) -> bool:
        return self.version(key) is not None

    def dataset(self, key: str) -> ds.Dataset:
        if key not in self._datasets:
            self._datasets[key] = self.lake.dataset(key, self.version(key))
        return self._datasets[key]

    def count(self, key: str, where: ds.Expression | None = None) -> int:
        """The rows of `key` that meet `where`; 0 for a table that was never published."""
        return self.dataset(key).count_rows(filter=where) if self.has(key) else 0

    def count_without(self, key: str, other: str) -> int:
        """The rows of `key` whose id no row of `other` has; a table that was never published has none."""
        if not self.count(other):
            return self.count(key)
        places = {name: Column(self.dataset(name), "id") for name in (key, other)}
        return sum(int((tally.counts[:, 0] > tally.counts[:, 1]).sum()) for tally in tallies(places))

    def sample(
        self, key: str, columns: list[str], where: ds.Expression | None = None, limit: int = SAMPLE
    ) -> list[dict[str, Any]]:
        """The first `limit` rows of `key` that meet `where`; none for a table that was never published."""
        if not self.has(key):
            return []
        found: pa.Table = self.dataset(key).head(limit, columns=columns, filter=where, batch_size=_BATCH)
        return found.to_pylist()

    def rows(self, key: str, columns: list[str], where: ds.Expression | None = None) -> Iterator[dict[str, Any]]:
        """All rows of `key` that meet `where`, in batches; none for a table that was never published."""
        for batch in self.dataset(key).to_batches(columns=columns, filter=where) if self.has(key) else ():
            yield from batch.to_pylist()

    def decisions(self) -> list[dict[str, Any]]:
        """All decisions about which distiller serves, the newest last: few, one a challenge or an order."""
        columns = ["number", "act", "engine", "model", "decision", "promoted", "test", "difference", "low", "high"]
        return sorted(self.sample("models/champion", columns), key=lambda row: row["number"])

    def tally(self, key: str, column: str) -> Counter[Any]:
        """How many rows hold each value of a column of few distinct values, over all rows, in batches."""
        counts: Counter[Any] = Counter()
        for batch in self.dataset(key).to_batches(columns=[column]) if self.has(key) else ():
            counts.update({entry["values"]: entry["counts"] for entry in pc.value_counts(batch[column]).to_pylist()})
        return counts

    def texts(self, ids: set[str]) -> dict[str, str]:
        """Prompt and answer of the unique records with these ids; an id that is no longer there is left out."""
        rows = self.sample("silver/unique_instructions", ["id", "text"], one_of("id", ids), len(ids) or 1)
        return {row["id"]: row["text"] for row in rows}

    @cached_property
    def attempts(self) -> dict[str, StageReport]:
        """The report of each stage's newest attempt, in pipeline order; stages never tried are left out."""
        told = {key: newest_attempt(self.lake, key) for key in STAGES}
        return {key: report for key, report in told.items() if report}
