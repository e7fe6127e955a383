"""How far a stage is: on a terminal a bar with what is done, how fast, and the time that is left; elsewhere lines for a log, or nothing.

The command tells its terminal by name to whatever it starts: Dagster keeps what a stage prints in files, in a process of its own or not.
"""

import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from lake.harness.job import quiet
from lake.stages import Engine

Tell = Callable[[int, int], None]
TERMINAL = "MIXLAKE_TERMINAL"  # the path of the terminal on which bars are drawn
_UNITS: dict[Engine, str] = {"spark": "tasks", "train": ""}  # what is counted, where it is no rows


def name_terminal() -> None:
    """Has bars drawn on the terminal that standard error is, here and in every process started from here; on none where it is a pipe."""
    os.environ.pop(TERMINAL, None)
    if sys.stderr.isatty():
        with suppress(OSError):  # in a container it may be a terminal of the machine around it, which has no name here
            os.environ[TERMINAL] = os.ttyname(sys.stderr.fileno())


@contextmanager
def watched(stage: str, engine: Engine, elsewhere: Tell = quiet) -> Generator[Tell]:
    """What a job tells how far it is, (done, total) now and then; without a terminal, `elsewhere`."""
    terminal = _terminal()
    if terminal is None:
        yield elsewhere
        return
    with terminal, _bars(terminal, _UNITS.get(engine, "rows")) as bars:
        task = bars.add_task(stage, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


def _terminal() -> TextIO | None:
    """The terminal to draw on, unless there is none, or none any more."""
    try:
        return Path(os.environ[TERMINAL]).open("w", encoding="utf-8")
    except (KeyError, OSError):
        return None


def _bars(terminal: TextIO, unit: str) -> Progress:
    width = os.get_terminal_size(terminal.fileno()).columns if terminal.isatty() else 0
    return Progress(
        TextColumn("  {task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        _Speed(unit),
        TimeRemainingColumn(),
        TextColumn("left"),
        console=Console(file=terminal, force_terminal=True, width=width or None),
        transient=True,
        # what a stage prints is kept in a log, and would be drawn above the bar instead
        redirect_stdout=False,
        redirect_stderr=False,
    )


class _Speed(ProgressColumn):
    """How many of what is counted are done a second."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        speed = task.speed or (task.completed / task.elapsed if task.elapsed else 0)
        return Text(f"{speed:,.1f} {self._unit}/s" if self._unit and speed else "", style="dim")


def lines_by_tenth() -> Tell:
    """What prints a plain line for a log whenever another tenth of the way is done, however far a step goes."""
    tenths = 0

    def tell(done: int, total: int) -> None:
        nonlocal tenths
        before, tenths = tenths, done * 10 // max(total, 1)
        if tenths > before:
            print(f"  {done:,} of {total:,}", file=sys.stderr, flush=True)

    return tell
