"""Files to bronze: every record is a row or quarantined, with its place, and the same files always give the same rows."""

import gzip
import hashlib
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame, SparkSession

from lake.harness.job import JobContext, SparkRows
from lake.stages import STAGES
from lake.storage.store import Lake
from lake.tables import TABLES
from spark_jobs.ingest.job import IngestParams, instructions, newest_files, passages, references

Rows = list[dict[str, Any]]
EMPTY: dict[str, Rows] = {key: [] for key in STAGES["bronze/instructions"].outputs}


def registered(
    path: Path, kind: str = "instructions", source: str = "notes", day: int = 1, root: Path | None = None
) -> dict[str, Any]:
    """A row of landing/files; `root` is the folder that the file's path inside its source starts from."""
    content = path.read_bytes() if path.exists() else b""
    return {
        "uri": str(path),
        "source": source,
        "licence": "CC0-1.0",
        "kind": kind,
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "path": str(path.relative_to(root or path.parent)),
        "fields": None,
        "registered_at": datetime(2026, 1, day, tzinfo=UTC),
    }


@pytest.fixture
def context(tmp_path: Path) -> JobContext:
    return JobContext(Lake(str(tmp_path / "lake")), "run", tmp_path)


@pytest.fixture
def landing(spark: SparkSession) -> Callable[..., Mapping[str, DataFrame]]:
    def table(*rows: dict[str, Any]) -> Mapping[str, DataFrame]:
        schema = TABLES["landing/files"].schema
        return {"landing/files": spark.createDataFrame(pa.Table.from_pylist(list(rows), schema))}

    return table


def collected(rows: SparkRows) -> dict[str, Rows]:
    """Rows by table, sorted by id; fails if a table has other columns than declared."""
    found = {key: rows_of(frame) for key, frame in rows.items()}
    for key, (names, _) in found.items():
        assert names == TABLES[key].schema.names
    return {key: sorted(told, key=lambda row: row["id"]) for key, (_, told) in found.items()}


def rows_of(frame: DataFrame | pa.Table) -> tuple[list[str], Rows]:
    """The columns and rows that a job returned."""
    if isinstance(frame, DataFrame):
        return frame.columns, [row.asDict(True) for row in frame.collect()]
    return frame.schema.names, frame.to_pylist()


def messy(folder: Path) -> list[Path]:
    """Seven files, fourteen raw rows: eight records, six to quarantine."""
    (folder / "deep").mkdir()
    good = {"instruction": "Add", "input": "", "output": "4", "id": 7}
    lines = [
        json.dumps(good),
        json.dumps(good),
        "",
        '{"instruction": ',
        '{"unknown": 1}',
        "[1]",
        r'{"prompt": "x", "completion": "\ud83d"}',
    ]
    (folder / "a.jsonl").write_bytes("\n".join(lines).encode() + b'\n{"instruction": "\xff"}\n')
    (folder / "deep" / "a.jsonl").write_text(json.dumps(good) + "\n")
    (folder / "b.json").write_text(
        json.dumps({"Definition": "Add up.", "Instances": [{"input": "1", "output": ["2"]}] * 2})
    )
    (folder / "c.csv").write_text("question,answer\nWhy?,Because.\n")
    (folder / "d.yaml").write_text("- instruction: Greet\n  input: ''\n  response: yes\n")
    pq.write_table(pa.table({"prompt": ["p"], "completion": ["c"]}), folder / "e.parquet")
    (folder / "f.json.gz").write_bytes(gzip.compress(b'[{"a": 1}]' * 500)[:-20])
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def test_every_raw_row_ends_in_one_place(
    landing: Callable[..., Mapping[str, DataFrame]], context: JobContext, tmp_path: Path
) -> None:
    files = [registered(path, root=tmp_path) for path in messy(tmp_path)]
    found = collected(instructions(landing(*files), IngestParams(), context))
    bronze, quarantine = found["bronze/instructions"], found["bronze/instructions_quarantine"]
    places = sorted((Path(row["uri"]).name, row["position"], row["shape"]) for row in bronze)
    assert places == [
        ("a.jsonl", 1, "alpaca"),
        ("a.jsonl", 1, "alpaca"),
        ("a.jsonl", 2, "alpaca"),
        ("b.json", 1, "instances"),
        ("b.json", 2, "instances"),
        ("c.csv", 1, "question_answer"),
        ("d.yaml", 1, "dolly"),
        ("e.parquet", 1, "prompt_completion"),
    ]
    reasons = sorted((Path(row["uri"]).name, row["position"], row["reason"]) for row in quarantine)
    assert reasons == [
        ("a.jsonl", 4, "malformed_json"),
        ("a.jsonl", 5, "unknown_shape"),
        ("a.jsonl", 6, "unknown_shape"),
        ("a.jsonl", 7, "invalid_utf8"),
        ("a.jsonl", 8, "invalid_utf8"),
        ("f.json.gz", 0, "unreadable_file"),
    ]
    assert {row["outcome"] for row in quarantine} == {"quarantined"}
    assert all(row["detail"] for row in quarantine)
    ids = [row["id"] for row in bronze + quarantine]
    assert len(set(ids)) == len(ids) == 14
    assert all(one.startswith("raw_") for one in ids)
    alpaca = next(row for row in bronze if row["shape"] == "alpaca")
    assert (alpaca["source"], alpaca["licence"], alpaca["original_id"]) == ("notes", "CC0-1.0", "7")
    assert hashlib.sha256(alpaca["raw"]).hexdigest() == alpaca["content_hash"]
    assert next(row for row in quarantine if row["position"] == 8)["raw"] == b'{"instruction": "\xff"}'


