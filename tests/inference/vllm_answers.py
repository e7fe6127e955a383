"""Run by test_vllm.py in a process of its own, because vLLM binds threads and memory: writes what a tiny random model answers."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from inference.text_engines import Completion, EngineParams, Generator, Request, open_engine
from trainers.recipes import Architecture

POSITIONS = 256


def write_checkpoint(folder: Path) -> None:
    """A Qwen2-shaped model that was never trained: it speaks noise, but through every part of a real engine."""
    from trainers.tiny import untrained

    shape = Architecture(hidden_size=96, layers=2, heads=3, vocabulary=400, positions=POSITIONS)
    model, tokenizer = untrained(
        shape, ["A kettle boils water for tea.", "Bread rises because yeast makes gas."], seed=7
    )
    # as flat as can be: sharp logits say the same for every seed
    model.get_parameter("model.norm.weight").data.fill_(1.0)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def requests() -> list[Request]:
    """Eight requests, of which number 3 does not fit the model."""
    questions = ["why " * (POSITIONS if n == 3 else n + 1) for n in range(8)]
    turns = [[{"role": "user", "content": question}] for question in questions]
    return [Request(f"row{n}", "distil", turn, max_tokens=16, temperature=1.0, seed=n) for n, turn in enumerate(turns)]


def ask(engine: Generator, asked: list[Request]) -> list[Completion]:
    return list(engine.generate(asked))


def main(folder: Path) -> None:
    checkpoint = folder / "checkpoint"
    write_checkpoint(checkpoint)
    asked = requests()
    with open_engine(EngineParams(kind="vllm", model=str(checkpoint), dtype="float32")) as engine:
        answers = {
            "first": ask(engine, asked),
            "again": ask(engine, asked),
            "alone": ask(engine, asked[5:6]),
            "nothing": ask(engine, []),
            "only_too_long": ask(engine, asked[3:4]),
        }
        told = {name: [asdict(answer) for answer in found] for name, found in answers.items()}
        told["model"] = engine.model
    told["usage_off"] = os.environ["VLLM_NO_USAGE_STATS"] == "1"
    (folder / "answers.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
