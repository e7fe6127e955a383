"""The engine of the tests: canned answers, failures on chosen requests, and a record of what it was sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from hashlib import sha256

from inference.text_engines import Completion, EngineParams, Request
from lake.ids import content_id

Fault = Callable[[Request], BaseException | None]


def _no_fault(request: Request) -> None:
    """No request fails."""


class ScriptedEngine:
    """Answers each request with one of the canned answers, chosen by a hash of its messages.

    fault: called with every request of a batch before any is answered; an exception it returns is raised.
    sent: ids of the requests that were answered, in order; calls: how often `generate` was called.
    """

    cached = True

    def __init__(self, params: EngineParams, fault: Fault = _no_fault) -> None:
        self.answers = params.answers or ("",)
        self.model = content_id("scripted", *self.answers)
        self.fault = fault
        self.sent: list[str] = []
        self.calls = 0

    def generate(self, requests: Sequence[Request]) -> Sequence[Completion]:
        """One completion for each request, in the same order."""
        self.calls += 1
        for request in requests:
            raised = self.fault(request)
            if raised is not None:
                raise raised
        self.sent += [request.id for request in requests]
        return [self._answer(request) for request in requests]

    def _answer(self, request: Request) -> Completion:
        question = json.dumps(list(request.messages), sort_keys=True).encode()
        text = self.answers[int.from_bytes(sha256(question).digest()[:8], "big") % len(self.answers)]
        return Completion(request.id, text, None, len(question.split()), len(text.split()))

    def close(self) -> None:
        """Nothing is held."""
