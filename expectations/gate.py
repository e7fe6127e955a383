"""Runs a suite on staged rows and reports every check: the only adapter to Great Expectations.

Every row is looked at by `scan`, in bounded memory. Great Expectations judges the sample that the scan took, and its result is
completed by the counts over all rows. A check passes only where both say so: the scan found no row that breaks it, and Great
Expectations, which is given each kind of broken row that there is, finds none either.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import great_expectations as gx
from great_expectations.core.expectation_suite import ExpectationSuite
from great_expectations.core.expectation_validation_result import (
    ExpectationSuiteValidationResult,
    ExpectationValidationResult,
)
from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults
from great_expectations.expectations.expectation import Expectation

from expectations.frames import Rows
from expectations.pages import docs, page
from expectations.scan import EXAMPLES, Count, column_names, scan
from lake.storage.report import CheckReport

EXAMPLE_CHARACTERS = 300
NOT_SHOWN = {"batch_id", "column", "column_A", "column_B"}  # arguments that the report names elsewhere


@dataclass(frozen=True)
class Batch:
    """Some rows and what is expected of them. `key` is the column that names a failing row in the examples."""

    name: str
    rows: Rows
    expectations: Sequence[Expectation]
    key: str | None = None


@dataclass(frozen=True)
class Audit:
    """Every check of one run of one stage, and the page that shows them."""

    checks: tuple[CheckReport, ...]
    page: Path | None


def audit(stage: str, batches: Iterable[Batch], run_id: str, folder: Path) -> Audit:
    """The result of every expectation of every batch, in order, with the audit page written under `folder`.

    A check that cannot be computed counts as failed (`evaluated` is False) and never raises. Data Docs pages are added
    under `folder`/data_docs; those of earlier runs stay.
    """
    context = _context()
    checks: list[CheckReport] = []
    sheets: list[docs.Sheet] = []
    for batch in batches:
        outcome = _validate(context, batch)
        checks += [_check(batch, result) for result in outcome.results]
        sheets.append(docs.Sheet(batch.name, outcome))
    site = docs.add(stage, run_id, sheets, folder / "data_docs")
    return Audit(tuple(checks), page.write(stage, run_id, checks, site, folder))


def _context() -> Any:
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    # stores in memory only: a site of its own would leave a temporary folder behind after every audit
    stores = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    context: Any = gx.get_context(mode="ephemeral", project_config=DataContextConfig(store_backend_defaults=stores))
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    return context


def _validate(context: Any, batch: Batch) -> ExpectationSuiteValidationResult:
    """The results in the order of the expectations; Great Expectations gives them back in an order of its own."""
    found = scan(batch.rows, batch.expectations, batch.key)
    suite = ExpectationSuite(name=batch.name)
    for position, expectation in enumerate(batch.expectations):
        expectation.id = str(position)
        suite.expectations.append(expectation)
    source = context.data_sources.add_or_update_pandas("memory")
    asset = source.add_dataframe_asset(batch.name).add_batch_definition_whole_dataframe(batch.name)
    result_format: dict[str, Any] = {"result_format": "SUMMARY", "partial_unexpected_count": EXAMPLES}
    if batch.key:
        result_format["unexpected_index_column_names"] = [batch.key]
    sample = asset.get_batch({"dataframe": found.sample.to_pandas()})
    outcome: ExpectationSuiteValidationResult = sample.validate(suite, result_format=result_format)
    outcome.results.sort(key=_position)
    for result, count in zip(outcome.results, found.counts, strict=True):
        if count:
            _complete(result, count, found.rows)
    passed = sum(bool(result.success) for result in outcome.results)
    outcome.success = passed == len(outcome.results)
    # as Great Expectations counts them for its pages
    outcome.statistics |= {
        "successful_expectations": passed,
        "unsuccessful_expectations": len(outcome.results) - passed,
        "success_percent": 100 * passed / len(outcome.results) if outcome.results else None,
    }
    return outcome


def _position(result: ExpectationValidationResult) -> int:
    configuration: Any = result.expectation_config
    return int(configuration.id)


def _complete(result: ExpectationValidationResult, count: Count, rows: int) -> None:
    """Puts the counts over all rows in place of those over the sample; what could not be counted, or is in dispute, fails."""
    if _error(dict(result.exception_info or {})):
        return
    error = count.error
    if not error and bool(result.success) != (count.unexpected == 0):
        error = (
            f"{count.unexpected} rows break the rule by our count, Great Expectations says otherwise of the same rows"
        )
    if error:
        result.success, result.result = False, {}
        result.exception_info = {"raised_exception": True, "exception_message": error, "exception_traceback": ""}
        return
    known = rows - count.missing
    figures: dict[str, Any] = {
        "element_count": rows,
        "unexpected_count": count.unexpected,
        "unexpected_percent": _percent(count.unexpected, known),
        "missing_count": count.missing,
        "missing_percent": _percent(count.missing, rows),
        "unexpected_percent_total": _percent(count.unexpected, rows),
        "unexpected_percent_nonmissing": _percent(count.unexpected, known),
    }
    result.result |= {name: value for name, value in figures.items() if name in result.result}


def _percent(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None


def _check(batch: Batch, result: ExpectationValidationResult) -> CheckReport:
    configuration: Any = result.expectation_config
    figures: Mapping[str, Any] = result.result
    error = _error(dict(result.exception_info or {}))
    return CheckReport(
        batch=batch.name,
        expectation=configuration.type,
        column=", ".join(column_names(configuration.kwargs)) or None,
        severity="warning" if configuration.severity == "warning" else "critical",
        passed=bool(result.success),
        evaluated=error is None,
        observed=error or _observed(figures),
        allowed=_allowed(configuration.kwargs),
        examples=() if error else _examples(figures),
    )


def _error(exceptions: Mapping[str, Any]) -> str | None:
    """The first message of what was raised; Great Expectations nests one record per metric, or gives a single one."""
    records = [exceptions] if "raised_exception" in exceptions else list(exceptions.values())
    raised = [str(record["exception_message"]) for record in records if record["raised_exception"]]
    return f"could not be evaluated: {raised[0][:EXAMPLE_CHARACTERS]}" if raised else None


def _observed(figures: Mapping[str, Any]) -> str | None:
    if "observed_value" in figures:
        return _plain(figures["observed_value"])
    if "unexpected_count" in figures:
        return f"{figures['unexpected_count']} of {figures['element_count']} rows unexpected"
    return None


def _allowed(kwargs: Mapping[str, Any]) -> str | None:
    """What the expectation was configured with, as words: the batch and the column are said elsewhere."""
    shown = {name: value for name, value in kwargs.items() if name not in NOT_SHOWN and value is not None}
    return ", ".join(f"{name} {_plain(value)}" for name, value in shown.items()) or None


def _examples(figures: Mapping[str, Any]) -> tuple[str, ...]:
    """Failing values, each with the key of its row where one was asked for."""
    rows = figures.get("partial_unexpected_index_list") or ()
    if rows and isinstance(rows[0], Mapping):
        return tuple(", ".join(f"{name}: {_plain(value)}" for name, value in row.items()) for row in rows[:EXAMPLES])
    return tuple(_plain(value) for value in (figures.get("partial_unexpected_list") or ())[:EXAMPLES])


def _plain(value: Any) -> str:
    scalar = value.item() if hasattr(value, "item") else value
    text = f"{scalar:.6g}" if isinstance(scalar, float) else str(scalar)
    return text if len(text) <= EXAMPLE_CHARACTERS else text[:EXAMPLE_CHARACTERS] + "..."
