"""A check as the report tells it, from what Great Expectations said of a rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from great_expectations.core.expectation_validation_result import ExpectationValidationResult

from expectations.rules import Batch, Rule, check_name, shown, span
from expectations.scan import EXAMPLES
from lake.storage.report import CheckReport

EXAMPLE_CHARACTERS = 300


def checked(stage: str, batch: Batch, rule: Rule, result: ExpectationValidationResult) -> CheckReport:
    """The check of a rule that was evaluated, or could not be."""
    found: Mapping[str, Any] = result.result or {}
    error = error_of(dict(result.exception_info or {}))
    return CheckReport(
        **_declared(stage, batch, rule),
        passed=bool(result.success),
        evaluated=error is None,
        observed=error or _observed(found),
        examples=() if error else _examples(found),
    )


def not_looked_at(stage: str, batch: Batch, rule: Rule, why: str) -> CheckReport:
    """The check of a rule that had nothing to look at: it passes, and says `why`."""
    return CheckReport(**_declared(stage, batch, rule), passed=True, observed=why)


def _declared(stage: str, batch: Batch, rule: Rule) -> dict[str, Any]:
    """What a check is before anything was looked at."""
    return {
        "name": check_name(stage, batch, rule),
        "sentence": rule.sentence,
        "batch": batch.name,
        "expectation": rule.type,
        "column": ", ".join(rule.columns) or None,
        "severity": rule.severity,
        "vital": rule.vital,
        "allowed": _allowed(rule.arguments),
    }


def error_of(exceptions: Mapping[str, Any]) -> str | None:
    """The first message of what was raised; Great Expectations nests one record per metric, or gives a single one."""
    records = [exceptions] if "raised_exception" in exceptions else list(exceptions.values())
    raised = [str(record["exception_message"]) for record in records if record["raised_exception"]]
    return f"could not be evaluated: {raised[0][:EXAMPLE_CHARACTERS]}" if raised else None


def _observed(found: Mapping[str, Any]) -> str | None:
    value = found.get("observed_value")
    if isinstance(value, Mapping):  # of quantiles
        return ", ".join(map(_plain, value["values"]))
    if "observed_value" in found:
        return _plain(value)
    if "unexpected_count" in found:
        return f"{found['unexpected_count']:,} of {found['element_count']:,} rows break it"
    return None


def _allowed(arguments: Mapping[str, Any]) -> str | None:
    """What the rule was configured with, in words."""
    least, most = arguments.get("min_value"), arguments.get("max_value")
    if least is not None or most is not None:
        return span(least, most)
    if "value_set" in arguments:
        return f"one of {', '.join(map(shown, arguments['value_set']))}" if arguments["value_set"] else None
    if "quantile_ranges" in arguments:
        return ", ".join(span(*ends) for ends in arguments["quantile_ranges"]["value_ranges"])
    if "threshold" in arguments:
        return span(None, arguments["threshold"])
    return arguments.get("regex")


def _examples(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Failing values, each with the key of its row where one was asked for."""
    rows = found.get("partial_unexpected_index_list") or ()
    if rows and isinstance(rows[0], Mapping):
        return tuple(", ".join(f"{name}: {_plain(value)}" for name, value in row.items()) for row in rows[:EXAMPLES])
    return tuple(_plain(value) for value in (found.get("partial_unexpected_list") or ())[:EXAMPLES])


def _plain(value: Any) -> str:
    text = shown(value)
    return text if len(text) <= EXAMPLE_CHARACTERS else text[:EXAMPLE_CHARACTERS] + "..."
