"""Files in any container, encoding and wrapping: their bytes say what they are, and what cannot be read is quarantined with a reason."""

import bz2
import gzip
import hashlib
import io
import json
import lzma
import os
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import ipc

from lake.landing.delimiters import DELIMITERS
from spark_jobs.ingest.containers import archive, streams
from spark_jobs.ingest.containers.encoding import encoding_of
from spark_jobs.ingest.containers.raw_record import Unavailable
from spark_jobs.ingest.interpreter import Row
from spark_jobs.ingest.raw_rows import file_rows
from spark_jobs.ingest.sources import detect
from spark_jobs.ingest.splits import split_file

RECORDS = [{"prompt": "Größe?", "completion": "Grün, naïve “café”."}, {"prompt": "Two?", "completion": "2"}]
LINES = "\n".join(json.dumps(record, ensure_ascii=False) for record in RECORDS) + "\n"


def registered(uri: str, content: bytes, kind: str = "instructions", **more: Any) -> dict[str, Any]:
    name = uri.rsplit("/", 1)[-1]
    sha256 = hashlib.sha256(content).hexdigest()
    return {"uri": uri, "path": name, "source": "s", "licence": None, "kind": kind, "sha256": sha256, **more}


def instruction(record: Any, kind: str) -> Row | None:
    found = detect(record)
    return found and {"shape": found[0], "messages": found[1]}


Read = Callable[..., list[Row]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def written(name: str, content: bytes, **more: Any) -> list[Row]:
        (tmp_path / name).write_bytes(content)
        return list(file_rows(registered(str(tmp_path / name), content, **more), instruction))

    return written


def said(rows: list[Row]) -> list[Any]:
    """For each row: the turns' texts, or the reason there are none."""
    return [row.get("reason") or tuple(turn["content"] for turn in row["messages"]) for row in rows]


PAIRS = [tuple(record.values()) for record in RECORDS]


def arrow_file(stream: bool) -> bytes:
    table, sink = pa.Table.from_pylist(RECORDS), io.BytesIO()
    opened = ipc.new_stream if stream else ipc.new_file
    with opened(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def parquet_file() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(RECORDS), sink)
    return sink.getvalue()


def table_of(delimiter: str) -> str:
    rows = ["prompt", "completion"], *(record.values() for record in RECORDS)
    return "".join(delimiter.join(f'"{field}"' for field in row) + "\r\n" for row in rows)


XML = (
    '<?xml version="1.0"?>\n<set><row><prompt>Größe?</prompt><completion>Grün, naïve “café”.</completion></row>'
    '<row prompt="Two?"><completion>2</completion></row></set>'
)
YAML = "- prompt: Größe?\n  completion: Grün, naïve “café”.\n- prompt: Two?\n  completion: 2\n"


@pytest.mark.parametrize(
    ("names", "content"),
    [
        (("x.jsonl", "x.ndjson", "x", "x.json", "x.txt", "x.weird"), LINES.encode()),
        (("x.json", "x", "x.jsonl", "x.csv"), json.dumps(RECORDS).encode()),
        (("x.json", "x", "x.jsonl"), json.dumps(RECORDS, indent=2).encode()),
        (("x.json", "x"), json.dumps({"version": 1, "rows": RECORDS}).encode()),
        *((("x.csv", "x.tsv", "x.psv", "x"), table_of(delimiter).encode()) for delimiter in DELIMITERS),
        (("x.yaml", "x.yml", "x"), YAML.encode()),
        (("x.xml", "x", "x.txt", "x.json"), XML.encode()),
        (("x.parquet", "x", "x.json"), parquet_file()),
        (("x.arrow", "x.feather", "x"), arrow_file(stream=False)),
        (("x.arrow", "x"), arrow_file(stream=True)),
        (("x.txt", "x.md"), b"Q: Gr\xc3\xb6\xc3\x9fe?\nA: Gr\xc3\xbcn, na\xc3\xafve \xe2\x80\x9ccaf\xc3\xa9\xe2\x80\x9d.\n\nQ: Two?\nA: 2\n"),
    ],
)  # fmt: skip
def test_a_file_is_read_by_what_it_holds_also_under_another_name(
    read: Read, names: tuple[str, ...], content: bytes
) -> None:
    for name in names:
        assert said(read(name, content)) == PAIRS, name


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "cp1252"])
@pytest.mark.parametrize(
    ("name", "text"), [("x.jsonl", LINES), ("x.csv", table_of(",")), ("x.json", LINES), ("x.yaml", YAML)]
)
def test_text_in_other_encodings_is_read_as_the_same_text(read: Read, name: str, text: str, encoding: str) -> None:
    assert said(read(name, text.encode(encoding))) == PAIRS


