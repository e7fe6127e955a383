"""Every container gives back each record with its bytes and its place, and quarantines only the broken ones."""

import gzip
import hashlib
import io
import json
import lzma
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_jobs.ingest.containers import READ_ERRORS, documents, json_values
from spark_jobs.ingest.containers.raw_record import RawRecord, Unavailable


def raw_records(uri: str, sha256: str | None = None) -> list[RawRecord]:
    """Every record of a file; one with another hash than the file's own raises an error at the end."""
    path = Path(uri.removeprefix("file://"))
    known = sha256 or (hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "")
    return [record for document in documents(uri, known) for record in document.records]


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str, bytes], list[RawRecord]]:
    def written(name: str, content: bytes) -> list[RawRecord]:
        (tmp_path / name).write_bytes(content)
        return raw_records(str(tmp_path / name))

    return written


Read = Callable[[str, bytes], list[RawRecord]]


def outline(found: list[RawRecord]) -> list[tuple[int, object]]:
    return [(record.position, record.reason or record.value) for record in found]


def test_json_lines_count_blank_lines_and_keep_bytes(read: Read) -> None:
    content = b'\xef\xbb\xbf{"a": 1}\r\n\n{"a": \n{"a": "\xff"}\n[1]\n{"a": 2}'
    found = read("x.jsonl", content)
    assert outline(found) == [(1, {"a": 1}), (3, "malformed_json"), (4, "invalid_utf8"), (5, [1]), (6, {"a": 2})]
    assert [record.raw for record in found] == [b'{"a": 1}', b'{"a": ', b'{"a": "\xff"}', b"[1]", b'{"a": 2}']
    assert "byte 8" in (found[2].detail or "")


def test_a_json_array_loses_only_the_broken_element(read: Read) -> None:
    content = b'[\n  {"a": 1},\n  {"a": 1,, "b": 2},\n  {"a": "open},\n  {"a": "\xff"},\n  {"a": [1, {"b": "]}"}]}\n]\n'
    found = read("x.json", content)
    assert outline(found) == [
        (1, {"a": 1}),
        (2, "malformed_json"),
        (3, "malformed_json"),
        (4, "invalid_utf8"),
        (5, {"a": [1, {"b": "]}"}]}),
    ]
    assert [record.raw for record in found[1:4]] == [b'{"a": 1,, "b": 2}', b'{"a": "open},', b'{"a": "\xff"}']


