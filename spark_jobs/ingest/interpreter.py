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
from itertools import chain
from typing import Any, NamedTuple

from spark_jobs.ingest.containers import Document, beginning
from spark_jobs.ingest.containers.raw_record import RawRecord, from_value
from spark_jobs.ingest.sources import detect, is_table, lists, original_id, unfold
from spark_jobs.ingest.sources.counting import COUNTED_ROLES, counts_from, numbered
from spark_jobs.ingest.sources.doubts import counted_options
from spark_jobs.ingest.sources.field_map import apply_field_map
from spark_jobs.ingest.sources.fields import Record, is_record
from spark_jobs.ingest.sources.message_tree import flat_message
from spark_jobs.ingest.sources.passage import read_passage
from spark_jobs.ingest.sources.rejected import RecordRejected
from spark_jobs.ingest.sources.texts import in_cell
from spark_jobs.ingest.sources.threads import Threads
from spark_jobs.ingest.sources.unknown import fields_seen, list_seen, why_unread

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
        self._counts_from: int | None = None

    def rows(self, document: Document) -> Iterator[Interpreted]:
        """The rows of a document, in order; those of joined messages come last.

        Positions are line numbers where the document has them, else numbers of rows: a record that unfolds moves those behind it.
        """
        shift = 0
        records = self._counted(document)
        with Threads() as threads:
            for record in records:
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

    def _counted(self, document: Document) -> Iterator[RawRecord]:
        """The document's records, once it is known from its beginning how it counts options."""
        head = list(beginning(document.records))
        first = document.head() if document.head else head
        stated = next((start for role, start in COUNTED_ROLES.items() if role in (self._field_map or ())), None)
        self._counts_from = counts_from(record.value for record in first) if stated is None else stated
        return chain(head, document.records)

    def _columns(self, record: RawRecord) -> Row | None:
        """What a record means by itself, or None if it may be several records or a part of one."""
        value = record.value
        if not is_record(value) or "parent_id" in value:
            return None
        if self._counts_from is not None:
            value = numbered(value, self._counts_from)
        try:
            # a table by columns has the names of one record: only the values tell
            columns = None if is_table(value) else self._interpret(value, self._kind)
        except RecordRejected as refusal:
            ways = counted_options(value) if refusal.doubtful else None
            return quarantined(refusal.reason, refusal.detail) | (
                {"doubt": f"{refusal.detail}; {ways}"} if ways else {}
            )
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
        if isinstance(record.value, str) and not isinstance(inner := in_cell(record.value), str):
            record = record._replace(value=inner)  # a record that was written as JSON twice
            if not self._field_map and (columns := self._columns(record)):
                return [Interpreted(record.position, record.raw, columns)]
        value = record.value
        if record.reason:
            return [Interpreted(record.position, record.raw, quarantined(record.reason, record.detail))]
        if self._field_map and isinstance(value, list) and not any(map(is_record, value)):
            value = lists.named(value)
            record = record._replace(value=value)
        if not is_record(value):
            return self._unfold(record)
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
        if canonical is None:
            found = [(child, apply_field_map(child, field_map)) for child in _held(record.value)]
            if any(mapped for _, mapped in found):
                records = [from_value(record.position, child)._replace(value=mapped or {}) for child, mapped in found]
        return [Interpreted(one.position, one.raw, self._columns(one) or self._unknown(one.value)) for one in records]

    def _unfold(self, record: RawRecord) -> list[Interpreted]:
        """The records inside the record, down to those that hold no others; each named by the outermost shape."""
        columns = self._columns(record)
        nested = None if columns else self._nested(record.value)
        if nested is None:
            return [Interpreted(record.position, record.raw, columns or self._unknown(record.value))]
        # records inside records have no bytes of their own in the file
        shape, children = nested
        if len(children) == 1 and isinstance(record.value, list):
            return self._unfold(record._replace(value=children[0]))
        rows = [row for child in children for row in self._unfold(from_value(record.position, child))]
        return [
            row if row.columns.get("reason") else row._replace(columns={**row.columns, "shape": shape}) for row in rows
        ]

    def _nested(self, value: Any) -> tuple[str, list[Any]] | None:
        """The records inside a value that means nothing by itself; None if there are none, or a single fault is known."""
        alone = is_record(value) and not is_table(value) and (_stands_alone(value) or why_unread(value) is not None)
        try:
            return None if alone else unfold(value)
        except RecordRejected:
            return None

    def _unknown(self, value: Any) -> Row:
        """Quarantined with the sentence that helps most, as `unknown_shape` unless a single fault is known."""
        reason = "unknown_shape"
        if isinstance(value, list):
            detail = list_seen(value)
        elif not is_record(value):
            detail = f"a {type(value).__name__} where a record with fields was expected"
        elif self._field_map:
            pairs = ", ".join(f"{role}={field}" for role, field in self._field_map.items())
            detail = f"the record has no prompt and response under the mapped fields {pairs}"
        elif self._kind == "instructions" and read_passage(value):
            detail = "a text without an instruction; --kind passages reads such a file as passages"
        else:
            reason, detail = why_unread(value) or fields_seen(value)
        return quarantined(reason, detail)


def _held(record: Record) -> list[Record]:
    """The records in the one list of records that a record has; none if it has no such list, or several."""
    found = [value for value in record.values() if isinstance(value, list) and value and all(map(is_record, value))]
    return found[0] if len(found) == 1 else []


def _stands_alone(record: Record) -> bool:
    """Whether the record is one for some table, if not for this one: what it holds is then no records of this table either."""
    return detect(record) is not None or ("title" in record and read_passage(record) is not None)


def _is_encodable(columns: Row) -> bool:
    try:
        json.dumps(columns, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
