"""Envelopes: an object that holds nothing but another record (`{"row": {...}}`), also as JSON in a cell."""

from spark_jobs.ingest.sources.fields import Fields, Record, is_record
from spark_jobs.ingest.sources.texts import in_cell

# exports of databases and of the hub put a record under one of these
_NAMES = ("data", "row", "record", "item", "example", "sample", "instance", "fields", "json", "payload", "source", "entry", "doc", "text")  # fmt: skip


def names(fields: Fields) -> tuple[str, ...]:
    """The record's names that may hold another record and mean no more than that; the only one it has, if it has only one."""
    known = tuple(fields[name] for name in _NAMES if name in fields)
    return known or (tuple(fields.values()) if len(fields) == 1 else ())


def opened(record: Record, envelopes: tuple[str, ...]) -> Record | None:
    """The one record inside, or None."""
    inner = [value for name in envelopes if is_record(value := in_cell(record[name]))]
    return inner[0] if len(inner) == 1 else None
