"""Runs of the batch runner that are killed for real, and what they had done until then."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection
from typing import Any

from inference.batch import complete
from inference.text_engines import Completion, EngineParams, Generator, Request, open_engine
from lake.storage.store import Lake

SHARD = 16  # requests


class Told:
    """An engine that tells which request it is sent, and which answer the runner has taken."""

    cached = True

    def __init__(self, engine: Generator, told: Connection) -> None:
        self.engine, self.told = engine, told
        self.model = engine.model

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        for completion in self.engine.generate(self._sent(requests)):
            yield completion
            self.told.send(("taken", completion.id))  # asked for the next one: this one is safe

    def _sent(self, requests: Iterable[Request]) -> Iterator[Request]:
        for request in requests:
            self.told.send(("sent", request.id))
            yield request

    def close(self) -> None:
        self.engine.close()


def life(root: str, params: EngineParams, asked: list[Request], told: Connection) -> None:
    """A whole run in this process; what it answered is told at its end."""
    with open_engine(params) as engine:
        answers = list(complete(asked, Told(engine, told), Lake(root), SHARD))
    told.send(("done", answers))


def events(root: str, params: EngineParams, asked: list[Request], kill_after: int | None) -> list[tuple[str, Any]]:
    """What a run in a process of its own told until it ended, or until it was killed for having told `kill_after` things."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["killed_batches", "inference.text_engines.scripted"])
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=life, args=(root, params, asked, theirs))
    process.start()
    theirs.close()
    told: list[tuple[str, Any]] = []
    try:
        while True:
            told.append(ours.recv())
            if len(told) == kill_after:
                process.kill()  # it goes on until the signal arrives: wherever it is then
    except EOFError:
        process.join()
    return told


def lives(
    root: str, params: EngineParams, asked: list[Request], kills: Iterable[int]
) -> tuple[list[Completion], list[list[tuple[str, Any]]]]:
    """The answers of the last of several runs, each but the last killed after so many events, and what each run told."""
    told = [events(root, params, asked, kill_after) for kill_after in [*kills, None]]
    (answers,) = [what for kind, what in told[-1] if kind == "done"]
    return answers, told


def sent_though_taken(told: list[list[tuple[str, Any]]]) -> set[str]:
    """The requests whose answers one run had taken, and that a later run sent again."""
    again: set[str] = set()
    taken: set[str] = set()
    for one in told:
        again |= taken & {what for kind, what in one if kind == "sent"}
        taken |= {what for kind, what in one if kind == "taken"}
    return again
