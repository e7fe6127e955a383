"""How far a stage is, as a terminal shows it; and what is told where there is no terminal."""

import fcntl
import os
import pty
import struct
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lake.engines.spark_tasks import tell
from lake.harness.bars import TERMINAL, lines_by_tenth, name_terminal, watched
from lake.harness.job import quiet


class Terminal:
    """A terminal of 110 columns: its path, and what was written to it."""

    def __init__(self) -> None:
        self._ours, self.theirs = pty.openpty()
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 110, 0, 0))
        os.set_blocking(self._ours, False)
        self.path = os.ttyname(self.theirs)

    def shown(self) -> str:
        found = b""
        while part := self._read():
            found += part
        return found.decode()

    def _read(self) -> bytes:
        try:
            return os.read(self._ours, 65536)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        os.close(self._ours)
        os.close(self.theirs)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    found = Terminal()
    monkeypatch.setenv(TERMINAL, found.path)
    yield found
    found.close()


@pytest.mark.parametrize(("engine", "unit"), [("generate", " rows/s"), ("spark", " tasks/s")])
def test_a_bar_tells_what_is_done_how_fast_and_what_is_left(terminal: Terminal, engine: Any, unit: str) -> None:
    with watched("silver/ratings", engine) as progress:
        for done in (0, 50, 150):
            progress(done, 200)
    shown = terminal.shown()
    assert "silver/ratings" in shown and "150/200" in shown and unit in shown
    assert "0:00:" in shown.split("150/200")[-1] and "left" in shown


def test_a_training_that_tells_percent_is_not_told_in_rows(terminal: Terminal) -> None:
    with watched("models/distiller_sft", "train") as progress:
        for done in (1, 2):
            progress(done, 100)
    assert "2/100" in (shown := terminal.shown()) and "/s" not in shown.replace("2/100", "")


def test_what_goes_wrong_under_a_bar_goes_wrong_as_without_it(terminal: Terminal) -> None:
    with pytest.raises(OSError, match="the disk is full"), watched("silver/ratings", "generate"):
        raise OSError("the disk is full")


def test_what_a_stage_prints_under_a_bar_stays_where_it_is_kept(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    with watched("silver/ratings", "generate"):
        print("a line")
        print("a warning", file=sys.stderr)
    kept = capsys.readouterr()
    assert (kept.out, kept.err) == ("a line\n", "a warning\n")
    assert "a line" not in (shown := terminal.shown()) and "a warning" not in shown


def test_without_a_terminal_or_when_it_is_gone_what_was_asked_for_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for gone in (None, str(tmp_path / "closed" / "tty")):
        monkeypatch.setenv(TERMINAL, gone) if gone else monkeypatch.delenv(TERMINAL, raising=False)
        with watched("silver/ratings", "generate") as nothing, watched("a", "train", lines_by_tenth()) as lines:
            assert nothing is quiet
            for done in range(1, 31):
                lines(done, 30)
    assert capsys.readouterr().err.splitlines()[:10] == [f"  {done} of 30" for done in range(3, 31, 3)]


def test_steps_that_go_far_are_told_too(capsys: pytest.CaptureFixture[str]) -> None:
    tell = lines_by_tenth()
    for done in (0, 9, 18, 27, 29, 45, 100):
        tell(done, 100)
    tell(0, 0)
    assert capsys.readouterr().err.splitlines() == [f"  {done} of 100" for done in (18, 27, 45, 100)]


def test_the_terminal_is_the_one_of_standard_error(monkeypatch: pytest.MonkeyPatch, terminal: Terminal) -> None:
    monkeypatch.setattr(sys, "stderr", os.fdopen(os.dup(terminal.theirs), "w"))
    name_terminal()
    assert os.environ[TERMINAL] == terminal.path
    monkeypatch.setattr(sys, "stderr", SimpleNamespace(isatty=lambda: False))
    name_terminal()
    assert TERMINAL not in os.environ


def test_a_terminal_that_has_no_name_here_is_none_to_draw_on(
    monkeypatch: pytest.MonkeyPatch, terminal: Terminal
) -> None:
    """In a container standard error may be a terminal of the machine around it."""

    def nameless(descriptor: int) -> str:
        raise OSError("No such device")

    monkeypatch.setattr(sys, "stderr", os.fdopen(os.dup(terminal.theirs), "w"))
    monkeypatch.setattr(os, "ttyname", nameless)
    name_terminal()
    assert TERMINAL not in os.environ


def test_tasks_of_all_active_stages_are_told_together() -> None:
    known = {
        1: SimpleNamespace(numCompletedTasks=3, numTasks=4),
        2: SimpleNamespace(numCompletedTasks=0, numTasks=8),
        3: None,
    }
    told = list[tuple[int, int]]()
    for active in ([], [1, 2, 3]):  # one of them ends while it is asked about
        tracker: Any = SimpleNamespace(getActiveStageIds=lambda ids=active: ids, getStageInfo=known.get)
        tell(tracker, lambda done, total: told.append((done, total)))
    assert told == [(3, 12)]
