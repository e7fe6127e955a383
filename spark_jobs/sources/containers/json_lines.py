"""JSON Lines: one record a line. Blank lines count as lines and make no record."""

import json
from collections.abc import Iterator
from typing import BinaryIO

from spark_jobs.sources.containers.piece import RECORD_LIMIT, Piece, invalid_utf8, refused

_BOM = b"\xef\xbb\xbf"


def read(stream: BinaryIO) -> Iterator[Piece]:
    """One piece for each line that is not blank; position is the line number."""
    for number, line in enumerate(iter(lambda: stream.readline(RECORD_LIMIT), b""), 1):
        raw = line.removeprefix(_BOM) if number == 1 else line
        if len(line) == RECORD_LIMIT and not line.endswith(b"\n"):
            _skip_line(stream)
            yield refused(
                number, raw, "malformed_json", f"the line is longer than {RECORD_LIMIT} bytes; its beginning is kept"
            )
        elif raw.strip():
            yield parse(number, raw.rstrip(b"\r\n"))


def parse(position: int, raw: bytes) -> Piece:
    """The piece that these bytes of JSON are."""
    bad = invalid_utf8(position, raw)
    if bad is not None:
        return bad
    try:
        return Piece(position, raw, json.loads(raw))
    except RecursionError:
        return refused(position, raw, "malformed_json", "nested too deeply")
    except ValueError as error:
        return refused(position, raw, "malformed_json", str(error))


def _skip_line(stream: BinaryIO) -> None:
    while (rest := stream.readline(RECORD_LIMIT)) and not rest.endswith(b"\n"):
        pass
