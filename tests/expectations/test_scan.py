"""The scan in small batches finds what a loop over rows finds, and Great Expectations says the same of its sample."""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pytest

import expectations.scan
import lake.engines.batches
from expectations.frames import Computed
from expectations.gate import audit
from expectations.rules import Batch, Rule, between, equal, filled, matches, one_of, sized, unique
from expectations.scan import scan

TEXTS = ["", " ", "a", "b", "rec_" + "0" * 24, "rec_" + "0" * 24 + "\n", "Grüße", "漢字", "e\u0301", "\u00e9", None]  # fmt: skip
NUMBERS = [0.0, -0.0, 1.0, 2.5, -3.0, math.inf, -math.inf, math.nan, None]
COUNTS = [0, 1, 2, 3, 2**40, -1, None]
LISTS = [[], ["a"], ["a", None], None]
RULES = [
    filled("text"), unique("text"), one_of("text", ["a", "", "漢字"]), matches("text", "^rec_[0-9a-f]{24}$"), matches("text", r"\w"),
    filled("number"), between("number", 0, 2), between("number", None, 1), one_of("number", [0, 2.5]), equal("number", "other", "They agree."),
    filled("count"), unique("count"), between("count", 1, 2**39), one_of("count", [1, 2]), *sized("text", 1, 3), *sized("list", 1, 1),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lake.engines.batches, "BATCH_ROWS", 7)
    monkeypatch.setattr(expectations.scan, "HEAD", 10)


def _rows(seed: int, count: int = 60) -> list[dict[str, Any]]:
    """Rows of which few to all columns are right, so that rules also pass."""
    chance = random.Random(seed)
    share = chance.choice([0.0, 0.05, 0.9])

    def one(usual: Any, odd: list[Any]) -> Any:
        return chance.choice(odd) if chance.random() < share else usual

    return [
        {
            "key": f"row {number}",
            "text": one(f"rec_{number:024x}", TEXTS),
            "number": one(1.0, NUMBERS),
            "other": one(1.0, NUMBERS),
            "count": one(number + 10, COUNTS),
            "list": one(["x"], LISTS),
        }
        for number in range(count)
    ]


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    kinds = {
        "key": pa.string(),
        "text": pa.string(),
        "number": pa.float64(),
        "other": pa.float64(),
        "count": pa.int64(),
    }
    return pa.Table.from_pylist(rows, pa.schema({**kinds, "list": pa.list_(pa.string())}))


