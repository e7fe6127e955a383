"""Reads the demo's raw files with plain parsers, independent of the project's own readers."""

import csv
import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
import yaml

PROMPT_KEYS = (("instruction", "input"), ("instruction", "context"), ("question",), ("prompt",))
ANSWER_KEYS = ("output", "response", "answer", "completion")

Place = tuple[str, int]


class Fault(NamedTuple):
    """A row that is no record: why, by the name the quarantine gives it."""

    reason: str


class Record(NamedTuple):
    """A row as a question (earlier turns included) and an answer, and the shape it was written in."""

    prompt: str
    answer: str
    shape: str

    @property
    def text(self) -> str:
        return f"{self.prompt} {self.answer}"


def as_record(row: Any) -> Record | Fault:
    """The row of any known shape as a record."""
    if not isinstance(row, dict):
        return Fault("unknown_shape")
    for key, role, said in (("conversations", "from", "value"), ("messages", "role", "content")):
        if key in row:
            turns = row[key]
            assert turns[-1][role] in ("gpt", "assistant")
            return Record("\n".join(turn[said] for turn in turns[:-1] if turn[role] != "system"), turns[-1][said], key)
    for prompt_keys in PROMPT_KEYS:
        for answer_key in ANSWER_KEYS:
            if {*prompt_keys, answer_key} <= row.keys():
                prompt = "\n".join(row[key] for key in prompt_keys if row[key])
                return Record(prompt, row[answer_key] or "", f"{'+'.join(prompt_keys)}>{answer_key}")
    return Fault("unknown_shape")


def line_rows(blob: bytes) -> Iterator[tuple[int, Record | Fault]]:
    """The rows of line-delimited JSON; blank lines count as lines and are no rows."""
    for number, line in enumerate(blob.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            yield number, as_record(json.loads(line.decode()))
        except UnicodeDecodeError:
            yield number, Fault("invalid_utf8")
        except json.JSONDecodeError:
            yield number, Fault("malformed_json")


def file_rows(path: Path) -> Iterator[tuple[int, Record | Fault]]:
    """Each row with its position: line number where lines are rows, else record number; 0 for a whole file."""
    try:
        blob = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except EOFError:
        yield 0, Fault("unreadable_file")
        return
    kind = path.name.removesuffix(".gz").rsplit(".", 1)[1]
    if kind == "jsonl":
        yield from line_rows(blob)
    elif kind == "json":
        yield from enumerate(map(as_record, json.loads(blob)), start=1)
    elif kind == "yaml":
        yield from enumerate(map(as_record, yaml.safe_load(blob)), start=1)
    elif kind == "csv":
        yield from enumerate(map(as_record, csv.DictReader(io.StringIO(blob.decode("utf-8-sig"), newline=""))), start=1)
    else:
        yield from enumerate(map(as_record, pq.read_table(path).to_pylist()), start=1)
