"""Distinct texts of real instruction files, for embedding: read as they lie, in no table and no shape of the lake."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

_DOLLY = "dolly.jsonl.zst"
_LISTS = (
    "gsm8k_train_alpaca.json.gz", "gpteacher_codegen.json.gz", "gpteacher_roleplay.json.gz",
    "llm_adapters/ARC-Easy__train.json.gz", "llm_adapters/openbookqa__train.json.gz",
)  # fmt: skip


def texts(folder: Path, count: int) -> list[str]:
    """At most `count` distinct texts (question, input and answer by line) under `folder`, chosen and ordered by a fixed seed."""
    found = list(dict.fromkeys(text for text in _all(folder) if len(text) > 20))
    return [found[place] for place in np.random.default_rng(7).permutation(len(found))[:count]]


def _all(folder: Path) -> Iterator[str]:
    with pa.CompressedInputStream(pa.OSFile(str(folder / _DOLLY)), "zstd") as stream:
        for line in stream.read().splitlines():
            yield _text(json.loads(line), "instruction", "context", "response")
    for name in _LISTS:
        with gzip.open(folder / name) as file:
            for row in json.load(file):
                yield _text(row, "instruction", "input", "output" if row.get("output") else "response")


def _text(row: dict[str, Any], *names: str) -> str:
    return "\n".join(str(row[name]) for name in names if row.get(name))
