"""The vocabulary that suites are written in: short names for Great Expectations' expectations.

Every rule rejects the stage when it fails, unless `warning` is set. Nulls pass every rule but `filled` and `sized`.
"""

# pyright: reportPrivateImportUsage=false
# Great Expectations documents these classes under this name and does not list them there

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import great_expectations.expectations.core as gxe
import pyarrow.dataset as ds
from great_expectations.expectations.expectation import Expectation

from expectations.frames import table
from expectations.gate import Batch


def _severity(warning: bool) -> Any:
    return "warning" if warning else "critical"


def unique(column: str) -> Expectation:
    """No value occurs twice."""
    return gxe.ExpectColumnValuesToBeUnique(column=column)


def filled(column: str, warning: bool = False) -> Expectation:
    """No null, and no NaN."""
    return gxe.ExpectColumnValuesToNotBeNull(column=column, severity=_severity(warning))


def sized(column: str, least: int = 1, most: int | None = None) -> list[Expectation]:
    """Not null, and of a length that is allowed: characters from the first that is not blank on, bytes, or elements of a list.

    The rules are about `<column>_length`, which the scan computes.
    """
    return [filled(f"{column}_length"), between(f"{column}_length", least, most)]


def between(column: str, least: float | None, most: float | None, warning: bool = False) -> Expectation:
    """Every value from `least` to `most`, both allowed."""
    return gxe.ExpectColumnValuesToBeBetween(
        column=column, min_value=least, max_value=most, severity=_severity(warning)
    )


def one_of(column: str, allowed: Sequence[Any]) -> Expectation:
    """Every value is one of `allowed`."""
    return gxe.ExpectColumnValuesToBeInSet(column=column, value_set=list(allowed))


def told(column: str) -> Expectation:
    """A warning for every row there is: what it says in this column."""
    return gxe.ExpectColumnValuesToBeInSet(column=column, value_set=[], severity=_severity(True))


def matches(column: str, pattern: str) -> Expectation:
    """Every value matches `pattern`."""
    return gxe.ExpectColumnValuesToMatchRegex(column=column, regex=pattern)


def equal(first: str, second: str) -> Expectation:
    """Two columns agree in every row."""
    return gxe.ExpectColumnPairValuesToBeEqual(column_A=first, column_B=second)


def identified(column: str, kind: str) -> list[Expectation]:
    """Ids of one kind, each once."""
    return [filled(column), unique(column), matches(column, f"^{kind}_[0-9a-f]{{24}}$")]


@dataclass(frozen=True)
class Metric:
    """One number about whole tables, and what it may be."""

    name: str
    value: float
    rule: Expectation


def none(name: str, value: float, warning: bool = False) -> Metric:
    """A count that must be 0."""
    return at_most(name, value, 0, warning)


def at_most(name: str, value: float, limit: float, warning: bool = False) -> Metric:
    """A number that may not exceed `limit`."""
    severity = _severity(warning)
    return Metric(name, value, gxe.ExpectColumnMaxToBeBetween(column=name, max_value=limit, severity=severity))


def at_least(name: str, value: float, limit: float, warning: bool = False) -> Metric:
    """A number that may not be below `limit`."""
    severity = _severity(warning)
    return Metric(name, value, gxe.ExpectColumnMinToBeBetween(column=name, min_value=limit, severity=severity))


def metrics(*measured: Metric) -> Batch:
    """One batch of one row, a column for each metric."""
    values = [float(metric.value) for metric in measured]
    return Batch("metrics", table([values], [metric.name for metric in measured]), [one.rule for one in measured])


def exits(name: str, rows: ds.Dataset, outcomes: Sequence[str], reasons: Sequence[str]) -> Batch:
    """Rows that left the pipeline: each with an outcome and a reason from the closed lists."""
    rules = [filled("id"), filled("outcome"), one_of("outcome", outcomes), filled("reason"), one_of("reason", reasons)]
    return Batch(name, rows, [unique("id"), *rules], key="id")
