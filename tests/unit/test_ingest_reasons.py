"""Every reason for which a raw record is quarantined is in the closed list, and every one of the list can happen."""

import ast
import hashlib
import io
import re
from importlib.resources import files
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import ipc

from lake.tables.reasons import UNREADABLE
from spark_jobs.ingest.job import instruction_columns
from spark_jobs.ingest.raw_rows import file_rows

TABLE = pa.table({"prompt": [f"{number} and 1?" for number in range(2000)], "completion": ["x"] * 2000})


def broken_parquet() -> bytes:
    """A file whose second row group cannot be decompressed."""
    sink = io.BytesIO()
    pq.write_table(TABLE, sink, row_group_size=1000, compression="zstd", use_dictionary=False)
    content = bytearray(sink.getvalue())
    column = pq.ParquetFile(io.BytesIO(content)).metadata.row_group(1).column(0)
    end = column.data_page_offset + column.total_compressed_size
    content[end - 200 : end] = b"\xff" * 200
    return bytes(content)


def broken_arrow() -> bytes:
    """A stream that ends within its second batch."""
    sink = io.BytesIO()
    with ipc.new_stream(sink, TABLE.schema) as writer:
        writer.write_table(TABLE, max_chunksize=1000)
    return sink.getvalue()[:-5000]


BROKEN = {
    "malformed_json": ("x.jsonl", b'{"prompt": '),
    "malformed_csv": ("x.csv", b"prompt,completion\nalone\n"),
    "malformed_yaml": ("x.yaml", b"- prompt: [open\n"),
    "malformed_xml": ("x.xml", b"<rows><row><prompt>a</prompt>"),
    "malformed_parquet": ("x.parquet", broken_parquet()),
    "malformed_arrow": ("x.arrow", broken_arrow()),
    "invalid_utf8": ("x.jsonl", b'{"prompt": "a", "completion": "\xff"}\n'),
    "unknown_shape": ("x.jsonl", b'{"colour": "red"}\n'),
    "broken_thread": ("x.jsonl", b'{"message_id": "2", "parent_id": "1", "text": "Hi", "role": "prompter"}\n'),
    "unreadable_file": ("x.parquet", b"PAR1 and no more"),
    "unknown_role": ("x.jsonl", b'{"messages": [{"role": "stranger", "content": "Hi"}]}\n'),
    "bad_answer": ("x.jsonl", b'{"prompt": "a", "completion": "b", "label": false}\n'),
    "not_for_training": ("x.jsonl", b'{"prompt": "a", "completion": "b", "train": false}\n'),
    "other_media": ("x.jsonl", b'{"prompt": "a", "completion": "b", "image": "a.png"}\n'),
    "ambiguous_option": ("x.jsonl", b'{"question": "a", "options": ["b", "c"], "answer": "1"}\n'),
    "no_header": ("x.csv", b"Tell me of tea.,It is a drink.\n"),
}


@pytest.mark.parametrize("reason", UNREADABLE)
def test_each_reason_of_the_list_can_happen(reason: str, tmp_path: Path) -> None:
    name, content = BROKEN[reason]
    (tmp_path / name).write_bytes(content)
    place = {"uri": str(tmp_path / name), "path": name, "source": "s", "licence": None, "kind": "instructions"}
    rows = list(file_rows({**place, "sha256": hashlib.sha256(content).hexdigest()}, instruction_columns))
    assert {row["reason"] for row in rows if row.get("reason")} == {reason}


def test_no_other_reason_is_in_the_code() -> None:
    looks_like_one = re.compile(r"(?:malformed|invalid|unknown|broken|unreadable|bad|not_for|other|ambiguous|no)_\w+")
    texts = {
        node.value
        for path in Path(str(files("spark_jobs") / "ingest")).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert {text for text in texts if looks_like_one.fullmatch(text)} == set(UNREADABLE)
