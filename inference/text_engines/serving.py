"""The side of an engine's process: a model that answers what comes over a pipe, until the pipe's other end is closed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Protocol

from inference.text_engines import Completion, Request
from lake.errors import UserError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


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
class Raised:
    """What the process raised. mistake: the user's."""

    reason: str
    mistake: bool = False


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
        connection.send(Raised(str(error), mistake=True))
    except Exception as error:
        connection.send(Raised(f"{type(error).__name__}: {error}"))


def _read(connection: Connection, arrived: SimpleQueue[list[Request]]) -> None:
    """Takes requests out of the pipe at once, so that no writer waits, and ends the process when no more can come."""
    try:
        while True:
            arrived.put(connection.recv())
    except (EOFError, OSError):
        os._exit(0)
