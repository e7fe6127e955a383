"""Runs a suite on staged rows and reports every check: the only adapter to Great Expectations.

Every row is looked at by `scan`, in bounded memory. Great Expectations judges the sample that the scan took, and its result is
completed by the counts over all rows. A check passes only where both say so: the scan found no row that breaks it, and Great
Expectations, which is given each kind of broken row that there is, finds none either. Columns that a rule is about as a whole, and
figures that a suite measured, are given to it as they are.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import great_expectations as gx
from great_expectations.core.expectation_suite import ExpectationSuite
from great_expectations.core.expectation_validation_result import (
    ExpectationSuiteValidationResult,
    ExpectationValidationResult,
)
from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

from expectations import measured  # registers the expectations that are ours
from expectations.frames import whole_columns
from expectations.pages import page, results
from expectations.reported import checked, error_of, not_looked_at
from expectations.rules import Batch, Rule
from expectations.scan import EXAMPLES, Count, scan
from lake.storage.publication import now
from lake.storage.report import CheckReport

assert measured
NOTHING_TO_MEASURE = "nothing to measure this time"


@dataclass(frozen=True)
class Audit:
    """Every check of one run of one stage, the page that shows them, and when they were made."""

    checks: tuple[CheckReport, ...]
    page: Path
    at: datetime


def audit(stage: str, batches: Iterable[Batch], run_id: str, folder: Path) -> Audit:
    """The result of every rule of every batch, in order, with the audit page and Great Expectations' results written under `folder`.

    A check that cannot be computed counts as failed (`evaluated` is False) and never raises; one that had nothing to look at passes, and
    its `observed` says so.
    """
    moment, checks, outcomes = now(), list[CheckReport](), list[ExpectationSuiteValidationResult]()
    for batch in batches:
        outcome, told = _audited(stage, batch)
        outcome.meta |= {"run_id": {"run_name": run_id, "run_time": moment.isoformat()}, "stage": stage}
        outcomes.append(outcome)
        checks += told
    results.write(stage, run_id, outcomes, folder)
    return Audit(tuple(checks), page.write(stage, run_id, moment, checks, folder), moment)


def _audited(stage: str, batch: Batch) -> tuple[ExpectationSuiteValidationResult, list[CheckReport]]:
    """What Great Expectations says of a batch, and the check of each of its rules, in order."""
    idle = {rule.name: batch.idle for rule in batch.rules} if batch.idle else {}
    arguments, errors = dict[str, Mapping[str, Any]](), dict[str, str]()
    for rule in () if idle else batch.rules:
        try:
            figure = rule.figure() if rule.figure else None
        except Exception as error:  # whatever it is, a figure that cannot be measured is none that holds
            errors[rule.name] = str(error) or type(error).__name__
        else:
            arguments[rule.name] = {**rule.arguments, **({"measured": float(figure)} if figure is not None else {})}
            if rule.figure and figure is None:
                idle[rule.name] = NOTHING_TO_MEASURE
    asked = [rule for rule in batch.rules if rule.name not in idle]
    outcome = _validated(batch, asked, arguments, errors)
    found = dict(zip((rule.name for rule in asked), outcome.results, strict=True))
    checks = [
        checked(stage, batch, rule, found[rule.name])
        if rule.name in found
        else not_looked_at(stage, batch, rule, idle[rule.name])
        for rule in batch.rules
    ]
    return outcome, checks


@cache
def _context() -> Any:
    """One context a process: opening it takes longer than most audits."""
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    # stores in memory only: a site of its own would leave a temporary folder behind after every audit
    stores = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    context: Any = gx.get_context(mode="ephemeral", project_config=DataContextConfig(store_backend_defaults=stores))
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    return context


def _validated(
    batch: Batch, rules: Sequence[Rule], arguments: Mapping[str, Mapping[str, Any]], errors: Mapping[str, str]
) -> ExpectationSuiteValidationResult:
    """The results in the order of the rules; Great Expectations gives them back in an order of its own."""
    asked = {
        position: ExpectationConfiguration(
            type=rule.type,
            kwargs=dict(arguments.get(rule.name, rule.arguments)),
            severity=rule.severity,  # type: ignore[arg-type]
            description=rule.sentence,
            id=str(position),
        )
        for position, rule in enumerate(rules)
    }
    failed = {n: _raised(asked.pop(n), errors[rule.name]) for n, rule in enumerate(rules) if rule.name in errors}
    outcome = _validate(batch, [rules[n] for n in asked], list(asked.values()))
    results = failed | {_position(result): result for result in outcome.results}
    outcome.results = [results[position] for position in sorted(results)]
    passed = sum(bool(result.success) for result in outcome.results)
    outcome.success = passed == len(outcome.results)
    outcome.statistics |= {  # as Great Expectations counts them
        "evaluated_expectations": len(outcome.results),
        "successful_expectations": passed,
        "unsuccessful_expectations": len(outcome.results) - passed,
        "success_percent": _percent(passed, len(outcome.results)),
    }
    return outcome


def _validate(
    batch: Batch, rules: Sequence[Rule], asked: Sequence[ExpectationConfiguration]
) -> ExpectationSuiteValidationResult:
    """Great Expectations' own results, completed by the scan's counts where rows were counted."""
    suite = ExpectationSuite(name=batch.name, expectations=[one.to_domain_obj() for one in asked])
    result_format: dict[str, Any] = {"result_format": "SUMMARY", "partial_unexpected_count": EXAMPLES}
    if batch.key:
        result_format["unexpected_index_column_names"] = [batch.key]
    found = scan(batch.rows, rules, batch.key) if batch.rows is not None and not batch.whole else None
    frame = (
        found.sample.to_pandas() if found else whole_columns(batch.rows, [c for rule in rules for c in rule.columns])
    )
    source = _context().data_sources.add_or_update_pandas("staged rows")
    asset = source.add_dataframe_asset(batch.name).add_batch_definition_whole_dataframe(batch.name)
    outcome: ExpectationSuiteValidationResult = asset.get_batch({"dataframe": frame}).validate(
        suite, result_format=result_format
    )
    outcome.results.sort(key=_position)
    for result, count in zip(outcome.results, found.counts if found else (), strict=bool(found)):
        if count and found:
            _complete(result, count, found.rows)
    return outcome


def _position(result: ExpectationValidationResult) -> int:
    configuration: Any = result.expectation_config
    return int(configuration.id)


def _complete(result: ExpectationValidationResult, count: Count, rows: int) -> None:
    """Puts the counts over all rows in place of those over the sample; what could not be counted, or is in dispute, fails."""
    if error_of(dict(result.exception_info or {})):
        return
    error = count.error
    if not error and bool(result.success) != (count.unexpected == 0):
        error = (
            f"{count.unexpected} rows break the rule by our count, Great Expectations says otherwise of the same rows"
        )
    if error:
        result.success, result.result = False, {}
        result.exception_info = _exception(error)
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


def _raised(asked: ExpectationConfiguration, error: str) -> ExpectationValidationResult:
    return ExpectationValidationResult(success=False, expectation_config=asked, exception_info=_exception(error))


def _exception(error: str) -> dict[str, Any]:
    return {"raised_exception": True, "exception_message": error, "exception_traceback": ""}


def _percent(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None
