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
from spark_jobs.ingest.sources.choices import GOLD, whole_number
from spark_jobs.ingest.sources.fields import Record, answer_name, find_name, fold, folded, is_record
from spark_jobs.ingest.sources.options import Options, has_options, options, options_in
from spark_jobs.ingest.sources.rejected import RecordRejected
from spark_jobs.ingest.sources.texts import in_cell

# roles of a map of fields by which its owner says how a number names an option
COUNTED_ROLES = {"answer_index": 0, "answer_number": 1}
_DEPTH = 3  # of records within records


def counts_from(values: Iterable[Any]) -> int | None:
    """0 if a number below any place from 1 occurs, 1 if one above any place from 0 does; None if neither does, or both."""
    zero = one = places = beyond = False
    doubtful: list[tuple[str, int]] = []
    for record in _records(values, _DEPTH):
        found = _counted(record)
        if found is not None:
            names, number, offered = found
            zero |= number == 0
            one |= number == len(offered)
            if has_options(folded(record)) or not several.in_doubt(names[0], number, offered):
                places = True
            else:
                doubtful.append((fold(names[0]), number))
                beyond |= number > len(offered)
    places |= not beyond and _are_places(doubtful)
    return int(one) if places and zero != one else None


def _are_places(doubtful: list[tuple[str, int]]) -> bool:
    """Whether numbers that alone may be something else are places: they differ, as marks of a whole file do not, and keys do not occur twice."""
    different = set(doubtful)
    return len(different) > 1 and (len(different) < len(doubtful) or all(name == "correct" for name, _ in different))


def numbered(record: Record, start: int) -> Record:
    """The record with the option's label instead of its number; the record itself where it has no such number."""
    found = _counted(record)
    if found is None or not start <= found[1] < len(found[2]) + start:
        return record
    names, place, offered = found
    # with a mark, so that a label which is a number is not taken for a place
    label = f"{offered[place - start][0]}."
    return {**record, **{name: label for name in names if _place(record[name]) == place}}


def _counted(record: Record) -> tuple[tuple[str, ...], int, Options] | None:
    """The fields of the gold option, its number, and the options, if the number is no label or text of an option."""
    fields = folded(record)
    found = several.judged(fields)
    if found is not None and found.places and isinstance(in_cell(record[str(found.answers)]), list):
        names, offered = found.places, options_in(record[str(found.answers)])
    else:
        try:
            if found is not None:
                record = several.as_options(record, found) or several.settled(record, found)
                fields = folded(record)
        except RecordRejected:
            return None
        name = answer_name(fields) or find_name(fields, GOLD)
        names, offered = (name,) if name else (), options(fields)(record) if has_options(fields) else []
    number = _place(record[names[0]]) if names and offered else None
    if number is None or any(str(number) in (label, words.strip()) for label, words in offered):
        return None
    return names, number, offered


def _place(value: Any) -> int | None:
    """A value as the number of a place; None where it is none."""
    value = whole_number(value)
    text = str(value).strip()
    return int(text) if isinstance(value, int | str) and not isinstance(value, bool) and text.isdecimal() else None


def _records(values: Iterable[Any], depth: int) -> Iterator[Record]:
    for value in values:
        if is_record(value):
            yield value
            yield from examination.nested_records(value) or ()
        if depth and isinstance(value, list | dict):
            yield from _records(list(value.values() if isinstance(value, dict) else value), depth - 1)
