"""What cannot be read is one row that names its file, whatever its bytes and its name are; registering never fails on content."""

import gzip
import io
import json
import os
import random
import re
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import lakes
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq
import pytest
from pyarrow import fs
from raw_files import lines, rows_of, said

from lake.errors import UserError
from lake.landing import listing
from lake.landing.addresses import MEMBER
from lake.landing.names import known
from lake.landing.peek import kind_of
from lake.landing.register import Entry, register, registered
from spark_jobs.ingest.sources import prompt_completion, question_answer
from spark_jobs.ingest.sources.fields import ANSWER
from spark_jobs.ingest.sources.messages import ROLES

pc: Any = pyarrow.compute  # its functions are made at import
PAIR = {"prompt": "Which bowl?", "completion": "The blue one."}
READ = [("Which bowl?", "The blue one.")]


def zipped(**members: str) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as packed:
        for name, content in members.items():
            packed.writestr(name.replace("__", "/"), content)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("book.xlsx", zipped(**{"xl__workbook.xml": "<x/>"}), "workbook"),
        ("letter.docx", zipped(**{"word__document.xml": "<x/>"}), "document"),
        ("letter.odt", zipped(**{"content.xml": "<x/>"}), "OpenDocument"),
        ("novel.epub", zipped(**{"META-INF__container.xml": "<x/>"}), "e-book"),
        ("talk", zipped(**{"ppt__presentation.xml": "<x/>"}), "presentation"),
        ("book.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0\x01" * 400, "Office"),
        ("page.pdf", b"%PDF-1.7\n1 0 obj", "PDF"),
        ("letter.rtf", b"{\\rtf1 Hi}", "RTF"),
        ("base.db", b"SQLite format 3\0" + b"\0" * 200, "SQLite"),
        ("array.csv", b"\x93NUMPY\x01\0" + b"\0" * 99, "NumPy"),
        ("photo.txt", b"\x89PNG\r\n\x1a\n" + b"\0" * 60, "picture"),
        ("pack.7z", b"7z\xbc\xaf\x27\x1c" + bytes(60), "7z"),
        ("broken.zip", b"PK\x03\x04 and no more", "zip"),
        ("noise.bin", b"\x01\0\x02\0\x03\0\0\0" * 50, "binary"),
    ],
)  # fmt: skip
def test_a_file_of_another_program_is_one_row_that_says_what_it_is(name: str, content: bytes, word: str) -> None:
    _, (row,) = rows_of(name, content)
    assert row["reason"] == "unreadable_file"
    assert word in row["detail"]
    assert row["uri"].endswith(name)


@pytest.mark.parametrize("name", ["pack", "pack.data", "pack.zip", "pack.1", "pack.ZIP"])
def test_an_archive_is_one_under_any_name(name: str) -> None:
    rows = rows_of(name, zipped(**{"in__one.jsonl": json.dumps(PAIR)}))[1]
    assert said(name, zipped(**{"in__one.jsonl": json.dumps(PAIR)})) == READ
    addresses = pc.replace_substring_regex(pa.array([rows[0]["uri"]]), MEMBER, r"\1").to_pylist()
    assert addresses == [re.sub(MEMBER, r"\1", rows[0]["uri"])]
    assert addresses[0].endswith(f"/{name}")


@pytest.mark.parametrize(
    "content",
    [
        "question\tanswer\n".encode("utf-16"), b"question,answer\rWhy?,So.\r", b"\xff\xfe", b"\0\0\0\0", b"", b"\xef\xbb\xbf", b"[" * 9000,
        b'{"a":' * 3000, b'{"a": "' + b"x" * 70_000 + b'"}', b"<a>" * 5000, b"\x80\x81\x82", b'"', b"\r", bytes(range(256)) * 4, b"- " * 5000,
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "name", ["x.csv", "x.tsv", "x.json", "x.jsonl", "x.xml", "x.yaml", "x.txt", "x.parquet", "x", "x.gz", "x.csv.txt"]
)
def test_no_content_stops_registering_or_reading(name: str, content: bytes) -> None:
    kind, rows = rows_of(name, content)
    assert kind in ("instructions", "passages")
    assert all(row.get("reason") or row.get("messages") or "text" in row for row in rows)


def test_a_name_that_is_no_text_is_told_and_the_others_of_its_folder_are_registered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "good.jsonl").write_text(lines(PAIR))
    bad = os.fsencode(folder) + b"/caf\xe9.jsonl"
    with open(bad, "wb") as file:  # noqa: PTH123 - a name of bytes
        file.write(lines(PAIR).encode())
    lake = lakes.Lake(str(tmp_path / "lake"))
    assert [file.path for file in register(lake, Entry(str(folder), "s"))] == ["good.jsonl"]
    assert "caf" in capsys.readouterr().err
    with pytest.raises(UserError, match="not UTF-8"):
        register(lake, Entry(os.fsdecode(bad), "s"))


