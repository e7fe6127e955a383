"""Records with a label of their quality that nobody here gave, from a folder of real raw files; one set also has planted faults.

Each set is drawn by a fixed seed: half of its records have the better label, where there are two.
"""

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

Rng = np.random.Generator


class Labelled(NamedTuple):
    """One record; a higher label is better."""

    prompt: str
    answer: str
    label: float


def sets(folder: Path, count: int) -> dict[str, list[Labelled]]:
    """At most `count` records of each labelled set under `folder`, by the set's name. Raises OSError where a file is not there."""
    return {name: _drawn(list(read(folder)), count) for name, read in _SETS.items()}


def _drawn(records: list[Labelled], count: int) -> list[Labelled]:
    """`count` of them: as many above the middle of the labels as not, where there are enough."""
    rng = np.random.default_rng(7)
    records = [record for record in records if record.prompt.strip() and record.answer.strip()]
    middle = np.mean([record.label for record in records])
    sides = [[record for record in records if (record.label > middle) == above] for above in (True, False)]
    return [side[at] for side in sides for at in rng.permutation(len(side))[: count // 2]]


def _bytes(path: Path) -> bytes:
    packing = {".gz": "gzip", ".zst": "zstd"}[path.suffix]
    with pa.CompressedInputStream(pa.OSFile(str(path)), packing) as stream:
        return stream.read()


def _oasst(folder: Path) -> Iterator[Labelled]:
    """Answers that volunteers scored for quality, 0..1 (the mean of several)."""
    messages = [
        json.loads(line)
        for line in _bytes(folder / "instruct/oasst/oasst1_en_validation_messages.jsonl.gz").splitlines()
    ]
    texts = {message["message_id"]: message["text"] for message in messages}
    for message in messages:
        labels = message["labels"] or {"name": [], "value": []}
        scores = dict(zip(labels["name"], labels["value"], strict=True))
        if message["role"] == "assistant" and "quality" in scores and message["parent_id"] in texts:
            yield Labelled(texts[message["parent_id"]], message["text"], scores["quality"])


def _preferred(folder: Path) -> Iterator[Labelled]:
    """Two answers to one question, of which one was preferred."""
    for row in json.loads(_bytes(folder / "instruct/llama_factory/dpo_en_demo.json.gz")):
        prompt = "\n".join(turn["value"] for turn in row["conversations"])
        yield Labelled(prompt, row["chosen"]["value"], 1.0)
        yield Labelled(prompt, row["rejected"]["value"], 0.0)


def _thumbs(folder: Path) -> Iterator[Labelled]:
    """Answers that were marked as good or bad, one by one."""
    for row in json.loads(_bytes(folder / "instruct/llama_factory/kto_en_demo.json.gz")):
        *before, last = [message["content"] for message in row["messages"]]
        yield Labelled("\n".join(before), last, float(row["label"]))


def _truthful(folder: Path) -> Iterator[Labelled]:
    """The best answer to a question that misleads people, and the first of the wrong ones."""
    table = io.StringIO(_bytes(folder / "eval/truthfulqa/TruthfulQA.csv.gz").decode("utf-8-sig"))
    for row in csv.DictReader(table):
        yield Labelled(row["Question"], row["Best Answer"], 1.0)
        yield Labelled(row["Question"], row["Incorrect Answers"].split(";")[0], 0.0)


def _graded(folder: Path) -> Iterator[Labelled]:
    """Alpaca's records: those that a large model graded 4.5 of 5 or better, and those of a random sample that are not among them."""
    graded = _alpaca(folder / "instruct/noncommercial/alpaca_claude_t45.json.gz")
    sample = _alpaca(folder / "instruct/noncommercial/alpaca_random_9k.json.gz")
    for prompt, answer in sample:
        yield Labelled(prompt, answer, float((prompt, answer) in graded))


def _alpaca(path: Path) -> dict[tuple[str, str], None]:
    with gzip.open(path) as file:
        rows: list[dict[str, str]] = json.load(file)
    return {(f"{row['instruction']}\n{row['input']}".strip(), row["output"]): None for row in rows}


def _planted(folder: Path) -> Iterator[Labelled]:
    """Answers that people wrote, and the same ones spoiled: cut in half, their words shuffled, or given to another question."""
    rng = np.random.default_rng(7)
    lines = _bytes(folder / "instruct/dolly.jsonl.zst").splitlines()
    rows: list[dict[str, Any]] = [json.loads(lines[at]) for at in rng.permutation(len(lines))[:3_000]]
    for at, row in enumerate(rows):
        prompt, answer = f"{row['instruction']}\n{row['context']}".strip(), row["response"]
        words = answer.split()
        if len(words) < 10:
            continue
        other = rows[(at + 1) % len(rows)]["response"]
        spoiled = (" ".join(words[: len(words) // 2]), " ".join(rng.permutation(words)), other)[at % 3]
        yield Labelled(prompt, answer, 1.0)
        yield Labelled(prompt, spoiled, 0.0)


_SETS: dict[str, Callable[[Path], Iterator[Labelled]]] = {
    "quality by volunteers": _oasst,
    "preferred of two": _preferred,
    "marked good or bad": _thumbs,
    "true or false": _truthful,
    "graded by a large model": _graded,
    "planted faults": _planted,
}
