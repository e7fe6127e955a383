"""Real vLLM on a CPU with a tiny random model: one engine answers all that is asked here (a minute, nearly all of it imports)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from killed_batches import lives, sent_though_taken
from servers import free_port
from tiny_chat import write_tiny_chat

from inference.asking import completions
from inference.judges import parse_rating
from inference.prompts import distil, rate
from inference.text_engines import UNAVAILABLE, Completion, EngineParams, Generator, Request, open_engine
from inference.text_engines.vllm import answer_of, checkpoint_digest, set_environment, vllm_engine
from lake.errors import UserError
from lake.models.embedded import embedded_folder
from lake.settings import settings

pytest.importorskip("vllm", reason="the extra cpu or gpu is not installed", exc_type=ImportError)

POSITIONS = 1_024
# vLLM's least budget of prompt tokens for one pass on a CPU: more than this at once, and a prompt would be cut in two
BUDGET = 2_048


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chat model that was never trained: it speaks noise, but through every part of a real engine."""
    folder = tmp_path_factory.mktemp("vllm") / "checkpoint"
    write_tiny_chat(folder, ["A kettle boils water for tea.", "Bread rises because yeast makes gas."], 400, POSITIONS)
    return folder


def parameters(checkpoint: Path, **more: Any) -> EngineParams:
    return EngineParams(kind="vllm", model=str(checkpoint), dtype="float32", **more)


@pytest.fixture(scope="module")
def engine(checkpoint: Path) -> Iterator[Generator]:
    with open_engine(parameters(checkpoint, timeout_seconds=60.0)) as opened:
        yield opened


def asking(question: str, number: int = 0, **more: Any) -> Request:
    settings = {"max_tokens": 16, "temperature": 1.0, "seed": number} | more
    return Request(f"row{number}", "distil", [{"role": "user", "content": question}], **settings)


def questions() -> list[Request]:
    """Eight requests, of which number 3 does not fit the model."""
    return [asking("why " * (POSITIONS if n == 3 else n + 1), n) for n in range(8)]


def answers(engine: Generator, asked: list[Request]) -> dict[str, Completion]:
    return {completion.id: completion for completion in completions(asked, engine)}


def test_every_request_is_answered_and_the_over_long_one_says_why(engine: Generator) -> None:
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


def test_a_seed_gives_the_same_text_again_and_alone(engine: Generator) -> None:
    first = answers(engine, questions())
    assert answers(engine, questions()) == first
    assert answers(engine, questions()[5:6]) == {"row5": first["row5"]}
    assert answers(engine, questions()[3:4]) == {"row3": first["row3"]}
    texts = {answer.text for answer in first.values() if answer.error is None}
    assert len(texts) == 7, "different requests and seeds give different noise"


def test_seeded_sampling_of_more_prompts_than_one_pass_takes_ends(engine: Generator) -> None:
    crowd = [asking(f"{n} " + "why " * 100, n) for n in range(12)]
    found = answers(engine, crowd)
    assert sum(answer.prompt_tokens for answer in found.values()) > BUDGET
    assert [answer.error for answer in found.values()] == [None] * 12


def test_an_answer_is_held_to_its_form_and_ends_where_it_should(engine: Generator) -> None:
    found = answers(
        engine,
        [
            asking("a", 0, structure={"regex": "<answer>[a-c]{3}</answer>"}, max_tokens=64),
            rate("row1", "a text", max_tokens=64),
            asking("c", 2, structure={"regex": "<answer>a</answer>b{40}"}, stop=("</answer>",), max_tokens=64),
            asking("d", 3, structure={"regex": "b{40}"}, max_tokens=8),
            asking("e", 5, structure={"regex": "("}),
            distil("row4", "qa", ["Tea is hot.", "Tea is a drink."], max_tokens=40),
        ],
    )
    assert re.fullmatch("<answer>[a-c]{3}</answer>", found["row0"].text or "")
    assert parse_rating(found["row1"].text or "")
    assert found["row2"].text == "<answer>a</answer>"
    assert [found[f"row{n}"].truncated for n in range(4)] == [False, False, False, True]
    assert (found["row5"].code, len(found)) == ("engine_error", 6)
    assert (found["row4"].text or "").startswith(("<answer>Q: ", "<think>"))


def test_the_penalty_counts_the_answer_and_not_the_prompt(engine: Generator) -> None:
    def answer(penalty: float) -> str:
        form = {"regex": "[ab]{12}"}
        asked = asking("a" * 60, structure=form, temperature=0.0, frequency_penalty=penalty, max_tokens=12)
        return answers(engine, [asked])["row0"].text or ""

    assert len(set(answer(0.0))) == 1, "greedily it says the one letter that it likes better"
    assert answer(2.0)[0] == answer(0.0)[0], "how often the prompt holds it counts for nothing"
    assert set(answer(2.0)) == {"a", "b"}


def test_what_vllm_failed_on_itself_is_no_answer_and_is_asked_again() -> None:
    from vllm.outputs import CompletionOutput, RequestOutput

    def ended(reason: str) -> Completion:
        piece = CompletionOutput(0, "", [], None, None, finish_reason=reason)
        return answer_of(RequestOutput("row0", None, [1, 2], None, [piece], True), "half", 3)

    assert ended("stop") == Completion("row0", "half", None, 2, 3, "stop")
    assert (ended("error").text, ended("error").code) == (None, UNAVAILABLE)


