"""One raw file to rows: the pure half of ingestion, without Spark.

What a record means for a table is given as a function (`Interpret`). Rows come while the file is read: if it turns out broken, or
not to be the registered one, a row with the reason `unreadable_file` says so at the end, and every row of its address is void.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from lake.ids import content_id, content_ids
from lake.landing.addresses import INSIDE
from spark_jobs.ingest.containers import READ_ERRORS, Document, documents
from spark_jobs.ingest.containers.raw_record import Piece
from spark_jobs.ingest.sources import detect, original_id, unfold, wrapper
from spark_jobs.ingest.sources.field_map import mapped
from spark_jobs.ingest.sources.message_tree import flat
from spark_jobs.ingest.sources.passage import passage
from spark_jobs.ingest.sources.threads import Threads
from spark_jobs.ingest.sources.turns import Record, as_json, is_record
from spark_jobs.ingest.splits import split_document

_HALF_A_CHARACTER = re.compile(rb"\\u[dD][89a-fA-F]")

Row = dict[str, Any]
Interpret = Callable[[Record, str], Row | None]


class _Unit(NamedTuple):
    """What becomes one row: its place in the file, its bytes, and what they mean for the table."""

    position: int
    raw: bytes
    meaning: Row


class _Rules(NamedTuple):
    """How the records of one file are read: for which kind, under whose names, and for which table."""

    file: Mapping[str, Any]
    fields: Mapping[str, str] | None
    interpret: Interpret


def file_rows(file: Mapping[str, Any], interpret: Interpret) -> Iterator[Row]:
    """Every row of one file, or of one split of it: columns of the bronze table, or of its quarantine where `reason` is set."""
    rules = _Rules(file, json.loads(file["fields"]) if file.get("fields") else None, interpret)
    try:
        if file.get("end"):
            yield from _rows(file, split_document(file), rules)
            return
        for document in documents(file["uri"], file["sha256"]):
            inside = f"{INSIDE}{document.inner}" if document.inner else ""
            held = {**file, "uri": file["uri"] + inside, "path": file["path"] + inside}
            try:
                yield from _rows(held, document, rules)
            except READ_ERRORS as error:
                yield _unreadable(held, error)
                if not inside:
                    return
    except READ_ERRORS as error:
        yield _unreadable(file, error)


def _rows(file: Mapping[str, Any], document: Document, rules: _Rules) -> Iterator[Row]:
    copies: dict[int, int] = dict(file.get("copies") or ())
    identify = content_ids("raw", file["source"], file["path"])
    place = {name: file[name] for name in ("source", "licence", "uri")}
    for position, raw, meaning in _units(document, rules):
        digest = sha256(raw).hexdigest()
        # 60 bits are enough to count copies: a chance match only gives a number where none was needed
        short = int(digest[:15], 16)
        copies[short] = copy = copies.get(short, -1) + 1
        if "name" in meaning and meaning["name"] is None:
            meaning["name"] = f"{file['path']}:{position}"
        yield {
            "id": identify(digest, copy),
            **place,
            "position": position,
            "content_hash": digest,
            "raw": raw,
            **meaning,
        }


def _units(document: Document, rules: _Rules) -> Iterator[_Unit]:
    """The units of a document: nested records apart, messages of a thread joined, fields named by the user renamed.

    Where positions are not line numbers, they are the numbers of the units: an unfolded record moves those behind it.
    """
    ahead = 0
    with Threads() as threads:
        for piece in document.pieces:
            row = None if piece.reason or rules.fields else _meaning(piece, rules)
            if row is not None and not ahead:
                yield _Unit(piece.position, piece.raw, row)
                continue
            units = [_Unit(piece.position, piece.raw, row)] if row else _other(piece, rules, threads)
            for place, unit in enumerate(units):
                yield unit if document.by_line else unit._replace(position=piece.position + ahead + place)
            ahead += 0 if document.by_line else max(len(units) - 1, 0)
        for position, raw, record, fault in threads.conversations():
            meaning = _quarantined("broken_thread", fault) if fault else _meaning(Piece(position, raw, record), rules)
            yield _Unit(position, raw, {**(meaning or _unknown(record, rules)), "shape": "message_tree"})


def _meaning(piece: Piece, rules: _Rules) -> Row | None:
    """What a record means by itself, or None if it may be several records or a part of one."""
    record = piece.record
    if not is_record(record) or "parent_id" in record:
        return None
    try:
        row = rules.interpret(record, rules.file["kind"])
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        return _quarantined("unknown_shape", f"a field does not hold what its name promises ({error})")
    if row is None:
        return None
    if b"\\u" in piece.raw and _HALF_A_CHARACTER.search(piece.raw) and not _encodable(row):
        return _quarantined("invalid_utf8", "an escape sequence names half of a character")
    row["original_id"] = original_id(record)
    return row


def _other(piece: Piece, rules: _Rules, threads: Threads) -> list[_Unit]:
    """The units of a piece that is no record by itself; none if it is a message that waits for its thread."""
    record = piece.record
    if piece.reason:
        return [_Unit(piece.position, piece.raw, _quarantined(piece.reason, piece.detail))]
    if not is_record(record):
        return [_Unit(piece.position, piece.raw, _unknown(record, rules))]
    if rules.fields:
        return _mapped(piece, rules, rules.fields)
    message = flat(record)
    if message is None:
        return _unfolded(piece, rules)
    if threads.add(piece.position, piece.raw, message):
        return []
    detail = "another message of the document has the same id"
    return [_Unit(piece.position, piece.raw, _quarantined("broken_thread", detail))]


def _mapped(piece: Piece, rules: _Rules, fields: Mapping[str, str]) -> list[_Unit]:
    """The record under the names that are known here, or those in it, if it has none of the fields and is a wrapper of records."""
    found = mapped(piece.record, fields)
    held = [piece._replace(record=found or {})]
    if found is None and (records := wrapper.units(piece.record)):
        held = [_canonical(piece.position, record)._replace(record=mapped(record, fields) or {}) for record in records]
    return [_Unit(one.position, one.raw, _meaning(one, rules) or _unknown(one.record, rules)) for one in held]


def _unfolded(piece: Piece, rules: _Rules) -> list[_Unit]:
    """Records inside records, down to those that hold no others."""
    row = _meaning(piece, rules)
    nested = None if row or not is_record(piece.record) or _stands_alone(piece.record) else unfold(piece.record)
    if nested is None:
        return [_Unit(piece.position, piece.raw, row or _unknown(piece.record, rules))]
    shape, records = nested
    units = [unit for record in records for unit in _unfolded(_canonical(piece.position, record), rules)]
    return [
        unit if unit.meaning.get("reason") else unit._replace(meaning={**unit.meaning, "shape": shape})
        for unit in units
    ]


def _canonical(position: int, record: Any) -> Piece:
    return Piece(position, as_json(record).encode("utf-8", "surrogatepass"), record)


def _stands_alone(record: Record) -> bool:
    """Whether the record is one for some table, if not for this one: what it holds is then no records of this table either."""
    return detect(record) is not None or ("title" in record and passage(record) is not None)


def _unknown(record: Any, rules: _Rules) -> Row:
    if not is_record(record):
        return _quarantined("unknown_shape", f"a {type(record).__name__} where a record with fields was expected")
    if rules.fields:
        named = ", ".join(f"{role}={field}" for role, field in rules.fields.items())
        return _quarantined("unknown_shape", f"the record has no prompt and response under the mapped fields {named}")
    if rules.file["kind"] == "instructions" and passage(record):
        return _quarantined(
            "unknown_shape", "a text without an instruction; --kind passages reads such a file as passages"
        )
    names = ", ".join(sorted(map(str, record)))
    return _quarantined("unknown_shape", f"no known shape has the fields {names}"[:500])


def _unreadable(file: Mapping[str, Any], error: BaseException) -> Row:
    return {
        "id": content_id("raw", file["source"], file["path"], "unreadable", 0),
        **{name: file[name] for name in ("source", "licence", "uri")},
        "position": 0,
        "raw": b"",
        **_quarantined("unreadable_file", str(error) or type(error).__name__),
    }


def _quarantined(reason: str, detail: str | None) -> Row:
    return {"outcome": "quarantined", "reason": reason, "detail": detail}


def _encodable(row: Row) -> bool:
    try:
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
