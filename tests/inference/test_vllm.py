"""Real vLLM on a CPU with a tiny random model (about 30 s, nearly all of it imports)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from inference.text_engines.vllm import checkpoint_digest

pytest.importorskip("vllm", reason="the extra cpu or gpu is not installed", exc_type=ImportError)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vllm")
    program = [sys.executable, str(Path(__file__).with_name("vllm_answers.py")), str(folder)]
    done = subprocess.run(program, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.fixture(scope="module")
def told(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "answers.json").read_text())


def test_every_request_is_answered_in_order_and_the_over_long_one_says_why(told: dict[str, Any]) -> None:
    assert [answer["id"] for answer in told["first"]] == [f"row{n}" for n in range(8)]
    errors = {answer["id"]: answer["error"] for answer in told["first"] if answer["error"]}
    assert list(errors) == ["row3"]
    assert errors["row3"].startswith("prompt_too_long: ") and errors["row3"].endswith(
        "16 for the answer, the model takes 256"
    )


def test_tokens_are_counted(told: dict[str, Any]) -> None:
    answered = [answer for answer in told["first"] if answer["error"] is None]
    lengths = [answer["prompt_tokens"] for answer in answered]
    assert lengths == sorted(set(lengths)), "a longer question has more tokens"
    assert all(0 < answer["completion_tokens"] <= 16 for answer in answered)


def test_a_seed_gives_the_same_text_again_and_alone(told: dict[str, Any]) -> None:
    assert told["again"] == told["first"]
    assert told["alone"] == told["first"][5:6]
    texts = {answer["text"] for answer in told["first"] if answer["error"] is None}
    assert len(texts) == 7, "different requests and seeds give different noise"


def test_a_penalty_keeps_a_greedy_answer_from_repeating_itself(told: dict[str, Any]) -> None:
    greedy, penalised = (told[name][0]["text"] for name in ("greedy", "penalised"))
    assert len(set(penalised)) / len(penalised) > len(set(greedy)) / len(greedy)  # of characters: it speaks no words


def test_nothing_and_only_over_long_requests_are_no_trouble(told: dict[str, Any]) -> None:
    assert told["nothing"] == []
    assert told["only_too_long"] == told["first"][3:4]


def test_the_model_is_named_by_a_digest_of_its_files(folder: Path, told: dict[str, Any]) -> None:
    assert told["model"] == checkpoint_digest(folder / "checkpoint", "float32")
    assert told["usage_off"]