def test_a_busy_machine_refuses_no_form(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from vllm import envs

    monkeypatch.setattr(os, "environ", dict[str, str]())
    set_environment(parameters(checkpoint))
    assert envs.VLLM_REGEX_COMPILATION_TIMEOUT_S == 0


def test_the_model_is_named_by_a_digest_of_its_files(checkpoint: Path, engine: Generator) -> None:
    assert engine.model == checkpoint_digest(checkpoint, "float32")


def test_nothing_is_told_to_anyone(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", dict[str, str]())
    set_environment(parameters(checkpoint))
    assert {os.environ[name] for name in ("VLLM_NO_USAGE_STATS", "DO_NOT_TRACK", "HF_HUB_DISABLE_TELEMETRY")} == {"1"}


@pytest.mark.parametrize(("capabilities", "dtype"), [({}, "float32"), ({"avx512_bf16": True}, "bfloat16")])
def test_a_cpu_gets_the_type_that_it_multiplies_fast(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, bool], dtype: str
) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    params = EngineParams(kind="vllm", model=str(checkpoint))
    assert vllm_engine(params).model == checkpoint_digest(checkpoint, dtype)
    assert vllm_engine(params.model_copy(update={"dtype": "float16"})).model == checkpoint_digest(checkpoint, "float16")


@pytest.mark.parametrize(
    ("visible", "given"), [("", ["0", "1"]), ("3,5,6", ["3", "5"]), ("GPU-a,GPU-b", ["GPU-a", "GPU-b"])]
)
def test_engines_side_by_side_have_a_gpu_each_of_those_left_visible(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch, visible: str, given: list[str]
) -> None:
    params = parameters(checkpoint).model_copy(update={"processes": 2})
    for number, gpu in enumerate(given):
        monkeypatch.setattr(os, "environ", {"CUDA_VISIBLE_DEVICES": visible})
        set_environment(params, number)
        assert os.environ["CUDA_VISIBLE_DEVICES"] == gpu


def test_more_engines_than_visible_gpus_are_refused_with_a_sentence(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", {"CUDA_VISIBLE_DEVICES": "3"})
    with pytest.raises(UserError, match="processes is 2, and CUDA_VISIBLE_DEVICES leaves 1 visible: 3"):
        set_environment(parameters(checkpoint).model_copy(update={"processes": 2}))


def test_one_engine_leaves_the_choice_of_gpus_alone(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"CUDA_VISIBLE_DEVICES": "1,2"})
    set_environment(parameters(checkpoint))
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "1,2"


@pytest.mark.long
def test_an_adapter_answers_otherwise_under_a_name_of_its_own(
    checkpoint: Path, engine: Generator, tmp_path: Path
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


@pytest.mark.long
def test_three_kills_while_it_answers_change_nothing(checkpoint: Path, tmp_path: Path) -> None:
    asked = [
        asking(f"why {n}", n, max_tokens=4 * (n + 1)) for n in range(24)
    ]  # they end one after another; all are sent at once
    answers, told = lives(str(tmp_path / "killed"), parameters(checkpoint), asked, [29, 24, 19])
    undisturbed, _ = lives(str(tmp_path / "undisturbed"), parameters(checkpoint), asked, [])
    assert [len([1 for kind, _ in one if kind == "taken"]) > 0 for one in told] == [True] * 4
    assert sent_though_taken(told) == set()
    assert answers == undisturbed


@pytest.mark.long
def test_a_real_server_answers_like_the_engine_with_the_model_in_the_box(tmp_path: Path) -> None:
    checkpoint = embedded_folder(settings().cache)
    asked = [asking(f"Why is the number {n} odd or even?", n) for n in range(6)]
    asked.append(asking("form", 6, structure={"regex": "<answer>[ab]{3}</answer>"}, stop=("</answer>",)))
    asked.append(rate("row7", "a text", max_tokens=64))
    asked.append(asking("why " * 8_192, 8))  # as many tokens as the model has positions
    with serving(checkpoint, tmp_path) as address:
        server = EngineParams(kind="openai_api", base_url=address, model=str(checkpoint), retries=0)
        with open_engine(server) as opened:
            found = {completion.id: completion for completion in opened.generate(asked)}
    assert found["row8"].error and found["row8"].error.startswith("refused: HTTP 400")
    with open_engine(parameters(checkpoint)) as engine:
        expected = answers(engine, asked[:-1])
    assert all(answer.text for answer in expected.values())
    assert {name: one for name, one in found.items() if name != "row8"} == expected


@contextmanager
def serving(checkpoint: Path, scratch: Path) -> Iterator[str]:
    """The address of vLLM's own server with this model, ended when the block is left."""
    port = free_port()
    environment = os.environ | {
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_LOGGING_LEVEL": "ERROR",
    }
    command = [
        sys.executable,
        "-m",
        "vllm.entrypoints.openai.api_server",
        "--model",
        str(checkpoint),
        "--dtype",
        "float32",
    ]
    command += ["--host", "127.0.0.1", "--port", str(port), "--enforce-eager", "--no-enable-chunked-prefill"]
    command += ["--structured-outputs-config", '{"backend": "xgrammar", "disable_any_whitespace": true}']
    log = scratch / "server.log"
    with log.open("wb") as lines:
        server = subprocess.Popen(command, env=environment, stdout=lines, stderr=lines)
        try:
            deadline = time.monotonic() + 300
            while not answering(f"http://127.0.0.1:{port}/health"):
                assert server.poll() is None and time.monotonic() < deadline, log.read_text()[-3000:]
                time.sleep(0.5)  # between two questions to another process
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()
            server.wait(timeout=60)


def answering(address: str) -> bool:
    try:
        return urllib.request.urlopen(address, timeout=10).status == 200
    except OSError:
        return False
