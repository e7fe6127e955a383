"""A table beside its last published version: what differs in volume or spread warns, each by its own check."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from expectations.gate import audit
from expectations.limits import Limits
from expectations.suites.since_last import FIRST, GROWN, since_last
from lake.harness.job import Views
from lake.storage.report import CheckReport

KEY = "silver/groups"


def rows(count: int, language: str = "en", high: float = 1.0, odd: int = 0) -> ds.Dataset:
    """`count` rows with cohesions from 0 to `high`, the first `odd` of them in French."""
    languages = ["fr" if n < odd else language for n in range(count)]
    return ds.dataset(pa.table({"cohesion": [high * n / count for n in range(count)], "language": languages}))


def checked(folder: Path, now: ds.Dataset, last: ds.Dataset | None, grown: bool = False) -> Mapping[str, CheckReport]:
    frames = Views({KEY: now}, {KEY: last} if grown else {}, {KEY: last} if last else {})
    batches = since_last(frames, KEY, Limits(), ["cohesion"], ["language"])
    return {check.name: check for check in audit(KEY, batches, "run", folder).checks}


@pytest.mark.parametrize(
    ("now", "warned"),
    [
        (rows(200), set[str]()),
        (rows(200, odd=20), set[str]()),
        (rows(99), {"volume"}),
        (rows(401), {"volume"}),
        (rows(200, high=0.5), {"cohesion_quantiles"}),
        (rows(200, language="de"), {"language_divergence"}),
        (rows(200, odd=120), {"language_divergence"}),
    ],
    ids=["as before", "a few others", "fewer", "more", "lower", "a new language", "another share"],
)
def test_what_differs_warns(now: ds.Dataset, warned: set[str], tmp_path: Path) -> None:
    found = checked(tmp_path, now, rows(200, odd=10))
    assert {name for name, check in found.items() if not check.passed} == warned
    assert all(check.evaluated and check.severity == "warning" for check in found.values())


def test_without_an_earlier_version_and_of_new_rows_alone_it_says_what_was_not_looked_at(tmp_path: Path) -> None:
    assert {check.observed for check in checked(tmp_path, rows(200), None).values()} == {FIRST}
    grown = checked(tmp_path, rows(150, high=0.5), rows(200), grown=True)
    assert grown["volume"].observed == GROWN
    assert not grown["cohesion_quantiles"].passed
    few = checked(tmp_path, rows(50, high=0.5), rows(60))
    assert {check.observed for check in few.values()} == {"fewer than 100 rows to compare"}


def test_a_table_that_is_only_appended_to_has_no_volume_of_its_new_rows(tmp_path: Path) -> None:
    key = "silver/embeddings"
    frames = Views({key: rows(0)}, {}, {key: rows(200)})
    (volume,) = audit(key, since_last(frames, key, Limits()), "run", tmp_path).checks
    assert (volume.passed, volume.observed) == (True, GROWN)
