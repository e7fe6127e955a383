"""Our own expectations: of figures that a suite measured over whole tables, which no frame of rows could hold.

The figure is part of the configuration, so that a result says what was measured wherever it is read again.
"""

# pyright: reportPrivateImportUsage=false
# Great Expectations documents these classes under this name and does not list them there

from __future__ import annotations

from typing import Any, ClassVar

from great_expectations.expectations.expectation import BatchExpectation


class Measured(BatchExpectation):
    """A figure that must lie in a range. NaN lies in none."""

    figure: str
    measured: float
    min_value: float | None = None
    max_value: float | None = None
    metric_dependencies: ClassVar[Any] = ()
    success_keys: ClassVar[Any] = ("figure", "measured", "min_value", "max_value")

    def judge(self) -> dict[str, Any]:
        """Whether the figure lies in its range, and the figure: the result of this expectation, which asks no batch for anything."""
        enough = self.min_value is None or self.measured >= self.min_value
        few_enough = self.max_value is None or self.measured <= self.max_value
        in_range = enough and few_enough and self.measured == self.measured
        return {"success": in_range, "result": {"observed_value": self.measured}}

    def _validate(self, metrics: Any, runtime_configuration: Any = None, execution_engine: Any = None) -> Any:
        return self.judge()


class ExpectNoSuchRows(Measured):
    """There is no row, key or pair as the description says: `measured`, their number over whole tables, is 0."""


class ExpectForeignKeysToLeadToRows(Measured):
    """Every key is one of a row of the table that it leads to: `measured`, the number of those that are of none, is 0."""


class ExpectFigureToBeBetween(Measured):
    """`measured`, a share, count or mean over whole tables, is from `min_value` to `max_value`."""
