"""Wrappers: an object without an id that holds one list of records and nothing else of their kind (`{"version": 1, "rows": [...]}`)."""

from typing import Any

from spark_jobs.ingest.sources.turns import Record, is_record


def units(record: Record) -> list[Any] | None:
    """The records in the list, or None if this is no wrapper; whether they are instructions is for the caller to see."""
    listed = [held for held in record.values() if isinstance(held, list) and held and all(map(is_record, held))]
    return listed[0] if len(listed) == 1 and "id" not in record else None