@pytest.mark.parametrize(
    ("content", "records"),
    [
        (b'{"a": 1}', [{"a": 1}]),
        (b'{"a": 1}\n{"a": 2}\n', [{"a": 1}, {"a": 2}]),
        (b"[]", []),
        (b"", []),
        (b'\xef\xbb\xbf[{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}]),
        (b'[{"a": 1}, {"a": 2}', [{"a": 1}, {"a": 2}, "malformed_json"]),
        (b'[{"a": 1}, {"a":', [{"a": 1}, "malformed_json", "malformed_json"]),
        (b'[{"a": 1}] and more', [{"a": 1}, "malformed_json"]),
        (b"[oops, 1]", ["malformed_json", 1]),
        (b"[" * 5000, ["malformed_json", "malformed_json"]),
    ],
)
def test_json_documents(read: Read, content: bytes, records: list[object]) -> None:
    assert [record.reason or record.value for record in read("x.json", content)] == records


@given(
    st.lists(
        st.dictionaries(
            st.text(max_size=4), st.text(max_size=12) | st.integers() | st.lists(st.none(), max_size=2), max_size=3
        )
    ),
    st.sampled_from([None, 1, 4]),
    st.integers(1, 40),
)
def test_any_array_is_read_the_same_through_a_window_of_any_size(
    records: list[object], indent: int | None, chunk: int
) -> None:
    text = json.dumps(records, indent=indent, ensure_ascii=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_values, "_CHUNK", chunk)
        found = list(json_values.read(io.BytesIO(text.encode())))
    assert [record.value for record in found] == records
    assert [json.loads(record.raw) for record in found] == records


def test_csv_quotes_line_breaks_and_wrong_widths(read: Read) -> None:
    content = (
        '\ufeffquestion,answer\r\n"a, b","line\r\nbreak"\r\n\r\nonly one\r\n"say ""x""",ü\r\n'.encode() + b"\xff,y\r\n"
    )
    found = read("x.csv", content)
    assert outline(found) == [
        (1, {"question": "a, b", "answer": "line\r\nbreak"}),
        (2, "malformed_csv"),
        (3, {"question": 'say "x"', "answer": "ü"}),
        (4, "invalid_utf8"),
    ]
    assert found[0].raw == b'"a, b","line\r\nbreak"'
    assert found[3].raw == b"\xff,y"


def test_csv_finds_its_delimiter_and_goes_on_after_a_bad_quote(read: Read) -> None:
    assert outline(read("x.csv", b"q;a\n1,5;2\n")) == [(1, {"q": "1,5", "a": "2"})]
    assert outline(read("x.tsv", b"q\ta\n1\t2\n")) == [(1, {"q": "1", "a": "2"})]
    assert outline(read("x.csv", b'q,a\n"x"y,1\nz,2\n')) == [(1, "malformed_csv"), (2, {"q": "z", "a": "2"})]


def test_yaml_items_stand_alone_and_scalars_stay_text(read: Read) -> None:
    content = "# notes\n- q: yes\n  a: 1.0\n- q: [open\n  a: x\n- q: ü\n  a: |\n    - not an item\n    two\n  n: null\n  e:\n".encode()
    found = read("x.yaml", content)
    assert outline(found) == [
        (1, {"q": "yes", "a": "1.0"}),
        (2, "malformed_yaml"),
        (3, {"q": "ü", "a": "- not an item\ntwo\n", "n": None, "e": None}),
    ]
    assert found[1].raw == b"- q: [open\n  a: x"


def test_yaml_documents_and_flow_lists(read: Read) -> None:
    assert outline(read("x.yml", b"seeds:\n- q: a\n- q: b\n---\nq: c\n")) == [
        (1, {"seeds": [{"q": "a"}, {"q": "b"}]}),
        (2, {"q": "c"}),
    ]
    assert outline(read("x.yml", b"[{q: a}, {q: b}]")) == [(1, {"q": "a"}), (2, {"q": "b"})]


def test_yaml_aliases_and_objects_do_nothing(read: Read) -> None:
    bomb = b"- a: &a [x, x]\n  b: &b [*a, *a]\n  c: [*b, *b]\n"
    assert outline(read("x.yaml", bomb)) == [(1, "malformed_yaml")]
    assert outline(read("x.yaml", b"- q: AT&T *stars*\n")) == [(1, {"q": "AT&T *stars*"})]
    harmless = read("x.yaml", b"- !!python/object/apply:os.getcwd []\n")
    assert outline(harmless) == [(1, [])]


def test_parquet_rows(tmp_path: Path) -> None:
    table = pa.table({"prompt": ["a", "b"], "completion": ["c", None]})
    pq.write_table(table, tmp_path / "x.parquet")
    found = raw_records(str(tmp_path / "x.parquet"))
    assert outline(found) == [(1, {"prompt": "a", "completion": "c"}), (2, {"prompt": "b", "completion": None})]
    assert json.loads(found[1].raw) == {"prompt": "b", "completion": None}


@pytest.mark.parametrize("suffix", [".gz", ".zst", ".xz"])
def test_compressed_files_are_read_through(tmp_path: Path, suffix: str) -> None:
    plain = b'{"a": 1}\n' * 3
    packed = {
        ".gz": gzip.compress,
        ".xz": lzma.compress,
        ".zst": lambda content: pa.compress(content, "zstd", asbytes=True),
    }
    path = tmp_path / f"x.jsonl{suffix}"
    path.write_bytes(packed[suffix](plain))
    assert [record.raw for record in raw_records(str(path))] == [b'{"a": 1}'] * 3


def test_a_file_url_is_an_address_too(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"a": 1}\n')
    assert outline(raw_records(path.as_uri())) == [(1, {"a": 1})]


def cut_gzip() -> bytes:
    return gzip.compress(json.dumps([str(number) for number in range(5000)]).encode())[:-200]


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("x.json.gz", cut_gzip(), "ended before"),
        ("x.json.gz", b"not gzip", "gzip"),
        ("x.jsonl.zst", b"not zstd", "ZSTD"),
        ("x.xyz", b"?", "no reader for '.xyz'"),
        ("x", b"?", "no reader for ''"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, name: str, content: bytes, complaint: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(READ_ERRORS, match=complaint):
        raw_records(str(tmp_path / name))


def test_a_changed_or_absent_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes(b"{}")
    with pytest.raises(Unavailable, match="changed since it was registered"):
        raw_records(str(tmp_path / "x.jsonl"), "0" * 64)
    with pytest.raises(Unavailable, match="No such file"):
        raw_records(str(tmp_path / "absent.jsonl"), "0" * 64)
    with pytest.raises(Unavailable, match="nosuchscheme"):
        raw_records("nosuchscheme://bucket/x.jsonl", "0" * 64)


def test_a_parquet_file_that_is_none(read: Read) -> None:
    with pytest.raises(READ_ERRORS, match="not Parquet"):
        read("x.parquet", b"PAR1 but not really")
