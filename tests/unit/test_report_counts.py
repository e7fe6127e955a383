"""What the report and the card count, they count over all rows, of however large a table; a plain count of the rows is beside it."""

from typing import Any, cast

import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from lake.storage.store import Lake
from reports.decontamination import LONG, decontamination
from reports.sources_and_costs import near_duplicates
from reports.view import SAMPLE, View

ROWS = SAMPLE + 3


class Held:
    """As much of a lake as a view asks, of tables in memory."""

    def __init__(self, tables: dict[str, pa.Table]) -> None:
        self._tables = tables

    def version(self, key: str) -> int | None:
        return 0 if key in self._tables else None

    def dataset(self, key: str, version: int | None = None) -> ds.Dataset:
        return ds.dataset(self._tables[key])


def view(**tables: pa.Table) -> View:
    return View(cast(Lake, Held({key.replace("__", "/"): table for key, table in tables.items()})))


@pytest.fixture(scope="module")
def overlaps() -> list[dict[str, Any]]:
    """More pairs than a plot looks at; the longest run, and what was blocked, come last."""
    rows = [
        {"id": f"rel_{n:06}", "outcome": "released", "benchmark": "sums" if n % 3 else "cows", "shared": 8 + n % 7}
        for n in range(ROWS)
    ]
    rows[-1] |= {"shared": 40, "benchmark": "sums"}
    rows[-2] |= {"outcome": "blocked", "benchmark": "cows"}
    return [row | {"raw_id": "raw_1", "items": 1, "covered": 0.5, "stretch": "words"} for row in rows]


def test_every_pair_is_counted_and_the_longest_are_shown(overlaps: list[dict[str, Any]]) -> None:
    references = pa.table({"source": ["sums", "cows", "other"], "role": ["benchmark"] * 3})
    found = decontamination(
        view(gold__training_set_overlaps=pa.Table.from_pylist(overlaps), bronze__references=references)
    )
    assert found is not None and found.found == ROWS
    released = [row for row in overlaps if row["outcome"] == "released"]
    for told in found.benchmarks:
        words = [row["shared"] for row in released if row["benchmark"] == told.name]
        blocked = sum(row["outcome"] == "blocked" and row["benchmark"] == told.name for row in overlaps)
        counted = (len(words), sum(one >= LONG for one in words), max(words, default=0), blocked)
        assert (told.short, told.long, told.longest, told.blocked) == counted
    assert found.pairs[0].shared == 40


def test_the_least_alike_of_all_duplicates_are_shown() -> None:
    similarities = [0.9] * (ROWS - 1) + [0.71]
    removed = pa.table({
        "removed_id": [f"rec_{n:06}" for n in range(ROWS)], "kept_id": ["rec_kept"] * ROWS,
        "similarity": similarities, "rule": ["near"] * ROWS,
    })  # fmt: skip
    last = f"rec_{ROWS - 1:06}"
    texts = pa.table({"id": [last, "rec_kept"], "text": ["the one that went", "the one that stays"]})
    (shown,) = near_duplicates(view(silver__duplicates=removed, silver__instructions=texts), 1)
    assert (shown.similarity, shown.removed, shown.kept) == (0.71, "the one that went", "the one that stays")
