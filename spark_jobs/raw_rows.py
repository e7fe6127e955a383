"""One raw file to rows: the pure half of ingestion, without Spark.

A file is read twice: once against its registered hash and to its end, so that a broken file never leaves half of its rows, then
for its records. What a record means for a table is given as a function (`Interpret`).
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lake.ids import content_id
from spark_jobs.sources import detect, original_id, unfold
from spark_jobs.sources.containers import LINE_DELIMITED, READ_ERRORS, pieces, suffixes, verify
from spark_jobs.sources.containers.piece import Piece
from spark_jobs.sources.passage import passage
from spark_jobs.sources.turns import Record, as_json, is_record

_ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")

Row = dict[str, Any]
Interpret = Callable[[Record, str], Row | None]


def file_rows(file: Mapping[str, str], interpret: Interpret) -> Iterator[Row]:
    """Every row of one file: columns of the bronze table, or of its quarantine where `reason` is set."""
    copies: dict[int, int] = {}
    try:
        verify(file["uri"], file["sha256"])
        for unit in _units(file["uri"]):
            digest = hashlib.sha256(unit.piece.raw).hexdigest()
            # 60 bits are enough to count copies: a chance match only gives a number where none was needed
            copy = copies[int(digest[:15], 16)] = copies.get(int(digest[:15], 16), -1) + 1
            yield {
                "id": content_id("raw", file["source"], file["path"], digest, copy),
                **_provenance(file, unit.piece.position),
                "content_hash": digest,
                "raw": unit.piece.raw,
                **_interpreted(unit, file, interpret),
            }
    except READ_ERRORS as error:
        yield {
            "id": content_id("raw", file["source"], file["path"], "unreadable", 0),
            **_provenance(file, 0),
            "raw": b"",
            **_quarantined("unreadable_file", str(error) or type(error).__name__),
        }


@dataclass(frozen=True, slots=True)
class _Unit:
    """What becomes one row: a record or a refusal, its place in the file, and the shape it was nested in."""

    piece: Piece
    nested: str | None = None


def _units(uri: str) -> Iterator[_Unit]:
    numbered_by_line = suffixes(uri)[0] in LINE_DELIMITED
    count = 0
    for piece in pieces(uri):
        for unit in _unfolded(piece):
            count += 1
            counted = numbered_by_line or unit.piece.position == count
            yield unit if counted else replace(unit, piece=replace(unit.piece, position=count))


def _unfolded(piece: Piece) -> Iterator[_Unit]:
    record = piece.record
    nested = None if piece.reason or _stands_alone(record) else unfold(record)
    if nested is None:
        yield _Unit(piece)
        return
    shape, records = nested
    for unit in records:
        yield _Unit(Piece(piece.position, as_json(unit).encode("utf-8", "surrogatepass"), unit), shape)


def _stands_alone(record: object) -> bool:
    return is_record(record) and (detect(record) or passage(record)) is not None


def _interpreted(unit: _Unit, file: Mapping[str, str], interpret: Interpret) -> Row:
    piece = unit.piece
    if piece.reason:
        return _quarantined(piece.reason, piece.detail)
    if not is_record(piece.record):
        return _quarantined("unknown_shape", f"a {type(piece.record).__name__} where a record with fields was expected")
    try:
        row = interpret(piece.record, file["kind"])
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        return _quarantined("unknown_shape", f"a field does not hold what its name promises ({error})")
    if row is None:
        return _quarantined(
            "unknown_shape", f"no known shape has the fields {', '.join(sorted(map(str, piece.record)))}"[:500]
        )
    if _ESCAPED_SURROGATE.search(piece.raw) and not _encodable(row):
        return _quarantined("invalid_utf8", "an escape sequence names half of a character")
    row = {"original_id": original_id(piece.record), **row}
    if "name" in row and row["name"] is None:
        row["name"] = f"{file['path']}:{piece.position}"
    return row | {"shape": unit.nested} if unit.nested else row


def _provenance(file: Mapping[str, str], position: int) -> Row:
    return {"source": file["source"], "licence": file["licence"], "uri": file["uri"], "position": position}


def _quarantined(reason: str, detail: str | None) -> Row:
    return {"outcome": "quarantined", "reason": reason, "detail": detail}


def _encodable(row: Row) -> bool:
    try:
        as_json(row).encode()
    except UnicodeEncodeError:
        return False
    return True