def test_asian_encodings_are_told_apart() -> None:
    text = "请给出三个保持健康的秘诀。均衡饮食，多吃水果和蔬菜，定期锻炼，保持充足的睡眠。" * 5
    assert "请给出" in text.encode("gb18030").decode(encoding_of(text.encode("gb18030")))
    text = "健康を保つための三つの秘訣を教えてください。バランスの良い食事と十分な睡眠です。" * 5
    assert "ください" in text.encode("shift_jis").decode(encoding_of(text.encode("shift_jis")))


def test_a_record_that_is_not_in_its_files_encoding_is_quarantined_alone(read: Read) -> None:
    broken = LINES.encode() + b'{"prompt": "\xff", "completion": "x"}\n'
    assert said(read("x.jsonl", broken)) == [*PAIRS, "invalid_utf8"]
    wide = LINES.encode("utf-16-le") + '{"prompt": "'.encode("utf-16-le") + b"\x00\xdc" + '"}\n'.encode("utf-16-le")
    assert said(read("x.jsonl", b"\xff\xfe" + wide)) == [*PAIRS, "invalid_utf8"]


PACKED = [gzip.compress, bz2.compress, lzma.compress, lambda content: pa.compress(content, "zstd", asbytes=True)]


@pytest.mark.parametrize("pack", PACKED)
def test_compression_is_told_from_the_bytes(read: Read, pack: Callable[[bytes], bytes]) -> None:
    assert said(read("x.jsonl", pack(LINES.encode()))) == PAIRS
    assert said(read("x.parquet.gz", pack(parquet_file()))) == PAIRS


def test_positions_are_lines_where_there_are_lines_and_numbers_elsewhere(read: Read) -> None:
    assert [row["position"] for row in read("x.txt", b"\nQ: a\nA: b\n\n\nQ: c\nA: d\n")] == [2, 6]
    nested = [{"instruction": "i", "instances": [{"input": "1", "output": "2"}] * 2}, RECORDS[0], 7]
    assert [row["position"] for row in read("x.json", json.dumps(nested).encode())] == [1, 2, 3, 4]


def test_a_cut_xml_file_keeps_what_came_before_and_an_entity_bomb_is_quarantined(read: Read) -> None:
    assert said(read("x.xml", XML.encode()[:-20])) == [PAIRS[0], "malformed_xml"]
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x><y>&b;</y></x>'
    assert said(read("x.xml", bomb.encode())) == ["unreadable_file"]


