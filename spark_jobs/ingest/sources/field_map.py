"""Fields named by the user (`--map prompt=q,response=a`): a record under the names that everything else here knows."""

from collections.abc import Mapping
from typing import Any

from spark_jobs.ingest.sources.fields import Record, is_record

# None is a value that a field can have
_ABSENT = object()


def apply_field_map(record: Record, names: Mapping[str, str]) -> Record | None:
    """The record with its mapped fields alone, by role; None if it has none of them.

    names: role -> field; a dotted field is a path into nested records and lists, unless the record has a field of that very name.

    >>> apply_field_map({"q": {"text": "Hi"}, "n": 1}, {"prompt": "q.text"})
    {'prompt': 'Hi'}
    """
    values = {role: _at(record, path) for role, path in names.items()}
    return {role: value for role, value in values.items() if value is not _ABSENT} or None


def _at(record: Record, path: str) -> Any:
    # names with dots exist: as a whole the name counts more than as a path
    if path in record:
        return record[path]
    value: Any = record
    for name in path.split("."):
        if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        elif is_record(value) and name in value:
            value = value[name]
        else:
            return _ABSENT
    return value
