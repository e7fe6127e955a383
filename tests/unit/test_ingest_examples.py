"""What the docstrings of ingesting and cleaning show is what happens."""

import doctest
import hashlib
from importlib import import_module
from pathlib import Path

import pyarrow as pa
import pytest

from lake.tables import TABLES
from spark_jobs.ingest.job import instruction_columns
from spark_jobs.ingest.raw_batches import batches
from spark_jobs.ingest.raw_rows import file_rows
from spark_jobs.ingest.splits import split_file


@pytest.mark.parametrize(
    "module",
    [
        "lake.landing.addresses",
        "lake.landing.conversations",
        "lake.landing.delimiters",
        "lake.landing.heads",
        "spark_jobs.clean.answers",
        "spark_jobs.clean.changes",
        "spark_jobs.clean.endings",
        "spark_jobs.clean.markup",
        "spark_jobs.clean.refusals",
        "spark_jobs.clean.repetition",
        "spark_jobs.clean.text",
        "spark_jobs.clean.turn_columns",
        "spark_jobs.ingest.sources",
        "spark_jobs.ingest.sources.choices",
        "spark_jobs.ingest.sources.columns",
        "spark_jobs.ingest.sources.counting",
        "spark_jobs.ingest.sources.field_map",
        "spark_jobs.ingest.sources.fields",
        "spark_jobs.ingest.sources.labels",
        "spark_jobs.ingest.sources.messages",
        "spark_jobs.ingest.sources.texts",
        "spark_jobs.ingest.sources.turns",
        "spark_jobs.recognisers.addresses",
        "spark_jobs.recognisers.around",
        "spark_jobs.recognisers.cards",
        "spark_jobs.recognisers.code",
        "spark_jobs.recognisers.language",
        "spark_jobs.recognisers.matching",
        "spark_jobs.recognisers.personal",
        "spark_jobs.recognisers.phones",
    ],
)
def test_examples_are_true(module: str) -> None:
    failed, tried = doctest.testmod(import_module(module))
    assert tried and not failed


def file_of(path: Path) -> dict[str, object]:
    content = path.read_bytes()
    named = {"uri": str(path), "path": path.name, "source": "notes", "licence": None, "kind": "instructions"}
    return {**named, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}


def test_the_path_of_a_record(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("question,answer\nWhy?,So.\n")
    (row,) = file_rows(file_of(tmp_path / "notes.csv"), instruction_columns)
    assert (row["position"], row["raw"], row["shape"]) == (1, b"Why?,So.", "question_answer")
    assert row["messages"] == [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}]


def test_the_columns_of_a_batch() -> None:
    turns = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}]
    rows = [
        {"id": "raw_a", "raw": b"", "messages": turns},
        {"id": "raw_b", "raw": b"", "reason": "malformed_json"},
    ]
    keys = ("bronze/instructions", "bronze/instructions_quarantine")
    (batch,) = batches(iter(rows), pa.unify_schemas([TABLES[key].schema for key in keys]), 10)
    assert batch["messages"].offsets.to_pylist() == [0, 2, 2]
    assert batch["messages"].to_pylist() == [turns, None]
    assert batch["reason"].to_pylist() == [None, "malformed_json"]


def test_the_splits_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text("aaa\nbbb\naaa\naaa\n")
    first, second = split_file(file_of(tmp_path / "x.jsonl"), 8)
    line = int(hashlib.sha256(b"aaa").hexdigest()[:15], 16)
    assert [(split["start"], split["end"], split["line"], split["copies"]) for split in (first, second)] == [
        (0, 8, 1, {}),
        (8, 16, 3, {line: 0}),
    ]