def zipped(members: dict[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return sink.getvalue()


def tarred(members: dict[str, bytes], mode: str = "w:gz", linked: str | None = None) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode=mode) as packed:  # pyright: ignore[reportArgumentType, reportCallIssue]
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
        if linked:
            member = tarfile.TarInfo(linked)
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/hostname"
            packed.addfile(member)
    return sink.getvalue()


MEMBERS = {
    "deep/one.jsonl": LINES.encode(),
    "two.json.gz": gzip.compress(json.dumps(RECORDS).encode()),
    ".hidden": b"x",
    "__MACOSX/x.json": b"x",
}


@pytest.mark.parametrize(
    ("name", "content"), [("x.zip", zipped(MEMBERS)), ("x.tar.gz", tarred(MEMBERS)), ("x.tar", tarred(MEMBERS, "w"))]
)
def test_archives_are_their_visible_files_each_with_its_place(read: Read, name: str, content: bytes) -> None:
    rows = read(name, content)
    assert said(rows) == [*PAIRS, *PAIRS]
    assert [row["uri"].rsplit("/", 1)[-1] for row in rows] == ["one.jsonl"] * 2 + ["two.json.gz"] * 2
    assert rows[0]["uri"].endswith(f"{name}!/deep/one.jsonl")
    assert len({row["id"] for row in rows}) == 4


def test_members_that_lead_outside_or_are_links_or_archives_are_quarantined_alone(read: Read) -> None:
    members = {"../out.jsonl": b"{}", "good.jsonl": LINES.encode(), "inner.zip": zipped({"a.jsonl": b"{}"})}
    rows_or_reasons = ["unreadable_file", *PAIRS, "unreadable_file"]
    assert said(read("x.zip", zipped(members))) == rows_or_reasons
    rows = read("x.tgz", tarred(members, linked="link.jsonl"))
    assert said(rows) == [*rows_or_reasons, "unreadable_file"]
    details = [row["detail"] for row in rows if row.get("reason")]
    assert all(word in detail for word, detail in zip(("leads out", "in another", "a link"), details, strict=True)), (
        details
    )


def test_bombs_are_quarantined_with_a_reason(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "HARMLESS", 2**20)
    zeros = b"\n" * 2**22
    for name, content in (
        ("x.jsonl.gz", gzip.compress(zeros, mtime=0)),
        ("x.zip", zipped({"a.jsonl": zeros})),
        ("x.tar.gz", tarred({"a.jsonl": zeros})),
    ):
        row = read(name, content)[-1]
        assert "bomb" in row["detail"], name
    monkeypatch.setattr(archive, "MEMBERS", 2)
    (row,) = read("x.zip", zipped({f"{number}.jsonl": b"{}" for number in range(3)}))
    assert "more than 2 members" in row["detail"]


def test_a_damaged_archive_says_so(read: Read) -> None:
    assert said(read("x.zip", zipped(MEMBERS)[:-30]))[-1:] == ["unreadable_file"]
    noise = os.urandom(100_000)
    assert (
        said(read("x.tar.gz", tarred({"a.jsonl": LINES.encode(), "b.bin": noise})[:-50_000]))[-1] == "unreadable_file"
    )


def test_a_map_of_fields_reads_a_shape_that_nobody_foresaw(read: Read) -> None:
    fields = json.dumps({"prompt": "ask.text", "response": "r"})
    records = [{"ask": {"text": "Hi"}, "r": "Ho"}, {"r": "no question"}]
    rows = read("x.jsonl", "\n".join(map(json.dumps, records)).encode(), fields=fields)
    assert said(rows) == [("Hi", "Ho"), "unknown_shape"]
    assert "ask.text" in rows[1]["detail"]
    assert said(read("x.json", json.dumps({"all": records[:1]}).encode(), fields=fields)) == [("Hi", "Ho")]


def test_threads_are_joined_within_a_document(read: Read) -> None:
    messages = [
        {"message_id": "1", "parent_id": None, "text": "Hi", "role": "prompter", "lang": "en"},
        {"message_id": "2", "parent_id": "1", "text": "Ho", "role": "assistant", "lang": "en"},
        {"message_id": "2", "parent_id": "1", "text": "again", "role": "assistant", "lang": "en"},
        {"message_id": "4", "parent_id": "gone", "text": "lost", "role": "assistant", "lang": "en"},
    ]
    rows = read("x.jsonl", "\n".join(map(json.dumps, messages)).encode())
    assert sorted((row["position"], row.get("reason")) for row in rows) == [
        (2, None),
        (3, "broken_thread"),
        (4, "broken_thread"),
    ]
    kept = next(row for row in rows if row["position"] == 2)
    assert (kept["shape"], kept["original_id"]) == ("message_tree", "2")
    assert kept["raw"].splitlines() == [json.dumps(message).encode() for message in messages[:2]]


@pytest.mark.parametrize(
    ("name", "content"), [("x.jsonl", LINES.encode()), ("x.json.gz", gzip.compress(LINES.encode(), mtime=0)[:-9]), ("x.zip", b"PK\x03\x04")]
)  # fmt: skip
def test_a_file_that_is_not_the_registered_one_is_none_whatever_it_looks_like(
    read: Read, name: str, content: bytes
) -> None:
    with pytest.raises(Unavailable, match="changed since it was registered") as told:
        read(name, content, sha256="0" * 64)
    assert told.value.reason == "changed"


def test_any_address_that_fsspec_opens_can_be_read() -> None:
    with fsspec.open("memory://lake/x.jsonl.gz", "wb") as file:
        file.write(gzip.compress(LINES.encode()))  # pyright: ignore[reportAttributeAccessIssue]
    content = fsspec.open("memory://lake/x.jsonl.gz", "rb").open().read()
    rows = list(file_rows(registered("memory://lake/x.jsonl.gz", content), instruction))
    assert said(rows) == PAIRS


@given(
    st.lists(
        st.sampled_from(["", " ", "oops", *(json.dumps({"prompt": "p", "completion": name}) for name in "abc")]),
        max_size=40,
    ),
    st.integers(1, 200),
    st.sampled_from(["\n", "\r\n"]),
)
def test_the_rows_of_a_file_do_not_depend_on_its_splits(lines: list[str], size: int, end: str) -> None:
    content = ("\ufeff" + end.join(lines)).encode()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.jsonl"
        path.write_bytes(content)
        file = registered(str(path), content)
        whole = list(file_rows(file, instruction))
        parts = [row for split in split_file(file, size) for row in file_rows(split, instruction)]
    assert parts == whole
    assert len({row["id"] for row in whole}) == len(whole)


def test_a_split_that_changed_is_not_read_and_messages_stay_together(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(LINES * 3)
    file = registered(str(path), path.read_bytes())
    parts = split_file(file, 50)
    assert len(parts) > 1
    path.write_text(LINES.replace("Two", "Six") * 3)
    with pytest.raises(Unavailable, match="changed while it was read"):
        [list(file_rows(part, instruction)) for part in parts]
    assert split_file(file, 50) == [file]
    thread = json.dumps({"message_id": "1", "parent_id": None, "text": "Hi", "role": "prompter"}) + "\n"
    path.write_text(thread * 9)
    file = registered(str(path), path.read_bytes())
    assert split_file(file, 50) == [file]


def test_a_few_stray_bytes_do_not_make_a_file_another_encoding() -> None:
    lines = [b'{"prompt": "At what heat?", "completion": "Just above 100 \xff\xfe\xc3( degrees."}'] + [
        b'{"a": "b"}'
    ] * 30
    assert encoding_of(b"\n".join(lines)) == "utf-8"


def test_one_record_in_another_encoding_does_not_make_its_file_one() -> None:
    lines = ["Above 40 °C it sets.", "Heaps reach 65 °C.", "Plain."]
    latin = "Can I keep crème fraîche outside, above 20 °C?".encode("latin-1")
    assert encoding_of(b"\n".join([*(line.encode() for line in lines), latin])) == "utf-8"


@pytest.mark.parametrize(
    "text", ["Le café est à côté. Où est-il passé ?", "El niño comió", "Größe und Länge", "Señor, ¿dónde está?"]
)
def test_single_accents_are_told_from_broken_utf8(text: str) -> None:
    content = (text * 3).encode("cp1252")
    assert text in content.decode(encoding_of(content))
