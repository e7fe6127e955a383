"""Runs a suite on staged rows and reports every check: the only adapter to Great Expectations.

A frame that fits easily in memory is read once, columns named by an expectation only, and looked at in full. A larger
Spark frame stays in Spark: a quick pass that only says yes or no, then the failed checks again with examples.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import great_expectations as gx
from great_expectations.core.expectation_suite import ExpectationSuite
from great_expectations.core.expectation_validation_result import (
    ExpectationSuiteValidationResult,
    ExpectationValidationResult,
)
from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults
from great_expectations.expectations.expectation import Expectation

from expectations.frames import in_memory
from expectations.pages import docs, page
from lake.storage.report import CheckReport

if TYPE_CHECKING:
    from expectations.frames import Frame

EXAMPLES = 5
EXAMPLE_CHARACTERS = 300
COLUMN_ARGUMENTS = ("column", "column_A", "column_B")
UNSAID = {"batch_id", *COLUMN_ARGUMENTS}
QUICK = {"result_format": "BOOLEAN_ONLY"}


@dataclass(frozen=True)
class Batch:
    """One frame and what is expected of it. `key` is the column that names a failing row in the examples."""

    name: str
    frame: Frame
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
    detailed: dict[str, Any] = {"result_format": "SUMMARY", "partial_unexpected_count": EXAMPLES}
    if batch.key:
        detailed["unexpected_index_column_names"] = [batch.key]
    columns = {column for expectation in batch.expectations for column in _columns(expectation.configuration.kwargs)}
    frame = in_memory(batch.frame, columns | ({batch.key} if batch.key else set()))
    if frame is not None:
        source = context.data_sources.add_or_update_pandas("memory")
        return _run(_open(source, batch.name, frame), batch.name, batch.expectations, detailed)
    # never persisted: Great Expectations would not let go of it
    opened = _open(context.data_sources.add_or_update_spark("spark", persist=False), batch.name, batch.frame)
    outcome = _run(opened, batch.name, batch.expectations, QUICK)
    failed = [rule for rule, result in zip(batch.expectations, outcome.results, strict=True) if not result.success]
    if failed:
        again = iter(_run(opened, batch.name, failed, detailed).results)
        outcome.results = [result if result.success else next(again) for result in outcome.results]
    return outcome


def _open(source: Any, name: str, frame: Any) -> Any:
    return source.add_dataframe_asset(name).add_batch_definition_whole_dataframe(name).get_batch({"dataframe": frame})


def _columns(kwargs: Mapping[str, Any]) -> list[str]:
    return [str(kwargs[name]) for name in COLUMN_ARGUMENTS if name in kwargs]


def _run(
    opened: Any, name: str, expectations: Sequence[Expectation], result_format: Any
) -> ExpectationSuiteValidationResult:
    """The results in the order of `expectations`; Great Expectations gives them back in an order of its own."""
    suite = ExpectationSuite(name=name)
    for position, expectation in enumerate(expectations):
        expectation.id = str(position)
        suite.expectations.append(expectation)
    outcome: ExpectationSuiteValidationResult = opened.validate(suite, result_format=result_format)
    outcome.results.sort(key=_position)
    return outcome


def _position(result: ExpectationValidationResult) -> int:
    configuration: Any = result.expectation_config
    return int(configuration.id)


def _check(batch: Batch, result: ExpectationValidationResult) -> CheckReport:
    configuration: Any = result.expectation_config
    figures: Mapping[str, Any] = result.result
    error = _error(dict(result.exception_info or {}))
    return CheckReport(
        batch=batch.name,
        expectation=configuration.type,
        column=", ".join(_columns(configuration.kwargs)) or None,
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
    said = {name: value for name, value in kwargs.items() if name not in UNSAID and value is not None}
    return ", ".join(f"{name} {_plain(value)}" for name, value in said.items()) or None


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