def test_a_file_that_is_locked_does_not_stop_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / "in" / name).write_text(lines(PAIR))
    plain = listing.size_and_sha256

    def locked(filesystem: fs.FileSystem, path: str) -> tuple[int, str]:
        if path.endswith("a.jsonl"):
            raise PermissionError(13, "Permission denied")
        return plain(filesystem, path)

    monkeypatch.setattr(sys.modules["lake.landing.register"], "size_and_sha256", locked)
    lake = lakes.Lake(str(tmp_path / "lake"))
    register(lake, Entry(str(tmp_path / "in"), "s"))
    assert [row["path"] for row in registered(lake)] == ["b.jsonl"]
    assert "a.jsonl" in capsys.readouterr().err
    with pytest.raises(UserError, match="Permission denied"):
        register(lake, Entry(str(tmp_path / "in" / "a.jsonl"), "s"))


QUESTIONS = [
    {"question": "Which?", "answer": "This."}, {"article": "A.", "questions": ["Which?"], "answers": ["This."]}, {"text": "Q: Which?\nA: This."},
    {"passage": "A.", "query": "Which?", "target": "This."}, {"data": [{"question": "Which?", "answer": "This."}]},
    {"paragraph": "A.", "qas": [{"question": "Which?"}]}, {"columns": ["question", "answer"], "data": [["Which?", "This."]]},
    {"document": "A.", "messages": []}, {"text": "A.", "choices": ["a", "b"], "label": 0}, {"text": "### Human: Which?### Assistant: This."},
    {"abstract": "A.", "Question (English)": "Which?", "Answer": "This."}, {"contents": [{"role": "user", "parts": [{"text": "Which?"}]}]},
]  # fmt: skip
PAGES: list[Any] = [
    {"title": "Bowl", "text": "A dish."}, {"text": "A dish."}, {"data": [{"title": "Bowl", "text": "A dish."}]}, {"extract": "A dish.", "id": 7},
    {"document": "A dish.", "meta": {"source": "x"}}, {"p1": {"text": "A dish."}, "p2": {"text": "A cup."}}, {"abstract": "A dish."},
    {"columns": ["title", "text"], "data": [["Bowl", "A dish."]]}, {"title": "Q and A", "text": "He said: bowl."}, {"text": "Note: a dish."},
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "record"), [("instructions", one) for one in QUESTIONS] + [("passages", one) for one in PAGES]
)
def test_the_automatic_kind_tells_questions_from_passages(kind: str, record: Any, tmp_path: Path) -> None:
    assert rows_of("x.json", record)[0] == kind
    assert rows_of("x.jsonl", lines(record, record))[0] == kind
    pq.write_table(pa.Table.from_pylist([record]), tmp_path / "x.parquet")
    assert kind_of(fs.LocalFileSystem(), str(tmp_path / "x.parquet")) == kind


def test_registering_knows_every_name_that_reading_does() -> None:
    names = {*ANSWER, *prompt_completion._PROMPTS, *question_answer._QUESTIONS}  # pyright: ignore[reportPrivateUsage]
    assert [name for name in sorted(names) if not known(name)] == []
    assert {"user", "assistant", "system", "tool"} == set(ROLES.values())


def packed(kind: str) -> bytes:
    """Sixty records in a container."""
    records = "".join(
        json.dumps({"prompt": f"Which bowl of {n}?", "completion": f"The blue one of {n}."}) + "\n" for n in range(60)
    )
    sink = io.BytesIO()
    if kind in ("tar", "tar.gz"):
        with tarfile.open(fileobj=sink, mode="w:gz" if kind == "tar.gz" else "w") as tar:
            member = tarfile.TarInfo("a.jsonl")
            member.size = len(records)
            tar.addfile(member, io.BytesIO(records.encode()))
    elif kind == "zip":
        return zipped(**{"a.jsonl": records})
    elif kind == "jsonl.gz":
        return gzip.compress(records.encode())
    else:
        table = pa.Table.from_pylist([json.loads(line) for line in records.splitlines()])
        if kind == "parquet":
            pq.write_table(table, sink)
        else:
            with pa.ipc.new_file(sink, table.schema) as file:
                file.write_table(table)
    return sink.getvalue()


@pytest.mark.parametrize("kind", ["tar", "tar.gz", "zip", "jsonl.gz", "parquet", "arrow"])
def test_a_container_that_is_cut_anywhere_gives_rows_and_stops_nobody(kind: str) -> None:
    content = packed(kind)
    assert len(rows_of(f"a.{kind}", content)[1]) == 60
    for share in (5, 20, 50, 80, 99):
        found = rows_of(f"a.{kind}", content[: len(content) * share // 100])[1]
        assert len(found) == 60 or any(row.get("reason") for row in found), share


def test_an_arrow_file_with_damaged_offsets_is_told_and_ends_no_process() -> None:
    content, draw = packed("arrow"), random.Random(7)
    for _ in range(60):
        damaged = bytearray(content)
        for _ in range(3):
            damaged[draw.randrange(8, len(damaged) - 200)] = draw.randrange(256)
        rows_of("a.arrow", bytes(damaged))


def test_a_member_without_a_name_stops_nobody() -> None:
    content = zipped(**{"a.jsonl": lines(PAIR)}).replace(b"a.jsonl", b"\0.jsonl")
    assert rows_of("a.zip", content)[1]
