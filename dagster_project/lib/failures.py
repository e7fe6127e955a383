"""What went wrong in a run, in sentences."""

from collections.abc import Iterable
from typing import Any

import dagster as dg

from lake.errors import StageFailed, UserError
from lake.stages import STAGES

_CHILD_FAILED = "DagsterPipesExecutionError"  # says no more than an exit code


def failures(events: Iterable[dg.DagsterEvent]) -> list[tuple[str, str]]:
    """(stage, sentence) of each step that failed, the cause rather than its wrapping. Raises KeyboardInterrupt where that was Ctrl-C."""
    failed: list[tuple[str, str]] = []
    for event in events:
        error = event.step_failure_data.error
        while error is not None and error.cause is not None:
            error = error.cause
        if error is not None and error.cls_name == dg.DagsterExecutionInterruptedError.__name__:
            raise KeyboardInterrupt  # Dagster turns Ctrl-C into a failed step
        step = (event.step_key or "").partition("[")[0]
        key = next((key for key in STAGES if key.replace("/", "_") == step), step)
        failed.append((key, sentence(error) if error else "no reason given"))
    return failed


def sentence(error: Any) -> str:
    """What the error says, in one line: all of a sentence that was written for a user, else the class and the first line."""
    if error.cls_name in (UserError.__name__, StageFailed.__name__):
        return " ".join(error.message.split()).partition(": ")[2]
    line = error.message.strip().partition("\n")[0]
    return f"{line.partition(': ')[2]}, and printed above why" if error.cls_name == _CHILD_FAILED else line
