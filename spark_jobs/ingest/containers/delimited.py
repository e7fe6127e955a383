"""CSV and TSV with a header: quoted line breaks, delimiters and quotes.

The delimiter is the one that the header line has most often; which ones there are stands in `lake.landing.delimiters`.
"""

import csv
import io
from collections.abc import Iterator
from itertools import count
from typing import BinaryIO

from lake.landing.delimiters import delimiter_of
from spark_jobs.ingest.containers.encoding import SAMPLE
from spark_jobs.ingest.containers.raw_record import RECORD_LIMIT, RawRecord, UnreadableFile, invalid_utf8, unreadable
from spark_jobs.ingest.containers.streams import read_head


class _Lines:
    """The lines of a text, which remembers those that made up the last row: the csv module gives fields, not their bytes."""

    def __init__(self, reader: io.TextIOWrapper) -> None:
        self._reader = reader
        self._lines: list[str] = []

    def __iter__(self) -> Iterator[str]:
        for line in self._reader:
            self._lines.append(line)
            yield line

    def take(self) -> bytes:
        text = "".join(self._lines)
        self._lines = []
        return text.encode("utf-8", "surrogateescape").rstrip(b"\r\n")


def read(stream: BinaryIO) -> Iterator[RawRecord]:
    """One record for each row below the header; position is the number of the row."""
    # the module's own limit is 128 KiB, less than a long answer
    csv.field_size_limit(RECORD_LIMIT)
    head, whole = read_head(stream, SAMPLE)
    # bytes that are not UTF-8 survive as surrogates, so that their row is quarantined with its own bytes
    reader = io.TextIOWrapper(whole, encoding="utf-8-sig", errors="surrogateescape", newline="")
    lines = _Lines(reader)
    first_line = head.split(b"\n", 1)[0].decode("utf-8", "replace")
    rows = csv.reader(iter(lines), delimiter=delimiter_of(first_line), strict=True)
    header = _header(rows)
    lines.take()
    numbers = count(1)
    while True:
        try:
            row = next(rows, None)
        except csv.Error as error:
            # the reader goes on at the next line
            yield unreadable(next(numbers), lines.take(), "malformed_csv", str(error))
            continue
        if row is None:
            return
        raw = lines.take()
        # blank lines are not rows
        if row:
            yield _row(next(numbers), raw, header, row)


def _header(rows: Iterator[list[str]]) -> list[str]:
    try:
        header = next(rows, [])
    except csv.Error as error:
        raise UnreadableFile(f"the header is not CSV ({error})") from error
    # which of the two a value belongs to could not be told later
    if len(set(header)) < len(header):
        raise UnreadableFile("the header names a column twice")
    return header


def _row(number: int, raw: bytes, header: list[str], row: list[str]) -> RawRecord:
    if len(row) != len(header):
        return unreadable(number, raw, "malformed_csv", f"{len(row)} fields where the header has {len(header)}")
    return invalid_utf8(number, raw) or RawRecord(number, raw, dict(zip(header, row, strict=True)))
