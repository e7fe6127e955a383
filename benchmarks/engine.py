"""The runner beside a bare `LLM.generate`: `python benchmarks/engine.py --requests 64 --out FILE.json`.

Both load the model in the box on the CPU in single precision, with the same settings, and answer the same prompts; the runner's engine
is in its own process, as in a stage. Rounds go bare, runner, runner, bare, each pair over prompts of its own, so that a machine whose
load changes treats both alike. The runner's time holds tokenising, the journal, commits to a lake, and rating every answer; the bare
call gets token ids and does nothing else. Starting the engines is not counted. Processor seconds stand beside seconds, because other
programs change them less. Figures only.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from inference.batch import complete
from inference.text_engines import EngineParams, Generator, Request, open_engine
from inference.text_engines.vllm import set_environment
from lake.models.named import model_folder
from lake.storage.store import Lake
from texts.rubric import scores

_PARAMS = EngineParams(kind="vllm", model="embedded", max_model_len=1024)
_THINGS = ("kettle", "bicycle", "loom", "glacier", "candle", "violin", "harbour", "beehive", "compass", "oven", "mill")
_DOES = (
    "keeps its heat",
    "needs oil every month",
    "was built by hand",
    "is heavier than it looks",
    "was sold twice",
    "makes a low sound",
    "is cleaned with sand",
    "breaks in hard frost",
)
Texts = list[str]


class Round(NamedTuple):
    """What one way took for one round's requests, and its answers. processor_seconds: of this process and the engine's."""

    seconds: float
    processor_seconds: float
    texts: Texts


def main() -> None:
    """Measures, prints the figures and writes them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=64, help="in a round")
    parser.add_argument("--tokens", type=int, default=32, help="of an answer, at most")
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32", help="of the weights")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    params = _PARAMS.model_copy(update={"dtype": given.dtype})
    warm, first, second = (prompts(number, given.tokens, n) for n, number in enumerate((2, *[given.requests] * 2)))
    llm, ids, sampling = bare_model(params, (warm, first, second))
    with open_engine(params) as engine, tempfile.TemporaryDirectory() as folder:
        lake = Lake(folder)

        def bare(asked: Sequence[Request]) -> Texts:
            outputs = llm.generate(ids[asked[0].id], sampling, use_tqdm=False)
            return [output.outputs[0].text for output in outputs]

        def runner(asked: Sequence[Request]) -> Texts:
            return answered(asked, engine, lake)

        for way in (bare, runner):
            way(warm)
        rounds = [
            measured(way, asked) for way, asked in ((bare, first), (runner, first), (runner, second), (bare, second))
        ]
    figures = compared(rounds, given.requests)
    given.out.write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1))


def prompts(number: int, tokens: int, seed: int) -> list[Request]:
    """Short requests that differ from the first word on, so that no answer profits from an earlier one."""
    rng = random.Random(seed)
    made = list[Request]()
    for at in range(number):
        facts = " ".join(f"The {rng.choice(_THINGS)} {rng.choice(_DOES)}." for _ in range(rng.randrange(4, 16)))
        asked = f"{seed}-{at}. {facts} Write a paragraph about these things."
        made.append(Request(f"row{seed}-{at}", "build", [{"role": "user", "content": asked}], max_tokens=tokens))
    return made


def bare_model(params: EngineParams, rounds: Sequence[Sequence[Request]]) -> tuple[Any, dict[str, list[Any]], Any]:
    """vLLM in this process; the token ids of each round, by the id of its first request; how answers are sampled."""
    set_environment(params)
    from vllm import LLM, SamplingParams

    llm = LLM(
        model=str(model_folder(params.model)), dtype=params.dtype, max_model_len=params.max_model_len,
        enforce_eager=True, enable_chunked_prefill=False, load_format="safetensors", seed=0,
    )  # fmt: skip
    tokenizer: Any = llm.get_tokenizer()

    def tokenised(one: Request) -> dict[str, list[int]]:
        text = tokenizer.apply_chat_template(list(one.messages), tokenize=False, add_generation_prompt=True)
        return {"prompt_token_ids": tokenizer(text, add_special_tokens=False)["input_ids"]}

    first = rounds[0][0]
    sampling = SamplingParams(temperature=0.0, max_tokens=first.max_tokens, seed=first.seed)
    return llm, {asked[0].id: [tokenised(one) for one in asked] for asked in rounds}, sampling


def answered(asked: Sequence[Request], engine: Generator, lake: Lake) -> Texts:
    """What a stage does: every answer kept in the lake in shards of 32 and rated."""
    texts = [completion.text or "" for completion in complete(asked, engine, lake, shard_size=32)]
    assert len(scores(texts)) == len(asked)
    return texts


def measured(answer: Callable[[Sequence[Request]], Texts], asked: Sequence[Request]) -> Round:
    """One way to answer, timed."""
    begun, used = time.monotonic(), processor_seconds()
    texts = answer(asked)
    return Round(time.monotonic() - begun, processor_seconds() - used, texts)


def processor_seconds() -> float:
    """Of this process and of those it started that still run."""
    here = psutil.Process()
    times = [process.cpu_times() for process in (here, *here.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def compared(rounds: Sequence[Round], requests: int) -> dict[str, Any]:
    """Seconds of both for the same requests, the runner's speed as a share of the bare one's, and how many answers are the same."""
    bare, runner = (rounds[0], rounds[3]), (rounds[1], rounds[2])
    figures: dict[str, Any] = {"requests": 2 * requests}
    for unit in ("seconds", "processor_seconds"):
        spent = [sum(getattr(one, unit) for one in way) for way in (bare, runner)]
        figures |= {"bare_" + unit: round(spent[0], 1), "runner_" + unit: round(spent[1], 1)}
        figures["ratio_by_" + unit] = round(spent[0] / spent[1], 3)
    pairs = [pair for one, other in zip(bare, runner, strict=True) for pair in zip(one.texts, other.texts, strict=True)]
    return figures | {"same_answers": sum(one == other for one, other in pairs)}


if __name__ == "__main__":
    main()
