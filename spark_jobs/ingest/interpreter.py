"""What the records of a document mean for a table: the columns of their rows, or why they are quarantined.

    RawRecord(1, b'{"instruction": "Add", "instances": [...]}', {...})    one record that holds two
    -> Interpreted(1, b'{"instruction":"Add","input":"1",...}', {"shape": "instances", "messages": [...], "original_id": None})
    -> Interpreted(2, b'{"instruction":"Add","input":"2",...}', {"shape": "instances", "messages": [...], "original_id": None})

Most records are one row and are done after `_columns`. The rest are several records in one (`_unfold`), messages that wait for the
others of their thread, records under names that only the user's field map knows, or no records at all.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from spark_jobs.ingest.containers import Document
from spark_jobs.ingest.containers.raw_record import RawRecord, from_value
from spark_jobs.ingest.sources import detect, original_id, unfold, wrapper
from spark_jobs.ingest.sources.field_map import apply_field_map
from spark_jobs.ingest.sources.fields import Record, is_record
from spark_jobs.ingest.sources.message_tree import flat_message
from spark_jobs.ingest.sources.passage import read_passage
from spark_jobs.ingest.sources.threads import Threads

_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")  # half of a character that UTF-16 writes as two

Row = dict[str, Any]
# a record and the file's kind -> the table's own columns, or None if the record is none for this table
Interpret = Callable[[Record, str], Row | None]


class Interpreted(NamedTuple):
    """What becomes one row: its place in the file, its bytes, and the columns that say what they mean, or why they mean nothing."""

    position: int
    raw: bytes
    columns: Row


def quarantined(reason: str, detail: str | None) -> Row:
    """The columns of a row that goes to the quarantine; `reason` is one of `lake.tables.reasons.UNREADABLE`."""
    return {"outcome": "quarantined", "reason": reason, "detail": detail}


class Interpreter:
    """Reads the records of one file: of its kind, under the names of its field map if it has one, for one table."""

    def __init__(self, kind: str, field_map: Mapping[str, str] | None, interpret: Interpret) -> None:
        self._kind = kind
        self._field_map = field_map
        self._interpret = interpret

    def rows(self, document: Document) -> Iterator[Interpreted]:
        """The rows of a document, in order; those of joined messages come last.

        Positions are line numbers where the document has them, else numbers of rows: a record that unfolds moves those behind it.
        """
        shift = 0
        with Threads() as threads:
            for record in document.records:
                columns = None if record.reason or self._field_map else self._columns(record)
                if columns is not None and not shift:
                    # nearly all records come this way: no list, no copy
                    yield Interpreted(record.position, record.raw, columns)
                    continue
                if columns is None:
                    rows = self._expand(record, threads)
                else:
                    rows = [Interpreted(record.position, record.raw, columns)]
                for place, row in enumerate(rows):
                    yield row if document.by_line else row._replace(position=record.position + shift + place)
                shift += 0 if document.by_line else max(len(rows) - 1, 0)
            for position, raw, value, fault in threads.conversations():
                joined = RawRecord(position, raw, value)
                columns = quarantined("broken_thread", fault) if fault else self._columns(joined)
                yield Interpreted(position, raw, {**(columns or self._unknown(value)), "shape": "message_tree"})

    def _columns(self, record: RawRecord) -> Row | None:
        """What a record means by itself, or None if it may be several records or a part of one."""
        value = record.value
        if not is_record(value) or "parent_id" in value:
            return None
        try:
            columns = self._interpret(value, self._kind)
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
            return quarantined("unknown_shape", f"a field does not hold what its name promises ({error})")
        if columns is None:
            return None
        # the look for a backslash spares nearly all records the pattern, and the pattern spares them the encoding
        if b"\\u" in record.raw and _SURROGATE_ESCAPE.search(record.raw) and not _is_encodable(columns):
            return quarantined("invalid_utf8", "an escape sequence names half of a character")
        columns["original_id"] = original_id(value)
        return columns

    def _expand(self, record: RawRecord, threads: Threads) -> list[Interpreted]:
        """The rows of what is not plainly one record; none for a message that waits for its thread."""
        value = record.value
        if record.reason:
            return [Interpreted(record.position, record.raw, quarantined(record.reason, record.detail))]
        if not is_record(value):
            return [Interpreted(record.position, record.raw, self._unknown(value))]
        if self._field_map:
            # the user's word counts more than any shape
            return self._map_fields(record, self._field_map)
        message = flat_message(value)
        if message is None:
            return self._unfold(record)
        if threads.add(record.position, record.raw, message):
            return []
        detail = "another message of the document has the same id"
        return [Interpreted(record.position, record.raw, quarantined("broken_thread", detail))]

    def _map_fields(self, record: RawRecord, field_map: Mapping[str, str]) -> list[Interpreted]:
        """The record under the names that are known here; the records in it, if it has none of the fields and is a wrapper of records."""
        canonical = apply_field_map(record.value, field_map)
        records = [record._replace(value=canonical or {})]
        if canonical is None and (children := wrapper.nested_records(record.value)):
            records = [
                from_value(record.position, child)._replace(value=apply_field_map(child, field_map) or {})
                for child in children
            ]
        return [Interpreted(one.position, one.raw, self._columns(one) or self._unknown(one.value)) for one in records]

    def _unfold(self, record: RawRecord) -> list[Interpreted]:
        """The records inside the record, down to those that hold no others; each named by the outermost shape."""
        columns = self._columns(record)
        nested = None if columns or not is_record(record.value) or _stands_alone(record.value) else unfold(record.value)
        if nested is None:
            return [Interpreted(record.position, record.raw, columns or self._unknown(record.value))]
        # records inside records have no bytes of their own in the file
        shape, children = nested
        rows = [row for child in children for row in self._unfold(from_value(record.position, child))]
        return [
            row if row.columns.get("reason") else row._replace(columns={**row.columns, "shape": shape}) for row in rows
        ]

    def _unknown(self, value: Any) -> Row:
        """Quarantined as `unknown_shape`, with the sentence that helps most."""
        if not is_record(value):
            detail = f"a {type(value).__name__} where a record with fields was expected"
        elif self._field_map:
            pairs = ", ".join(f"{role}={field}" for role, field in self._field_map.items())
            detail = f"the record has no prompt and response under the mapped fields {pairs}"
        elif self._kind == "instructions" and read_passage(value):
            detail = "a text without an instruction; --kind passages reads such a file as passages"
        else:
            detail = f"no known shape has the fields {', '.join(sorted(map(str, value)))}"[:500]
        return quarantined("unknown_shape", detail)


def _stands_alone(record: Record) -> bool:
    """Whether the record is one for some table, if not for this one: what it holds is then no records of this table either."""
    return detect(record) is not None or ("title" in record and read_passage(record) is not None)


def _is_encodable(columns: Row) -> bool:
    try:
        json.dumps(columns, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
