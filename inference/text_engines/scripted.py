"""The engine of the tests: canned answers, failures on chosen requests, and a record of what it was sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from itertools import islice

from inference.text_engines import Completion, EngineParams, Request
from lake.ids import content_id

Fault = Callable[[Request], BaseException | None]


def _no_fault(request: Request) -> None:
    """No request fails."""


class ScriptedEngine:
    """Answers each request with one of the canned answers, chosen by a hash of its messages; works on `room` requests at once.

    fault: called with each of these requests before any is answered; an exception it returns is raised.
    sent: the requests that were answered, in order; calls: how often it went to work.
    """

    cached = True

    def __init__(self, params: EngineParams, fault: Fault = _no_fault, room: int = 8) -> None:
        self.answers = params.answers or ("",)
        self.model = content_id("scripted", *self.answers)
        self.fault = fault
        self.room = room
        self.sent: list[Request] = []
        self.calls = 0

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """One completion for each request, in the same order."""
        waiting = iter(requests)
        while together := list(islice(waiting, self.room)):
            self.calls += 1
            for request in together:
                raised = self.fault(request)
                if raised is not None:
                    raise raised
            for request in together:
                self.sent.append(request)
                yield self._answer(request)

    def _answer(self, request: Request) -> Completion:
        question = json.dumps(list(request.messages), sort_keys=True).encode()
        text = self.answers[int.from_bytes(sha256(question).digest()[:8], "big") % len(self.answers)]
        return Completion(request.id, text, None, len(question.split()), len(text.split()), "stop")

    def close(self) -> None:
        """Nothing is held."""