def _null(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _measured(row: dict[str, Any]) -> dict[str, Any]:
    text, listed = row["text"], row["list"]
    lengths = {
        "text_length": None if text is None else len(text.lstrip(" \t\n\v\f\r")),
        "list_length": None if listed is None else len(listed),
    }
    return {**row, **lengths}


def _broken(rule: Any, rows: list[dict[str, Any]]) -> list[bool]:
    """The plain meaning of each rule, row by row."""
    kind, asked = rule.type, rule.arguments
    if kind == "expect_column_pair_values_to_be_equal":
        pairs = [(row[asked["column_A"]], row[asked["column_B"]]) for row in rows]
        return [not (_null(one) and _null(other)) and one != other for one, other in pairs]
    values = [row[asked["column"]] for row in rows]
    if kind == "expect_column_values_to_not_be_null":
        return [_null(value) for value in values]
    times = Counter(values)
    tests: dict[str, Callable[[Any], bool]] = {
        "expect_column_values_to_be_unique": lambda value: times[value] > 1,
        "expect_column_values_to_be_in_set": lambda value: value not in asked["value_set"],
        "expect_column_values_to_match_regex": lambda value: re.search(asked["regex"], value) is None,
        "expect_column_values_to_be_between": lambda value: (
            (asked.get("min_value") is not None and value < asked["min_value"])
            or (asked.get("max_value") is not None and value > asked["max_value"])
        ),
    }
    return [not _null(value) and tests[kind](value) for value in values]


@pytest.mark.parametrize("seed", range(40))
def test_counts_are_those_of_a_loop_over_rows(seed: int) -> None:
    """With batches of 7 rows, and partitions of at most a few keys."""
    rows = [_measured(row) for row in _rows(seed)]
    found = scan(ds.dataset(_table(_rows(seed))), RULES, "key", keys_in_memory=5)
    assert found.rows == len(rows)
    for rule, count in zip(RULES, found.counts, strict=True):
        assert count and count.error is None, rule.type
        assert count.unexpected == sum(_broken(rule, rows)), rule.type


@pytest.mark.parametrize("seed", range(12))
def test_great_expectations_judges_the_sample_as_the_loop_judges_all_rows(seed: int, tmp_path: Path) -> None:
    rows = [_measured(row) for row in _rows(seed)]
    checks = audit("s", [Batch("b", ds.dataset(_table(_rows(seed))), RULES, "key")], "run", tmp_path).checks
    for rule, check in zip(RULES, checks, strict=True):
        broken = _broken(rule, rows)
        assert check.evaluated, check
        assert check.passed == (not any(broken)), check
        assert check.observed == f"{sum(broken)} of {len(rows)} rows break it"
        shown = {text for example in check.examples for text in re.findall(r"row \d+", example)}
        assert shown <= {row["key"] for row, wrong in zip(rows, broken, strict=True) if wrong}
        assert bool(shown) == any(broken)


def _late(rule_breaker: dict[str, Any], at: int = 50) -> ds.Dataset:
    rows = _rows(0)
    good = [{**row, "text": f"rec_{n:024x}", "number": 1.0, "other": 1.0, "count": 1000 + n, "list": ["x"]} for n, row in enumerate(rows)]  # fmt: skip
    good[at] |= rule_breaker
    return ds.dataset(_table(good))


@pytest.mark.parametrize(
    ("breaker", "rule"),
    [
        ({"text": None}, filled("text")),
        ({"number": math.nan}, filled("number")),
        ({"text": "rec_" + "0" * 24}, unique("text")),
        ({"number": 9.0}, between("number", 0, 2)),
        ({"text": "x"}, matches("text", "^rec_")),
        ({"text": "x"}, one_of("text", [f"rec_{n:024x}" for n in range(60)])),
        ({"other": None}, equal("number", "other", "They agree.")),
        ({"text": " \n "}, sized("text")[1]),
    ],
    ids=str,
)
def test_one_broken_row_far_behind_the_first_fails_its_rule(breaker: dict[str, Any], rule: Any, tmp_path: Path) -> None:
    rules = [rule, filled("key")]
    failed, passed = audit("s", [Batch("b", _late(breaker), rules, "key")], "run", tmp_path).checks
    assert (failed.passed, passed.passed) == (False, True)
    assert "row 50" in " ".join(failed.examples)


def test_what_cannot_be_counted_fails_and_raises_nothing(tmp_path: Path) -> None:
    rules = [
        between("text", 0, 1),  # a text is not a number
        one_of("number", ["a"]),
        unique("number"),  # a float is no key
        filled("nowhere"),
        Rule(
            "number", "expect_column_max_to_be_between", {"column": "number", "max_value": 5}, ""
        ),  # about the whole column, of which the sample is only a part
        matches("text", "("),
        between("count", 0, 2**53),  # Great Expectations compares as floats, where 2^53 + 1 is 2^53
        filled("key"),
    ]
    checks = audit("s", [Batch("b", _late({"count": 2**53 + 1}), rules, "key")], "run", tmp_path).checks
    assert [check.passed for check in checks] == [False] * 7 + [True]
    assert not any(check.evaluated for check in checks[:7])


def test_a_file_that_cannot_be_read_fails_every_check(tmp_path: Path) -> None:
    (tmp_path / "part.parquet").write_bytes(b"no Parquet")
    rows = ds.dataset([str(tmp_path / "part.parquet")], schema=_table([]).schema, format="parquet")
    checks = audit("s", [Batch("b", rows, [filled("text"), unique("text")], "key")], "run", tmp_path).checks
    assert [(check.passed, check.evaluated) for check in checks] == [(False, False)] * 2


def test_computed_rows_are_looked_at_like_those_of_a_table(tmp_path: Path) -> None:
    def read() -> Iterator[pa.RecordBatch]:
        yield from _late({"text": "rec_" + "0" * 24}).to_batches(batch_size=7)

    rows = Computed(("key", "text"), read)
    checks = audit("s", [Batch("b", rows, [unique("text"), filled("text")], "key")], "run", tmp_path).checks
    assert [check.observed for check in checks] == ["2 of 60 rows break it", "0 of 60 rows break it"]


def test_a_verdict_in_dispute_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = dict(expectations.scan._BROKEN)
    broken["expect_column_values_to_be_between"] = lambda columns, asked: pa.array([False] * len(columns[0]))
    monkeypatch.setattr(expectations.scan, "_BROKEN", broken)
    (check,) = audit(
        "s", [Batch("b", _late({"number": 9.0}, at=1), [between("number", 0, 2)], "key")], "run", tmp_path
    ).checks
    assert (check.passed, check.evaluated) == (False, False)