def test_rows_do_not_depend_on_batches_order_or_place(
    landing: Callable[..., Mapping[str, DataFrame]], context: JobContext, tmp_path: Path
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    files = [registered(path, root=here) for path in messy(here)]
    moved = [registered(path, root=there) for path in messy(there)]
    once = collected(instructions(landing(*files), IngestParams(), context))
    again = collected(instructions(landing(*reversed(files)), IngestParams(batch_rows=1), context))
    elsewhere = collected(instructions(landing(*moved), IngestParams(), context))
    assert once == again
    assert {key: [row["id"] for row in rows] for key, rows in once.items()} == {
        key: [row["id"] for row in rows] for key, rows in elsewhere.items()
    }


def test_a_changed_file_waits_until_it_is_registered_again(
    landing: Callable[..., Mapping[str, DataFrame]], context: JobContext, tmp_path: Path
) -> None:
    path, other = tmp_path / "a.jsonl", tmp_path / "other.jsonl"
    other.write_text('{"prompt": "e", "completion": "f"}\n')
    path.write_text('{"prompt": "a", "completion": "b"}\n')
    first = registered(path)
    path.write_text('{"prompt": "a", "completion": "b"}\n{"prompt": "c", "completion": "d"}\n')
    stale = collected(instructions(landing(first, registered(other)), IngestParams(), context))
    assert [row["uri"] for row in stale["bronze/instructions"]] == [str(other)]
    assert stale["bronze/instructions_quarantine"] == []
    (waits,) = stale["bronze/instructions_pending"]
    assert (waits["uri"], waits["reason"]) == (str(path), "changed")
    assert "changed since it was registered" in waits["detail"]
    fresh = collected(instructions(landing(first, registered(path, day=2)), IngestParams(), context))
    assert len(fresh["bronze/instructions"]) == 2
    assert fresh["bronze/instructions_quarantine"] == []


def test_what_is_new_adds_only_rows_that_are_not_there_yet(
    spark: SparkSession, landing: Callable[..., Mapping[str, DataFrame]], context: JobContext, tmp_path: Path
) -> None:
    def lines(*names: str) -> str:
        return "".join(json.dumps({"prompt": name, "completion": "x"}) + "\n" for name in names)

    def run(inputs: Mapping[str, DataFrame], before: Mapping[str, DataFrame]) -> dict[str, Rows]:
        return collected(instructions(inputs, IngestParams(), replace(context, before=before)))

    path, other = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    path.write_text(lines("one", "one", "two") + "oops\n")
    old = landing(registered(path))
    published = run(old, {})
    tables = {
        key: spark.createDataFrame(pa.Table.from_pylist(rows, TABLES[key].schema)) for key, rows in published.items()
    }
    path.write_text("oops\n" + lines("one", "three", "one", "one"))
    other.write_text(lines("one"))
    found = run(landing(registered(path, day=2), registered(other, day=2)), {**tables, **old})
    added = [(Path(row["uri"]).name, row["position"]) for row in found["bronze/instructions"]]
    assert sorted(added) == [("a.jsonl", 3), ("a.jsonl", 5), ("b.jsonl", 1)]
    assert found["bronze/instructions_quarantine"] == []


def test_big_files_are_split_and_a_broken_member_leaves_the_others(
    landing: Callable[..., Mapping[str, DataFrame]], context: JobContext, tmp_path: Path
) -> None:
    big = tmp_path / "big.jsonl"
    big.write_text("".join(json.dumps({"prompt": f"{n % 50}", "completion": "x"}) + "\n" for n in range(300)))
    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.jsonl", '{"prompt": "a", "completion": "b"}\n')
        archive.writestr("b.json.gz", gzip.compress(b'[{"prompt": "a", "completion": "b"}]' * 300)[:-20])
    inputs = landing(registered(big), registered(packed))
    found = collected(instructions(inputs, IngestParams(split_bytes=1000), context))
    assert found == collected(instructions(inputs, IngestParams(), context))
    rows = found["bronze/instructions"]
    assert sorted(row["position"] for row in rows if row["uri"] == str(big)) == list(range(1, 301))
    assert [row["uri"] for row in rows if row["uri"] != str(big)] == [f"{packed}!/a.jsonl"]
    assert [row["uri"] for row in found["bronze/instructions_quarantine"]] == [f"{packed}!/b.json.gz"]
    assert len({row["id"] for row in rows}) == 301


def test_each_job_reads_its_own_kinds(
    landing: Callable[..., Mapping[str, DataFrame]], context: JobContext, tmp_path: Path
) -> None:
    (tmp_path / "wiki.jsonl").write_text('{"title": "Tea", "text": "A drink.", "data": [1]}\n{"title": "no text"}\n')
    (tmp_path / "quiz.jsonl").write_text(
        '{"id": "q1", "question": "Why?", "answer": "So."}\n{"question": "Who?", "answer": "Me."}\n'
    )
    (tmp_path / "truth.jsonl").write_text('{"id": "f", "facts": ["one"], "text": "one two"}\n{"id": "g"}\n')
    kinds = {"wiki": "passages", "quiz": "benchmark", "truth": "reference"}
    inputs = landing(*(registered(tmp_path / f"{name}.jsonl", kind) for name, kind in kinds.items()))
    none = collected(instructions(inputs, IngestParams(), context))
    assert none == EMPTY
    wiki = collected(passages(inputs, IngestParams(), context))
    assert [(row["title"], row["text"]) for row in wiki["bronze/passages"]] == [("Tea", "A drink.")]
    assert [row["reason"] for row in wiki["bronze/passages_quarantine"]] == ["unknown_shape"]
    held = collected(references(inputs, IngestParams(), context))
    assert sorted(
        (row["role"], row["name"], row["text"], tuple(row["facts"])) for row in held["bronze/references"]
    ) == [
        ("benchmark", "q1", "Why?\nSo.", ()),
        ("benchmark", "quiz.jsonl:2", "Who?\nMe.", ()),
        ("truth", "f", "one two", ("one",)),
    ]
    assert [row["position"] for row in held["bronze/references_quarantine"]] == [2]


def test_a_lake_without_files_gives_empty_tables(
    landing: Callable[..., Mapping[str, DataFrame]], context: JobContext
) -> None:
    assert collected(instructions(landing(), IngestParams(), context)) == EMPTY


def test_the_newest_registration_of_an_address_counts() -> None:
    def row(uri: str, day: int, kind: str = "instructions") -> dict[str, Any]:
        return {
            "uri": uri,
            "path": uri,
            "source": "s",
            "licence": None,
            "kind": kind,
            "sha256": "0",
            "registered_at": day,
        }

    rows = [row("one.json", 1), row("two.json", 1, "passages")]
    assert [file["uri"] for file in newest_files(rows, {"instructions"})] == ["one.json"]
    assert newest_files([*rows, row("one.json", 2, "passages")], {"instructions"}) == []


def test_a_workbook_and_archives_under_any_name_leave_the_others(
    landing: Callable[..., Mapping[str, DataFrame]], context: JobContext, tmp_path: Path
) -> None:
    good, unnamed, book = tmp_path / "good.jsonl", tmp_path / "unnamed", tmp_path / "book.xlsx"
    good.write_text('{"prompt": "a", "completion": "b"}\n')
    for path, member in ((unnamed, "in/c.jsonl"), (book, "xl/workbook.xml")):
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr(member, '{"prompt": "c", "completion": "d"}\n')
    found = collected(instructions(landing(*map(registered, (good, unnamed, book))), IngestParams(), context))
    assert sorted(row["uri"] for row in found["bronze/instructions"]) == [str(good), f"{unnamed}!archive!/in/c.jsonl"]
    (refused,) = found["bronze/instructions_quarantine"]
    assert (refused["uri"], refused["reason"], refused["position"]) == (str(book), "unreadable_file", 0)
    book.write_text('{"prompt": "e", "completion": "f"}\n')
    healed = collected(instructions(landing(registered(good), registered(book, day=2)), IngestParams(), context))
    assert len(healed["bronze/instructions"]) == 2
    assert healed["bronze/instructions_quarantine"] == []
