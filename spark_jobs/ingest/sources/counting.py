"""Gold options given as numbers: whether a document counts them from 0 or from 1, as the records at its beginning show.

>>> asked = [{"question": "Which?", "options": ["oats", "rye"], "answer": place} for place in (1, 2)]
>>> counts_from(asked)
1
>>> numbered(asked[1], 1)["answer"]
'B.'
"""

from collections.abc import Iterable, Iterator
from typing import Any

from spark_jobs.ingest.sources import examination, several
from spark_jobs.ingest.sources.choices import GOLD, Options, has_options, options, whole_number
from spark_jobs.ingest.sources.fields import Record, answer_name, find_name, folded, is_record
from spark_jobs.ingest.sources.rejected import RecordRejected

# roles of a map of fields by which its owner says how a number names an option
COUNTED_ROLES = {"answer_index": 0, "answer_number": 1}
_DEPTH = 3  # of records within records


def counts_from(values: Iterable[Any]) -> int | None:
    """0 if a number below any place from 1 occurs, 1 if one above any place from 0 does; None if neither does, or both."""
    zero = one = False
    for record in _records(values, _DEPTH):
        found = _counted(record)
        if found is not None:
            zero |= found[1] == 0
            one |= found[1] == len(found[2])
    return int(one) if zero != one else None


def numbered(record: Record, start: int) -> Record:
    """The record with the option's label instead of its number; the record itself where it has no such number."""
    found = _counted(record)
    if found is None or not start <= found[1] < len(found[2]) + start:
        return record
    name, place, offered = found
    # with a mark, so that a label which is a number is not taken for a place
    return {**record, name: f"{offered[place - start][0]}."}


def _counted(record: Record) -> tuple[str, int, Options] | None:
    """The field of the gold option, its number, and the options, if the number is no label or text of an option."""
    fields = folded(record)
    try:
        if (found := several.judged(fields)) is not None:
            record = several.settled(record, found)
            fields = folded(record)
        offered = options(fields)(record) if has_options(fields) else []
    except RecordRejected:
        return None
    name = answer_name(fields) or find_name(fields, GOLD)
    value = None if name is None or not offered else whole_number(record[name])
    text = str(value).strip()
    if name is None or isinstance(value, bool) or not isinstance(value, int | str) or not text.isdecimal():
        return None
    return None if any(text in (label, words.strip()) for label, words in offered) else (name, int(text), offered)


def _records(values: Iterable[Any], depth: int) -> Iterator[Record]:
    for value in values:
        if is_record(value):
            yield value
            yield from examination.nested_records(value) or ()
        if depth and isinstance(value, list | dict):
            yield from _records(list(value.values() if isinstance(value, dict) else value), depth - 1)
