"""Engines in processes of their own, watched: one that dies, hangs or raises is ended, the reason told, and another one started.

Each talks over a pipe. This side sends requests while there is room and receives what is finished; no message for `patience` seconds
means that the engine hangs. The processes end with this one, however this one ends.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from multiprocessing.connection import wait
from threading import Timer
from typing import TYPE_CHECKING, Any, cast

from inference.text_engines import Completion, EngineFailed, EngineGone, Request
from inference.text_engines.serving import Model, Raised, serve
from lake.errors import UserError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

_LAST_WORDS = 10.0  # seconds in which a process that closed its pipe ends
_OUT_OF_MEMORY = ("MemoryError", "OutOfMemoryError", "out of memory", "allocate memory")


class SupervisedEngine:
    """A Generator with a process for each of `models`, started when there is something for it to answer; a request goes to one of them.

    models: each is called in a process of its own, so it must be picklable; all answer alike. patience, start_patience: seconds
    without a sign of life.
    """

    cached = True

    def __init__(
        self, model: str, models: Sequence[Callable[[], Model]], patience: float, start_patience: float
    ) -> None:
        self.model = model
        self._start_patience = start_patience
        self._processes = [_Process(open_model, patience) for open_model in models]

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """One completion for each request as it is finished.

        Raises EngineFailed when a process dies, hangs or raises, EngineGone when one does not start.
        """
        waiting = iter(requests)
        try:
            while True:
                # the first request starts a process: a run that finds all its answers in the cache loads no model
                shares = [(process, list(islice(waiting, process.free))) for process in self._processes]
                self._start([process for process, share in shares if share])
                for process, share in shares:
                    process.send(share)
                working = [process for process in self._processes if process.flying]
                if not working:
                    return
                for process in _heard(working):
                    yield from process.finished()
        finally:
            for process in self._processes:
                if process.flying:  # what is left there would be taken for answers to the next requests
                    process.close()

    def close(self) -> None:
        """Ends the processes: an engine that is shut down in any other way does not give all its memory back."""
        for process in self._processes:
            process.close()

    def _start(self, processes: Sequence[_Process]) -> None:
        """Loads the models of those that do not run yet, side by side."""
        starting = [process for process in processes if process.start()]
        try:
            for process in starting:
                process.await_model(self._start_patience)
        except EngineFailed as error:
            self.close()
            raise EngineGone(f"The engine {self.model} does not start: {error}") from error
        except UserError:
            self.close()
            raise


class _Process:
    """One process, its pipe, and the ids of the requests it works on."""

    def __init__(self, open_model: Callable[[], Model], patience: float) -> None:
        self._open_model = open_model
        self._patience = patience
        self._process: SpawnProcess | None = None
        self._room = 1  # until the model says how many it can use at once
        self.connection: Connection
        self.deadline = 0.0  # of the next sign of life
        self.flying = set[str]()

    @property
    def free(self) -> int:
        """How many more requests it can use."""
        return self._room - len(self.flying)

    def start(self) -> bool:
        """Starts it, and says whether it did not run before."""
        if self._process is not None:
            return False
        spawned = multiprocessing.get_context("spawn")
        self.connection, theirs = cast("tuple[Connection, Connection]", spawned.Pipe())
        self._process = spawned.Process(target=serve, args=(theirs, self._open_model), name="engine", daemon=True)
        self._process.start()
        theirs.close()
        return True

    def await_model(self, patience: float) -> None:
        """Waits until the model is loaded."""
        if not self.connection.poll(patience):
            raise _silent(patience)
        self._room = self._received()

    def send(self, requests: Sequence[Request]) -> None:
        """Gives it more requests to answer."""
        if not requests:
            return
        if not self.flying:
            self.deadline = time.monotonic() + self._patience
        self.flying.update(request.id for request in requests)
        # a process that hangs reads nothing, and a full pipe would keep this one waiting for ever
        watchdog = Timer(self._patience, cast("SpawnProcess", self._process).kill)
        watchdog.start()
        with suppress(OSError):  # that the process ended is noticed, and told, when its answers are waited for
            self.connection.send(requests)
        watchdog.cancel()

    def finished(self) -> Iterator[Completion]:
        """What it says it finished; its connection must have something to say, or its patience be at an end."""
        if not self.connection.poll():
            raise _silent(self._patience)
        completions = cast("Sequence[Completion]", self._received())
        self.deadline = time.monotonic() + self._patience
        for completion in completions:
            self.flying.remove(completion.id)
            yield completion

    def close(self) -> None:
        """Ends it."""
        if self._process is not None:
            self.connection.close()
            self._process.kill()
            self._process.join()
            self._process = None
        self._room = 1
        self.flying.clear()

    def _received(self) -> Any:
        """The message that has come; EngineFailed with what became of the process where it is none."""
        try:
            message = self.connection.recv()
        except (EOFError, OSError):
            manner = _manner(cast("SpawnProcess", self._process))
            raise EngineFailed(f"the engine's process ended {manner}", accident=True) from None
        if not isinstance(message, Raised):
            return message
        if message.mistake:
            raise UserError(message.reason)
        raise EngineFailed(message.reason, accident=any(sign in message.reason for sign in _OUT_OF_MEMORY))


def _heard(working: Sequence[_Process]) -> list[_Process]:
    """The processes that have said something, or should have by now; waits for the first."""
    patience = min(process.deadline for process in working) - time.monotonic()
    ready = wait([process.connection for process in working], max(0.0, patience))
    now = time.monotonic()
    return [process for process in working if process.connection in ready or process.deadline <= now]


def _silent(patience: float) -> EngineFailed:
    return EngineFailed(f"the engine gave no sign of life for {patience:g} seconds", accident=True)


def _manner(process: SpawnProcess) -> str:
    process.join(_LAST_WORDS)
    code = process.exitcode
    return f"by {signal.Signals(-code).name}" if code is not None and code < 0 else f"with exit code {code}"
