"""Wrappers: an object without an id that holds one list of records and nothing else of their kind (`{"version": 1, "rows": [...]}`)."""

from typing import Any

from spark_jobs.ingest.sources.fields import Record, is_record


def nested_records(record: Record) -> list[Any] | None:
    """The records in the list, or None if this is no wrapper; whether they are instructions is for the caller to see."""
    lists = [value for value in record.values() if isinstance(value, list) and value and all(map(is_record, value))]
    # an id makes it a record of its own; of two lists neither is the content
    return lists[0] if len(lists) == 1 and "id" not in record else None
