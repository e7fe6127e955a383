"""An engine in a process of its own, watched: one that dies, hangs or raises is ended, the reason told, and another one started.

The two talk over a pipe. This side sends requests while there is room and receives what is finished; no message for `patience` seconds
means that the engine hangs. The process ends with this one, however this one ends.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from queue import SimpleQueue
from threading import Thread, Timer
from typing import TYPE_CHECKING, Any, Protocol, cast

from inference.text_engines import Completion, EngineFailed, EngineGone, Request
from lake.errors import UserError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

_LAST_WORDS = 10.0  # seconds in which a process that closed its pipe ends
_OUT_OF_MEMORY = ("MemoryError", "OutOfMemoryError", "out of memory", "allocate memory")


class Model(Protocol):
    """What answers inside the process. room: how many requests it can use at once. busy: it has some that are not finished."""

    @property
    def room(self) -> int: ...

    @property
    def busy(self) -> bool: ...

    def add(self, request: Request) -> None:
        """Takes one more request."""
        ...

    def step(self) -> Sequence[Completion] | None:
        """A little work: what it finished, nothing where it only got on, None where it got nowhere."""
        ...


@dataclass(frozen=True)
class _Raised:
    """What the process raised. mistake: the user's."""

    reason: str
    mistake: bool = False


class SupervisedEngine:
    """A Generator whose model is opened, and answers, in a process of its own, which is started when something is asked.

    open_model: called in that process, so it must be picklable. patience, start_patience: seconds without a sign of life.
    """

    cached = True

    def __init__(self, model: str, open_model: Callable[[], Model], patience: float, start_patience: float) -> None:
        self.model = model
        self._open_model = open_model
        self._patience = patience
        self._start_patience = start_patience
        self._process: SpawnProcess | None = None
        self._connection: Connection
        self._room = 0

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """One completion for each request as it is finished.

        Raises EngineFailed when the process dies, hangs or raises, EngineGone when it does not start.
        """
        waiting, flying = iter(requests), set[str]()
        try:
            while True:
                # the first request starts the process: a run that finds all its answers in the cache loads no model
                if fresh := list(islice(waiting, max(1, self._room) - len(flying))):
                    self._start()
                    flying.update(request.id for request in fresh)
                    self._send(fresh)
                if not flying:
                    return
                for completion in self._received(self._patience):
                    flying.remove(completion.id)
                    yield completion
        finally:
            if flying:  # what is left in the process would be taken for answers to the next requests
                self.close()

    def close(self) -> None:
        """Ends the process: an engine that is shut down in any other way does not give all its memory back."""
        if self._process is not None:
            self._connection.close()
            self._process.kill()
            self._process.join()
            self._process = None

    def _start(self) -> None:
        if self._process is not None:
            return
        spawned = multiprocessing.get_context("spawn")
        self._connection, theirs = cast("tuple[Connection, Connection]", spawned.Pipe())
        self._process = spawned.Process(target=serve, args=(theirs, self._open_model), name="engine", daemon=True)
        self._process.start()
        theirs.close()
        try:
            self._room = self._received(self._start_patience)
        except EngineFailed as error:
            self.close()
            raise EngineGone(f"The engine {self.model} does not start: {error}") from error
        except UserError:
            self.close()
            raise

    def _send(self, requests: Sequence[Request]) -> None:
        # a process that hangs reads nothing, and a full pipe would keep this one waiting for ever
        watchdog = Timer(self._patience, cast("SpawnProcess", self._process).kill)
        watchdog.start()
        with suppress(OSError):  # that the process ended is noticed, and told, when its answers are waited for
            self._connection.send(requests)
        watchdog.cancel()

    def _received(self, patience: float) -> Any:
        """The next message of the process; EngineFailed with what became of it where none comes."""
        if not self._connection.poll(patience):
            raise EngineFailed(f"the engine gave no sign of life for {patience:g} seconds", accident=True)
        try:
            message = self._connection.recv()
        except (EOFError, OSError):
            raise EngineFailed(
                f"the engine's process ended {_manner(cast('SpawnProcess', self._process))}", accident=True
            ) from None
        if not isinstance(message, _Raised):
            return message
        if message.mistake:
            raise UserError(message.reason)
        raise EngineFailed(message.reason, accident=any(sign in message.reason for sign in _OUT_OF_MEMORY))


def serve(connection: Connection, open_model: Callable[[], Model]) -> None:
    """Answers what comes over `connection` until its other end is closed, and tells there what it raises.

    Messages out: `room` once, then a list of completions whenever work got on. Messages in: lists of requests.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # left to the parent
    arrived: SimpleQueue[list[Request]] = SimpleQueue()
    Thread(target=_read, args=(connection, arrived), daemon=True).start()
    try:
        model = open_model()
        connection.send(model.room)
        while True:
            while not model.busy or not arrived.empty():
                for request in arrived.get():
                    model.add(request)
            finished = model.step()
            if finished is not None:
                connection.send(finished)
    except UserError as error:
        connection.send(_Raised(str(error), mistake=True))
    except Exception as error:
        connection.send(_Raised(f"{type(error).__name__}: {error}"))


def _read(connection: Connection, arrived: SimpleQueue[list[Request]]) -> None:
    """Takes requests out of the pipe at once, so that no writer waits, and ends the process when no more can come."""
    try:
        while True:
            arrived.put(connection.recv())
    except (EOFError, OSError):
        os._exit(0)


def _manner(process: SpawnProcess) -> str:
    process.join(_LAST_WORDS)
    code = process.exitcode
    return f"by {signal.Signals(-code).name}" if code is not None and code < 0 else f"with exit code {code}"
