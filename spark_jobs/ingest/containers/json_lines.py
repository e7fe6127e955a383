"""JSON Lines: one record a line. Blank lines count as lines and make no record."""

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from spark_jobs.ingest.containers.raw_record import RECORD_LIMIT, Piece, invalid_utf8, refused

_BOM = b"\xef\xbb\xbf"
_EXACT = 2.0**63  # orjson reads whole numbers beyond 64 bits as floats, the standard library as they are


def read(stream: BinaryIO, first: int = 1) -> Iterator[Piece]:
    """One piece for each line that is not blank; position is the line number, `first` that of the first line."""
    readline = stream.readline
    number = first - 1
    while line := readline(RECORD_LIMIT):
        number += 1
        raw = line.removeprefix(_BOM) if number == 1 else line
        if len(line) == RECORD_LIMIT and not line.endswith(b"\n"):
            _skip_line(stream)
            yield refused(
                number, raw, "malformed_json", f"the line is longer than {RECORD_LIMIT} bytes; its beginning is kept"
            )
        elif not raw.isspace() and raw:
            yield parse(number, raw.rstrip(b"\r\n"))


def parse(position: int, raw: bytes) -> Piece:
    """The piece that these bytes of JSON are."""
    try:
        value = orjson.loads(raw)
    except ValueError:
        return _parse_leniently(position, raw)
    return Piece(position, raw, value) if _exact(value) else _parse_leniently(position, raw)


def _parse_leniently(position: int, raw: bytes) -> Piece:
    """The standard library's reading: it knows NaN, halves of characters and whole numbers of any length."""
    bad = invalid_utf8(position, raw)
    if bad is not None:
        return bad
    try:
        return Piece(position, raw, json.loads(raw))
    except RecursionError:
        return refused(position, raw, "malformed_json", "nested too deeply")
    except ValueError as error:
        return refused(position, raw, "malformed_json", str(error))


def _exact(value: Any) -> bool:
    kind = type(value)
    if kind is dict or kind is list:
        for held in value.values() if kind is dict else value:
            if type(held) is not str and not _exact(held):
                return False
        return True
    return kind is not float or -_EXACT < value < _EXACT


def _skip_line(stream: BinaryIO) -> None:
    while (rest := stream.readline(RECORD_LIMIT)) and not rest.endswith(b"\n"):
        pass
