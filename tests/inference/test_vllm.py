"""Real vLLM on a CPU with a tiny random model: one engine answers all that is asked here (a minute, nearly all of it imports)."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inference.asking import completions
from inference.text_engines import Completion, EngineParams, Request, open_engine
from inference.text_engines.supervised import SupervisedEngine
from inference.text_engines.vllm import checkpoint_digest, set_environment
from trainers.recipes import Architecture

pytest.importorskip("vllm", reason="the extra cpu or gpu is not installed", exc_type=ImportError)

POSITIONS = 512
# vLLM's least budget of prompt tokens for one pass on a CPU: more than this at once, and a prompt would be cut in two
BUDGET = 2_048


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Qwen2-shaped model that was never trained: it speaks noise, but through every part of a real engine."""
    from trainers.tiny import untrained

    folder = tmp_path_factory.mktemp("vllm") / "checkpoint"
    shape = Architecture(hidden_size=96, layers=2, heads=3, vocabulary=400, positions=POSITIONS)
    model, tokenizer = untrained(
        shape, ["A kettle boils water for tea.", "Bread rises because yeast makes gas."], seed=7
    )
    # as flat as can be: sharp logits say the same for every seed
    model.get_parameter("model.norm.weight").data.fill_(1.0)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def parameters(checkpoint: Path, **more: Any) -> EngineParams:
    return EngineParams(kind="vllm", model=str(checkpoint), dtype="float32", **more)


@pytest.fixture(scope="module")
def engine(checkpoint: Path) -> Iterator[SupervisedEngine]:
    with open_engine(parameters(checkpoint, timeout_seconds=60.0)) as opened:
        assert isinstance(opened, SupervisedEngine)
        yield opened


def asking(question: str, number: int = 0, **more: Any) -> Request:
    settings = {"max_tokens": 16, "temperature": 1.0, "seed": number} | more
    return Request(f"row{number}", "distil", [{"role": "user", "content": question}], **settings)


def questions() -> list[Request]:
    """Eight requests, of which number 3 does not fit the model."""
    return [asking("why " * (POSITIONS if n == 3 else n + 1), n) for n in range(8)]


def answers(engine: SupervisedEngine, asked: list[Request]) -> dict[str, Completion]:
    return {completion.id: completion for completion in completions(asked, engine)}


def test_every_request_is_answered_and_the_over_long_one_says_why(engine: SupervisedEngine) -> None:
    found = answers(engine, questions())
    assert sorted(found) == [f"row{n}" for n in range(8)]
    errors = {name: one.error or "" for name, one in found.items() if one.error}
    assert list(errors) == ["row3"]
    assert errors["row3"].startswith("prompt_too_long: ")
    assert errors["row3"].endswith(f"16 for the answer, the model takes {POSITIONS}")
    answered = [found[f"row{n}"] for n in range(8) if n != 3]
    lengths = [answer.prompt_tokens for answer in answered]
    assert lengths == sorted(set(lengths)), "a longer question has more tokens"
    assert all(0 < answer.completion_tokens <= 16 for answer in answered)


def test_a_seed_gives_the_same_text_again_and_alone(engine: SupervisedEngine) -> None:
    first = answers(engine, questions())
    assert answers(engine, questions()) == first
    assert answers(engine, questions()[5:6]) == {"row5": first["row5"]}
    assert answers(engine, questions()[3:4]) == {"row3": first["row3"]}
    texts = {answer.text for answer in first.values() if answer.error is None}
    assert len(texts) == 7, "different requests and seeds give different noise"


def test_seeded_sampling_of_more_prompts_than_one_pass_takes_ends(engine: SupervisedEngine) -> None:
    crowd = [asking(f"{n} " + "why " * 100, n) for n in range(12)]
    found = answers(engine, crowd)
    assert sum(answer.prompt_tokens for answer in found.values()) > BUDGET
    assert [answer.error for answer in found.values()] == [None] * 12


def test_an_answer_is_held_to_its_form_and_ends_where_it_should(engine: SupervisedEngine) -> None:
    schema = {
        "type": "object",
        "properties": {"Rarity": {"type": "integer", "minimum": 1, "maximum": 10}},
        "required": ["Rarity"],
        "additionalProperties": False,
    }
    found = answers(
        engine,
        [
            asking("a", 0, structure={"regex": "<answer>[a-c]{3}</answer>"}, max_tokens=64),
            asking("b", 1, structure={"json": schema}, max_tokens=64),
            asking("c", 2, structure={"regex": "<answer>a</answer>b{40}"}, stop=("</answer>",), max_tokens=64),
            asking("d", 3, structure={"regex": "b{40}"}, max_tokens=8),
        ],
    )
    assert re.fullmatch("<answer>[a-c]{3}</answer>", found["row0"].text or "")
    assert json.loads(found["row1"].text or "")["Rarity"] in range(1, 11)
    assert found["row2"].text == "<answer>a</answer>"
    assert [found[f"row{n}"].truncated for n in range(4)] == [False, False, False, True]


def test_the_penalty_counts_the_answer_and_not_the_prompt(engine: SupervisedEngine) -> None:
    def answer(penalty: float) -> str:
        form = {"regex": "[ab]{12}"}
        asked = asking("a" * 60, structure=form, temperature=0.0, frequency_penalty=penalty, max_tokens=12)
        return answers(engine, [asked])["row0"].text or ""

    assert len(set(answer(0.0))) == 1, "greedily it says the one letter that it likes better"
    assert answer(2.0)[0] == answer(0.0)[0], "how often the prompt holds it counts for nothing"
    assert set(answer(2.0)) == {"a", "b"}


def test_the_model_is_named_by_a_digest_of_its_files(checkpoint: Path, engine: SupervisedEngine) -> None:
    assert engine.model == checkpoint_digest(checkpoint, "float32")


def test_nothing_is_told_to_anyone(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", dict[str, str]())
    set_environment(parameters(checkpoint))
    assert {os.environ[name] for name in ("VLLM_NO_USAGE_STATS", "DO_NOT_TRACK", "HF_HUB_DISABLE_TELEMETRY")} == {"1"}


def test_an_adapter_answers_otherwise_under_a_name_of_its_own(
    checkpoint: Path, engine: SupervisedEngine, tmp_path: Path
) -> None:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(7)
    base = AutoModelForCausalLM.from_pretrained(checkpoint)
    adapted = get_peft_model(base, LoraConfig(r=8, target_modules=["q_proj", "v_proj"], init_lora_weights=False))
    adapted.save_pretrained(tmp_path / "adapter")
    asked = questions()[:3]
    with open_engine(parameters(checkpoint, adapter=str(tmp_path / "adapter"))) as opened:
        assert opened.model != engine.model
        adapter = {completion.id: completion.text for completion in opened.generate(asked)}
    assert {name: one.text for name, one in answers(engine, asked).items()} != adapter
