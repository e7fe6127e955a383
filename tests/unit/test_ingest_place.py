"""Errors of the place are told from errors of the data by where they happen, whatever their class and at whatever byte."""

import gzip
import hashlib
import io
import tarfile
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import ipc
from raw_files import lines

from spark_jobs.ingest.containers import encoding, streams
from spark_jobs.ingest.containers.raw_record import Unavailable
from spark_jobs.ingest.interpreter import Row
from spark_jobs.ingest.job import instruction_columns
from spark_jobs.ingest.raw_rows import file_rows
from spark_jobs.ingest.splits import split_file

LINES = lines(
    *({"prompt": f"Which is number {n * 7919}?", "completion": f"It is {n * 104729} of all."} for n in range(9000))
).encode()
TABLE = pa.table({"prompt": [f"{n * 7919}?" for n in range(9000)], "completion": [f"{n * 104729}" for n in range(9000)]})  # fmt: skip


class ServiceUnavailable(Exception):
    """What a client of a remote place raises for an answer 503: no OSError."""


def zipped() -> bytes:
    sink = io.BytesIO()
    with ZipFile(sink, "w") as archive:
        archive.writestr("a.jsonl", LINES)
    return sink.getvalue()


def tarred() -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w:gz") as archive:
        member = tarfile.TarInfo("a.jsonl")
        member.size = len(LINES)
        archive.addfile(member, io.BytesIO(LINES))
    return sink.getvalue()


def parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(TABLE, sink, compression="none", use_dictionary=False)
    return sink.getvalue()


def arrow() -> bytes:
    sink = io.BytesIO()
    with ipc.new_stream(sink, TABLE.schema) as writer:
        writer.write_table(TABLE, max_chunksize=100)
    return sink.getvalue()


CONTENTS = {
    "a.jsonl": LINES, "a.json.gz": gzip.compress(LINES), "a.jsonl.zst": pa.compress(LINES, "zstd", asbytes=True), "a.zip": zipped(),
    "a.tar.gz": tarred(), "a.parquet": parquet(), "a.arrow": arrow(), "a.csv": b"prompt,completion\n" + b'"Which?","This one."\n' * 9000,
}  # fmt: skip


class Failing(io.FileIO):
    """A file that fails once so many bytes of it were read."""

    left = 0
    error: Exception = OSError()

    def readinto(self, buffer: Any) -> int | None:
        if self.left <= 0:
            raise self.error
        count = super().readinto(memoryview(buffer)[: self.left])
        self.left -= count or 0
        return count


def registered(path: Path, content: bytes) -> dict[str, Any]:
    path.write_bytes(content)
    place = {"uri": str(path), "path": path.name, "source": "s", "licence": None, "kind": "instructions"}
    return {**place, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}


@pytest.mark.parametrize(
    "error",
    [
        PermissionError(13, "Permission denied"), TimeoutError("timed out"), ConnectionResetError(104, "reset"), OSError(5, "Input/output error"),
        ServiceUnavailable("503 Slow Down"), ImportError("no module called s3fs"), EOFError("the link broke"),
    ],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
@pytest.mark.parametrize("share", [0.0, 0.4])
@pytest.mark.parametrize("name", CONTENTS)
def test_whatever_goes_wrong_while_bytes_are_fetched_says_nothing_of_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, share: float, error: Exception
) -> None:
    file = registered(tmp_path / name, CONTENTS[name])

    def opened(uri: str) -> Failing:
        failing = Failing(uri)
        failing.left, failing.error = int(share * len(CONTENTS[name])), error
        return failing

    monkeypatch.setattr(streams, "_opened", opened)
    found: list[Row] = []
    with pytest.raises(Unavailable, match="cannot be read") as told:
        found += file_rows(file, instruction_columns)
    assert told.value.reason == "unreachable"
    assert found == [], "no row says that the file is broken"
    # whoever splits big files leaves the telling to whoever reads them
    assert split_file(file, 1000) == [file]


@pytest.mark.parametrize("name", CONTENTS)
def test_the_same_file_is_read_and_half_of_it_is_broken_where_that_half_was_registered(
    tmp_path: Path, name: str
) -> None:
    whole = list(file_rows(registered(tmp_path / name, CONTENTS[name]), instruction_columns))
    assert (len(whole), {row.get("reason") for row in whole}) == (9000, {None})
    half = CONTENTS[name][: len(CONTENTS[name]) // 2 - 1]
    cut = {row.get("reason") for row in file_rows(registered(tmp_path / name, half), instruction_columns)}
    assert cut & {"unreadable_file", "malformed_json", "malformed_csv", "malformed_arrow"}


def test_a_library_that_is_missing_here_is_no_fault_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(head: bytes) -> str:
        raise ModuleNotFoundError("No module named 'charset_normalizer'")

    monkeypatch.setattr(encoding, "_legacy", missing)
    file = registered(tmp_path / "a.csv", "question,answer\nWoher?,Aus Köln für Übermütige.\n".encode("latin-1"))
    with pytest.raises(Unavailable, match="a library that reads it is missing: No module named"):
        list(file_rows(file, instruction_columns))
