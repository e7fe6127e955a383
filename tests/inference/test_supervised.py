"""The supervised engine: however its process breaks, every other request is answered and the reason is told (real processes)."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from unreliable import Unreliable

from inference.asking import completions
from inference.text_engines import EngineGone, Request
from inference.text_engines.supervised import SupervisedEngine
from lake.errors import UserError

PATIENCE = 3.0  # seconds


@pytest.fixture
def engine() -> Iterator[SupervisedEngine]:
    engine = SupervisedEngine("m", [Unreliable], PATIENCE, 120.0)
    yield engine
    engine.close()


def asking(*words: str) -> list[Request]:
    return [Request(f"row{n}", "distil", [{"role": "user", "content": word}]) for n, word in enumerate(words)]


def process_of(text: str | None) -> int:
    return int((text or "").split()[0])


def test_answers_come_from_another_process_that_serves_call_after_call(engine: SupervisedEngine) -> None:
    first = list(completions(asking(*"abcdefghijk"), engine))
    again = list(completions(asking("x"), engine))
    assert sorted((one.id, (one.text or "").split()[1]) for one in first) == sorted(
        (f"row{n}", letter) for n, letter in enumerate("abcdefghijk")
    )
    assert len({process_of(one.text) for one in first + again} - {os.getpid()}) == 1


@pytest.fixture
def pair() -> Iterator[SupervisedEngine]:
    engine = SupervisedEngine("m", [Unreliable, Unreliable], PATIENCE, 120.0)
    yield engine
    engine.close()


def test_engines_side_by_side_share_the_requests(pair: SupervisedEngine) -> None:
    letters = [f"letter{n}" for n in range(60)]
    found = [(one.text or "").split() for one in completions(asking(*letters), pair)]
    assert sorted(letter for _, letter in found) == sorted(letters)
    assert len({process for process, _ in found}) == 2


@pytest.mark.parametrize("poison", ["die", "hang", "raise"])
def test_where_one_of_two_engines_breaks_every_other_request_is_answered(pair: SupervisedEngine, poison: str) -> None:
    words = [*(f"before{n}" for n in range(9)), poison, *(f"after{n}" for n in range(9))]
    found = {one.id: one for one in completions(asking(*words), pair)}
    assert [name for name, one in found.items() if one.error] == ["row9"]
    assert sorted((one.text or "").split()[1] for name, one in found.items() if name != "row9") == sorted(
        word for word in words if word != poison
    )


def test_one_request_loads_one_model(pair: SupervisedEngine) -> None:
    list(completions(asking("a"), pair))
    assert len([child for child in multiprocessing.active_children() if child.name == "engine"]) == 1


@pytest.mark.parametrize(
    ("poison", "error"),
    [
        ("die", "unavailable: the engine's process ended by SIGKILL"),
        ("exit", "unavailable: the engine's process ended with exit code 3"),
        ("hang", "unavailable: the engine gave no sign of life for 3 seconds"),
        ("spin", "unavailable: the engine gave no sign of life for 3 seconds"),
        ("memory", "unavailable: RuntimeError: CUDA out of memory"),
        ("raise", "engine_error: ValueError: no such token"),
    ],
)
def test_the_request_that_breaks_the_engine_is_found_and_the_reason_kept(
    engine: SupervisedEngine, poison: str, error: str
) -> None:
    found = {one.id: one for one in completions(asking("a", "b", poison, "c", "d", "e"), engine)}
    assert found["row2"].error == error
    assert sorted((one.text or "").split()[1] for name, one in found.items() if name != "row2") == list("abcde")


def test_a_process_that_reads_no_more_does_not_keep_the_writer_waiting(engine: SupervisedEngine) -> None:
    words = ["a", "b", "c", "seize", "d", "x" * 8_000_000, "y" * 8_000_000]
    found = [(one.id, one.code) for one in completions(asking(*words), engine)]
    assert sorted(found) == [(f"row{n}", "unavailable" if n == 3 else "") for n in range(7)]


@pytest.mark.parametrize(
    ("opening", "seconds", "told"),
    [("die", 120.0, "ended by SIGKILL"), ("raise", 120.0, "no such token"), ("hang", PATIENCE, "no sign of life")],
)
def test_an_engine_that_does_not_start_ends_the_run(opening: str, seconds: float, told: str) -> None:
    engine = SupervisedEngine("m", [partial(Unreliable, opening)], PATIENCE, seconds)
    with pytest.raises(EngineGone, match=f"m does not start: .*{told}"):
        list(completions(asking("a", "b"), engine))


def test_a_mistake_of_the_user_is_told_as_one() -> None:
    engine = SupervisedEngine("m", [partial(Unreliable, "mistake")], PATIENCE, 120.0)
    with pytest.raises(UserError, match="no such model"):
        list(completions(asking("a"), engine))


def test_nothing_asked_starts_no_process(engine: SupervisedEngine) -> None:
    assert list(completions([], SupervisedEngine("m", [partial(Unreliable, "die")], PATIENCE, PATIENCE))) == []


def test_answers_that_nobody_took_are_not_given_to_the_next_question(engine: SupervisedEngine) -> None:
    abandoned = engine.generate(asking("a", "b", "c", "d"))
    next(abandoned)
    abandoned.close()
    assert [(one.text or "").split()[1] for one in engine.generate(asking("x"))] == ["x"]


def test_the_process_ends_with_the_one_that_started_it() -> None:
    program = """
import os, signal
from unreliable import Unreliable
from test_supervised import asking
from inference.text_engines.supervised import SupervisedEngine
if __name__ == "__main__":
    (answer,) = SupervisedEngine("m", [Unreliable], 60.0, 120.0).generate(asking("a"))
    print(answer.text.split()[0], flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    folder = Path(__file__).parent
    environment = os.environ | {"PYTHONPATH": f"{folder}:{folder.parents[1]}"}
    script = [sys.executable, "-c", program]
    done = subprocess.run(script, env=environment, capture_output=True, text=True, check=False)
    # its standard output is shared with the engine's process: that it ended at all says that both have
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert process_of(done.stdout)
