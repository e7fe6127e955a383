"""What went wrong in a run, in sentences."""

from collections.abc import Iterable
from typing import Any

import dagster as dg

from lake.errors import StageFailed, UserError
from lake.stages import STAGES

_WORKER_FAILED = "PythonException"  # its first line names no cause, its last one does
_JAVA_FAILED, _CAUSE = "Py4JJavaError", "Caused by: "
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
    lines = error.message.strip().splitlines() or [""]
    if error.cls_name == _WORKER_FAILED:
        told = [line for line in lines[1:] if line.strip() and not line.startswith((" ", "Traceback"))]
        return f"a Python worker of Spark failed: {told[-1] if told else lines[0]}"
    if error.cls_name == _JAVA_FAILED:
        causes = [line.removeprefix(_CAUSE) for line in lines if line.startswith(_CAUSE)] or lines[1:2]
        return f"Spark failed: {causes[-1].removeprefix(': ')}" if causes else lines[0]
    line = lines[0]
    return f"{line.partition(': ')[2]}, and printed above why" if error.cls_name == _CHILD_FAILED else line
