"""Answers on their way into the cache: a line of JSON each, written as soon as it is there, so that a kill loses no finished answer.

A journal belongs to the process that locks it. One that nobody locks was left behind by a run that was killed.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from uuid import uuid4

from inference.text_engines import Completion, Task


class Journal:
    """The journal of one shard in `folder`, locked by this process until `drop`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{uuid4().hex}.jsonl"
        unlocked = self._path.with_suffix(".new")
        self._lines = unlocked.open("wb", buffering=0)
        fcntl.flock(self._lines, fcntl.LOCK_EX)
        unlocked.rename(self._path)  # under this name others look for what was left behind

    def record(self, task: Task, answer: Completion) -> None:
        """Keeps an answer; its id is the key in the cache."""
        self._lines.write(json.dumps([task, asdict(answer)]).encode() + b"\n")

    def drop(self) -> None:
        """Removes the journal: what it holds is in the cache."""
        self._path.unlink(missing_ok=True)
        self._lines.close()


def left_behind(folder: Path) -> Iterator[list[tuple[Task, Completion]]]:
    """The answers of each journal in `folder` that was left behind; it is removed when the next one is asked for."""
    for path in sorted(folder.glob("*.jsonl")):
        try:
            lines = path.open("rb")
        except FileNotFoundError:  # another run was faster
            continue
        with lines:
            try:
                fcntl.flock(lines, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield [_entry(line) for line in lines if line.endswith(b"\n")]  # the last one may be torn
            path.unlink(missing_ok=True)


def _entry(line: bytes) -> tuple[Task, Completion]:
    task, answer = json.loads(line)
    return task, Completion(**answer)
