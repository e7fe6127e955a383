"""The batches of a stage's suite on frames made for a test, with the limits of the stage's own params."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from lake.harness.job import Views
from lake.harness.profiles import resolve
from lake.stages import STAGES
from lake.storage.report import CheckReport

if TYPE_CHECKING:
    from expectations.rules import Batch

LIMITS: dict[str, dict[str, Any]] = {
    "gold/training_set": {"budget": 4, "source_share": 0.75, "licence_shares": {"share-alike": 0.25}},
    "silver/unique_instructions": {"max_star": 2},
    "silver/best_records": {"most": 8},
}


def subject(check: CheckReport) -> str:
    """What a check is about: the column, or the name of the figure."""
    return check.column or check.name


def limits_of(suite: Callable[..., Any]) -> list[str]:
    """The params that a suite takes by name, beside the limits of its gate."""
    named = [name for name, one in inspect.signature(suite).parameters.items() if one.kind is one.KEYWORD_ONLY]
    return [name for name in named if name != "gate"]


def batches_of(
    stage: str,
    frames: Mapping[str, Any],
    before: Mapping[str, Any] | None = None,
    last: Mapping[str, Any] | None = None,
) -> list[Batch]:
    """The batches of a stage's suite, with the limits of the stage's own params."""
    declared = STAGES[stage]
    suite = resolve(declared.suite)
    named = limits_of(suite)
    params = resolve(declared.params)(**LIMITS.get(stage, {})) if named else None
    seen = Views({key: frames[key] for key in (*declared.inputs, *declared.outputs)}, before or {}, last)
    return list(suite(seen, gate=resolve(declared.limits)(), **{name: getattr(params, name) for name in named}))
