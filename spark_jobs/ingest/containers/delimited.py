"""CSV and TSV: quoted line breaks, delimiters and quotes; with a header, or without one.

The delimiter is the one that a `sep=` line states, else the one that the first line has most often; which ones there are, and what a
header is, stands in `lake.landing.delimiters`. Columns without a name are numbered from 1. A title and remarks above the header are
no rows, nor is a line of dashes below it.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain, count
from typing import BinaryIO

from lake.landing.delimiters import (
    delimiter_of,
    first_lines,
    header_of,
    names_without_header,
)
from spark_jobs.ingest.containers.raw_record import RECORD_LIMIT, RawRecord, UnreadableFile, invalid_utf8, unreadable

_RULE = re.compile(r":?-{3,}:?")
_QUOTED_SINGLY = re.compile(r"'[^']+'(?:[,;\t|]'[^']+')+")


class _Lines:
    """The lines of a text, which remembers those that made up the last row: the csv module gives fields, not their bytes."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._source = lines
        self._lines: list[str] = []

    def __iter__(self) -> Iterator[str]:
        for line in self._source:
            self._lines.append(line)
            yield line

    def take(self) -> bytes:
        text = "".join(self._lines)
        self._lines = []
        return text.encode("utf-8", "surrogateescape").rstrip(b"\r\n")


def read(stream: BinaryIO) -> Iterator[RawRecord]:
    """One record for each row that is not the header; position is the number of the row."""
    # the module's own limit is 128 KiB, less than a long answer
    csv.field_size_limit(RECORD_LIMIT)
    # bytes that are not UTF-8 survive as surrogates, so that their row is quarantined with its own bytes
    reader = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
    begun, stated = first_lines(reader)
    first = begun[0] if begun else ""
    lines = _Lines(chain(begun, reader))
    delimiter, quote = stated or delimiter_of(first), "'" if _QUOTED_SINGLY.fullmatch(first.strip()) else '"'
    # a blank before a quote in the header, or in the row below it, stands before each
    blank = any(f"{delimiter} {quote}" in line for line in begun[:2])
    rows = csv.reader(iter(lines), delimiter=delimiter, quotechar=quote, skipinitialspace=blank, strict=True)
    top = _first_row(rows)
    header = _header(top)
    numbers = count(1)
    raw = lines.take()
    ruled = header is not None
    if header is None:
        header = names_without_header(top)
        yield _row(next(numbers), raw, header, top)
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
        if row and not (ruled and _is_rule(row, delimiter)):
            yield _row(next(numbers), raw, header, row)
        ruled = ruled and not row


def _is_rule(row: list[str], delimiter: str) -> bool:
    """Whether a row is the line that is drawn below a header, as in Markdown."""
    cells = [cell.strip() for cell in row]
    # Markdown's lines begin and end with the delimiter
    ruled = [cell for cell in cells if cell] if delimiter == "|" else cells
    return bool(ruled) and all(map(_RULE.fullmatch, ruled))


def _first_row(rows: Iterator[list[str]]) -> list[str]:
    try:
        return next(rows, [])
    except csv.Error as error:
        raise UnreadableFile(f"the header is not CSV ({error})") from error


def _header(first: list[str]) -> list[str] | None:
    """The names of the columns; of one that comes again, `answer (2)`: whether the two compete is seen in their values."""
    header, seen = header_of(first) or [], Counter[str]()
    names: list[str] = []
    for name in header:
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    if len(set(names)) < len(names):
        raise UnreadableFile("the header names a column twice")
    return names or None


def _row(number: int, raw: bytes, header: list[str], row: list[str]) -> RawRecord:
    if len(row) != len(header):
        return unreadable(number, raw, "malformed_csv", f"{len(row)} fields where the header has {len(header)}")
    return invalid_utf8(number, raw) or RawRecord(number, raw, dict(zip(header, row, strict=True)))
