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
from uuid import NAMESPACE_URL, uuid5

import great_expectations as gx
import pandas as pd
from great_expectations.core.expectation_suite import ExpectationSuite
from great_expectations.core.expectation_validation_result import (
    ExpectationSuiteValidationResult,
    ExpectationValidationResult,
)
from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

from expectations.frames import whole_columns
from expectations.measured import Measured
from expectations.pages import page, results
from expectations.reported import checked, error_of, not_looked_at
from expectations.rules import Batch, Rule
from expectations.scan import EXAMPLES, Count, scan
from lake.storage.publication import now
from lake.storage.report import CheckReport

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
    asked = [_asked(str(place), rule, batch.idle) for place, rule in enumerate(batch.rules)]
    outcome = _validated(batch, [one for one in asked if one.idle is None])
    found = {_position(result): result for result in outcome.results}
    checks = [
        checked(stage, batch, rule, found[place]) if one.idle is None else not_looked_at(stage, batch, rule, one.idle)
        for place, (rule, one) in enumerate(zip(batch.rules, asked, strict=True))
    ]
    for place, result in found.items():
        configuration: Any = result.expectation_config
        # the same in every run, as Great Expectations reads ids
        configuration.id = str(uuid5(NAMESPACE_URL, f"{stage}/{checks[place].name}"))
    return outcome, checks


@dataclass(frozen=True)
class _Asked:
    """A rule as Great Expectations is asked it; or why it is not asked: there is nothing to look at (`idle`), or it failed before (`error`)."""

    rule: Rule
    configuration: ExpectationConfiguration
    idle: str | None = None
    error: str | None = None

    @property
    def figure(self) -> Measured:
        """It as an expectation of ours."""
        expectation = self.configuration.to_domain_obj()
        assert isinstance(expectation, Measured)
        return expectation


def _asked(place: str, rule: Rule, idle: str) -> _Asked:
    arguments, error = dict(rule.arguments), None
    if rule.figure and not idle:
        try:
            figure = rule.figure()
            idle = NOTHING_TO_MEASURE if figure is None else ""
            arguments |= {} if figure is None else {"measured": float(figure)}
        except Exception as raised:  # whatever it is, a figure that cannot be measured is none that holds
            error = str(raised) or type(raised).__name__
    severity: Any = rule.severity
    configuration = ExpectationConfiguration(
        type=rule.type, kwargs=arguments, severity=severity, description=rule.sentence, id=place
    )
    return _Asked(rule, configuration, idle or None, error)


@cache
def _source() -> Any:
    """One context and one data source a process: opening them takes longer than most audits."""
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    # stores in memory only: a site of its own would leave a temporary folder behind after every audit
    stores = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    context: Any = gx.get_context(mode="ephemeral", project_config=DataContextConfig(store_backend_defaults=stores))
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    return context.data_sources.add_pandas("staged rows")


@cache
def _batch_definition(name: str) -> Any:
    """That of an asset called `name`, for any frame."""
    return _source().add_dataframe_asset(name).add_batch_definition_whole_dataframe(name)


def _validated(batch: Batch, asked: Sequence[_Asked]) -> ExpectationSuiteValidationResult:
    """The results in the order of the rules; Great Expectations gives them back in an order of its own."""
    outcome = _judged(batch, [one for one in asked if not one.error])
    outcome.results += [_raised(one.configuration, one.error) for one in asked if one.error]
    outcome.results.sort(key=_position)
    passed = sum(bool(result.success) for result in outcome.results)
    outcome.success = passed == len(outcome.results)
    outcome.statistics = {  # as Great Expectations counts them
        "evaluated_expectations": len(outcome.results),
        "successful_expectations": passed,
        "unsuccessful_expectations": len(outcome.results) - passed,
        "success_percent": _percent(passed, len(outcome.results)),
    }
    return outcome


def _judged(batch: Batch, asked: Sequence[_Asked]) -> ExpectationSuiteValidationResult:
    """Great Expectations' own results, completed by the scan's counts where rows were counted.

    Only of a rule that the scan found broken, or could not count, is it asked for more than its verdict: that takes twice as long.
    """
    if batch.rows is None or not asked:
        return _judged_figures(batch, asked)
    rules = [one.rule for one in asked]
    if batch.whole:
        frame = whole_columns(batch.rows, [name for rule in rules for name in rule.columns])
        return _verdicts(batch, frame, asked, "SUMMARY")
    found = scan(batch.rows, rules, batch.key)
    kept, broken = list[_Asked](), list[_Asked]()
    for one, count in zip(asked, found.counts, strict=True):
        (kept if count and not count.error and not count.unexpected else broken).append(one)
    frame = found.sample.to_pandas()
    outcome = _verdicts(batch, frame, kept, "BOOLEAN_ONLY")
    outcome.results += _verdicts(batch, frame, broken, "SUMMARY").results if broken else []
    outcome.results.sort(key=_position)
    for result, count in zip(outcome.results, found.counts, strict=True):
        if count:
            _complete(result, count, found.rows)
    return outcome


def _verdicts(
    batch: Batch, frame: pd.DataFrame, asked: Sequence[_Asked], result_format: str
) -> ExpectationSuiteValidationResult:
    suite = ExpectationSuite(name=batch.name)
    suite.expectations += [one.configuration.to_domain_obj() for one in asked]  # whose ids its constructor refuses
    wanted: dict[str, Any] = {"result_format": result_format, "partial_unexpected_count": EXAMPLES}
    if batch.key and result_format == "SUMMARY":
        wanted["unexpected_index_column_names"] = [batch.key]
    return _batch_definition(batch.name).get_batch({"dataframe": frame}).validate(suite, result_format=wanted)


def _judged_figures(batch: Batch, asked: Sequence[_Asked]) -> ExpectationSuiteValidationResult:
    """The results of figures, which need no batch: a validator would be built for each of them, and asked for nothing."""
    results = [
        ExpectationValidationResult(
            expectation_config=one.configuration, exception_info=dict(_NO_EXCEPTION), **one.figure.judge()
        )
        for one in asked
    ]
    about = {"great_expectations_version": gx.__version__, "active_batch_definition": {"data_asset_name": batch.name}}
    return ExpectationSuiteValidationResult(success=True, results=results, suite_name=batch.name, meta=about)


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
    result.result |= figures


def _raised(asked: ExpectationConfiguration, error: str) -> ExpectationValidationResult:
    return ExpectationValidationResult(success=False, expectation_config=asked, exception_info=_exception(error))


_NO_EXCEPTION: Mapping[str, Any] = {"raised_exception": False, "exception_message": None, "exception_traceback": None}


def _exception(error: str) -> dict[str, Any]:
    return {"raised_exception": True, "exception_message": error, "exception_traceback": ""}


def _percent(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None
