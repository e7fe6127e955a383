"""Run by test_vllm.py in a process of its own, because vLLM binds threads and memory: writes what a tiny random model answers."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tiny_chat import write_tiny_chat

from inference.text_engines import Completion, EngineParams, Generator, Request, open_engine

POSITIONS = 256


def requests() -> list[Request]:
    """Eight requests, of which number 3 does not fit the model."""
    questions = ["why " * (POSITIONS if n == 3 else n + 1) for n in range(8)]
    turns = [[{"role": "user", "content": question}] for question in questions]
    return [Request(f"row{n}", "distil", turn, max_tokens=16, temperature=1.0, seed=n) for n, turn in enumerate(turns)]


def ask(engine: Generator, asked: list[Request]) -> list[Completion]:
    return list(engine.generate(asked))


def main(folder: Path) -> None:
    checkpoint = folder / "checkpoint"
    write_tiny_chat(
        checkpoint, ["A kettle boils water for tea.", "Bread rises because yeast makes gas."], 400, POSITIONS
    )
    asked = requests()
    with open_engine(EngineParams(kind="vllm", model=str(checkpoint), dtype="float32")) as engine:
        answers = {
            "first": ask(engine, asked),
            "again": ask(engine, asked),
            "alone": ask(engine, asked[5:6]),
            "nothing": ask(engine, []),
            "only_too_long": ask(engine, asked[3:4]),
            "greedy": ask(engine, [replace(asked[0], temperature=0.0, max_tokens=64)]),
            "penalised": ask(engine, [replace(asked[0], temperature=0.0, max_tokens=64, frequency_penalty=2.0)]),
        }
        told = {name: [asdict(answer) for answer in found] for name, found in answers.items()}
        told["model"] = engine.model
    told["usage_off"] = os.environ["VLLM_NO_USAGE_STATS"] == "1"
    (folder / "answers.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
