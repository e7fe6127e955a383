"""A model for the supervised engine that does what it is asked: answer, or break in one of the ways in which engines break."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Sequence

from inference.text_engines import Completion, Request
from lake.errors import UserError


class Unreliable:
    """Answers two requests at a time; the word `die`, `exit`, `hang`, `seize`, `spin`, `memory` or `raise` in one makes it do so."""

    room = 4

    def __init__(self, opening: str = "") -> None:
        if opening == "mistake":
            raise UserError("there is no such model")
        self._break(opening)
        self._waiting: list[Request] = []

    @property
    def busy(self) -> bool:
        return bool(self._waiting)

    def add(self, request: Request) -> None:
        self._waiting.append(request)

    def step(self) -> Sequence[Completion] | None:
        asked = [str(request.messages[-1]["content"]) for request in self._waiting]
        if any("spin" in one for one in asked):
            return None
        for one in asked[:2]:
            self._break(one)
        done, self._waiting = self._waiting[:2], self._waiting[2:]
        return [Completion(one.id, f"{os.getpid()} {one.messages[-1]['content']}") for one in done]

    @staticmethod
    def _break(word: str) -> None:
        if "die" in word:
            os.kill(os.getpid(), signal.SIGKILL)
        if "exit" in word:
            os._exit(3)
        if "memory" in word:
            raise RuntimeError("CUDA out of memory")
        if "raise" in word:
            raise ValueError("no such token")
        if "seize" in word:
            # native code that keeps the interpreter's lock: no thread of this process gets on
            ctypes.PyDLL(None).sleep(60)
        while "hang" in word:
            time.sleep(60)
