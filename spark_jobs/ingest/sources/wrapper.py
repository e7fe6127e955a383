"""Wrappers: an object that only holds records: lists of them under any name, splits, objects by their id, one within another."""

import re
from collections.abc import Callable
from typing import Any

from spark_jobs.ingest.sources import columns
from spark_jobs.ingest.sources.fields import Record, fold, is_record
from spark_jobs.ingest.sources.texts import in_cell

IsMeaningful = Callable[[Any], bool]
_BAD = re.compile(
    r"(?:(?:hard)?negatives?|wrong|incorrect|bad|rejected|invalid)"
    r"(?:examples|instances|answers|samples|data|ones|pairs|questions|responses|completions|outputs|passages|ctxs|contexts|qa(?:pairs)?"
    r"|rows|records|entries|items)?"
)


def nested_records(record: Record, is_meaningful: IsMeaningful) -> list[Any] | None:
    """The records inside, or None if this is no wrapper.

    is_meaningful: whether something read alone would be a record, or hold some; any list of objects can look like a wrapper.
    """
    # an id makes it a record of its own, whatever lists it has
    named = [] if "id" in record else [(name, in_cell(value)) for name, value in record.items()]
    lists = [value for name, value in named if _is_list_of_records(value) and not _is_bad(name)]
    held = [value for value in lists if is_meaningful(value[0])]
    if held:
        return [*(child for value in held for child in value), *wrong_lists(record)]
    # beside anything else, two conversations may be the two sides of a choice
    if len(lists) == len(record) > 1 and all(map(is_meaningful, lists)):
        return lists
    return _asked(record) or _by_id(record, is_meaningful) or _inside(record, is_meaningful)


def wrong_lists(record: Record) -> list[Record]:
    """The lists of records that their name calls wrong, each as a record of its own, so that a row tells of it."""
    return [{name: value} for name, value in record.items() if _is_bad(name) and _is_list_of_records(in_cell(value))]


def _is_bad(name: Any) -> bool:
    return _BAD.fullmatch(fold(str(name))) is not None


def _is_list_of_records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and (all(map(is_record, value)) or _is_list_of_talks(value))


def _is_list_of_talks(value: list[Any]) -> bool:
    return all(isinstance(one, list) and one and all(map(is_record, one)) for one in value)


def _asked(record: Record) -> list[Any] | None:
    """The pairs of an object that holds each answer under its question."""
    pairs = [(str(name).strip(), value) for name, value in record.items()]
    if len(pairs) < 2 or not all(name.endswith(("?", "？", "؟")) and isinstance(value, str) for name, value in pairs):
        return None
    return [{"question": name, "answer": value} for name, value in pairs]


def _by_id(record: Record, is_meaningful: IsMeaningful) -> list[Any] | None:
    """The objects that a record holds under their ids, each with its id if it has none of its own."""
    objects = {name: value for name, value in record.items() if is_record(value)}
    # a few words about the whole may stand beside them
    if len(objects) < 2 or any(isinstance(value, list) for value in record.values()):
        return None
    meaningful = [is_meaningful(value) for value in objects.values()]
    if sum(meaningful) * 2 <= len(objects) or (len(objects) < len(record) and not all(meaningful)):
        return None
    return [_named(str(name), value, is_meaningful) for name, value in objects.items()]


def _named(name: str, value: Record, is_meaningful: IsMeaningful) -> Record:
    """The object with its id; without one where it is a table by columns, of which no row has that id."""
    table = columns.rows(value)
    if "id" in value or (table and is_meaningful(table[0])):
        return value
    return {"id": name, **value}


def _inside(record: Record, is_meaningful: IsMeaningful) -> list[Any] | None:
    """The one object in a record that holds records; what stands beside it is about the whole."""
    inner = [value for value in record.values() if is_record(value) and is_meaningful(value)]
    return inner if len(inner) == 1 else None
