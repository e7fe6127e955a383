"""JSON Lines: one record a line. Blank lines count as lines and make no record."""

import json
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from spark_jobs.ingest.containers.raw_record import RECORD_LIMIT, RawRecord, invalid_utf8, unreadable

_EXACT = 2.0**63  # orjson reads whole numbers beyond 64 bits as floats, the standard library as they are


def read(stream: BinaryIO, first: int = 1) -> Iterator[RawRecord]:
    """One record for each line that is not blank; position is the line number, `first` that of the first line."""
    # looked up once: this loop runs for every line
    readline = stream.readline
    number = first - 1
    while line := readline(RECORD_LIMIT):
        number += 1
        raw = line.removeprefix(BOM_UTF8) if number == 1 else line
        # the rest is passed over in parts: memory stays bounded by the limit
        if len(line) == RECORD_LIMIT and not line.endswith(b"\n"):
            _skip_line(stream)
            yield unreadable(
                number, raw, "malformed_json", f"the line is longer than {RECORD_LIMIT} bytes; its beginning is kept"
            )
        elif not raw.isspace() and raw:
            yield parse(number, raw.rstrip(b"\r\n"))


def parse(position: int, raw: bytes) -> RawRecord:
    """The record that these bytes of JSON are, or why they are none."""
    try:
        value = orjson.loads(raw)
    except ValueError:
        # lines cut out of an array keep its commas
        cut = raw.rstrip()
        found = _parse_leniently(position, cut[:-1]) if cut.endswith((b"},", b"],")) else None
        return found._replace(raw=raw) if found and not found.reason else _parse_leniently(position, raw)
    return RawRecord(position, raw, value) if _exact(value) else _parse_leniently(position, raw)


def _parse_leniently(position: int, raw: bytes) -> RawRecord:
    """As the standard library reads it: slower, but it knows NaN, halves of characters and whole numbers of any length."""
    bad = invalid_utf8(position, raw)
    if bad is not None:
        return bad
    try:
        return RawRecord(position, raw, json.loads(raw, parse_constant=_no_number))
    except RecursionError:
        return unreadable(position, raw, "malformed_json", "nested too deeply")
    except ValueError as error:
        return unreadable(position, raw, "malformed_json", str(error))


def _no_number(_: str) -> None:
    """NaN and infinities, which JSON does not have, say that there is no value."""
    return


def _exact(value: Any) -> bool:
    """Whether no number in the value can have lost digits."""
    kind = type(value)
    if kind is dict or kind is list:
        for child in value.values() if kind is dict else value:
            # most values are texts: to skip them here saves the call
            if type(child) is not str and not _exact(child):
                return False
        return True
    return kind is not float or -_EXACT < value < _EXACT


def _skip_line(stream: BinaryIO) -> None:
    while (rest := stream.readline(RECORD_LIMIT)) and not rest.endswith(b"\n"):
        pass
