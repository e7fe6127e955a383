"""Fields named by the user (`--map prompt=q,response=a`): a record under the names that everything else here knows."""

from collections.abc import Mapping
from typing import Any

from spark_jobs.ingest.sources.turns import Record, is_record

_ABSENT = object()


def mapped(record: Record, names: Mapping[str, str]) -> Record | None:
    """The record with its mapped fields alone, by role; None if it has none of them.

    names: role -> field; a dotted field is a path into nested records, unless the record has a field of that very name.
    """
    found = {role: _at(record, path) for role, path in names.items()}
    return {role: held for role, held in found.items() if held is not _ABSENT} or None


def _at(record: Record, path: str) -> Any:
    if path in record:
        return record[path]
    held: Any = record
    for name in path.split("."):
        if isinstance(held, list) and name.isdecimal() and int(name) < len(held):
            held = held[int(name)]
        elif is_record(held) and name in held:
            held = held[name]
        else:
            return _ABSENT
    return held
