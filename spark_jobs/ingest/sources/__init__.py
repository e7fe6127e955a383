"""Raw record shapes, detected for each record: what one looks like and how it becomes turns.

Precedence: the most specific shape first, so that a record with more than one reading gets the one that keeps most of it
(preference pairs carry a conversation, conversations may carry a prompt field, Alpaca records may carry an answer field).
A shape is one module with `reader(fields) -> reader | None`: asked once for each set of field names, run for each record, so
that only what depends on a record's values is decided again. A shape that holds several records has
`units(record) -> records | None` and is asked last, so that a record with a stray list field stays one record.
A record that is only the wrapping of another (`{"row": {...}}`) is read as the one inside.

Not here: pairs whose better side is named by a number or a winner column, classification columns without an instruction.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from spark_jobs.ingest.sources import (
    alpaca,
    dialogue,
    dolly,
    instances,
    message_tree,
    openai_messages,
    preference,
    prompt_completion,
    question_answer,
    questions,
    reading,
    sharegpt,
    taxonomy,
    transcript,
    wrapper,
)
from spark_jobs.ingest.sources.fields import Fields, Reader, folded
from spark_jobs.ingest.sources.passage import passage
from spark_jobs.ingest.sources.turns import Record, Turn, is_record

SHAPES: Mapping[str, Callable[[Fields], Reader | None]] = MappingProxyType(
    {
        "preference": preference.reader,
        "openai_messages": openai_messages.reader,
        "sharegpt": sharegpt.reader,
        "alpaca": alpaca.reader,
        "dolly": dolly.reader,
        "prompt_completion": prompt_completion.reader,
        "question_answer": question_answer.reader,
        "dialogue": dialogue.reader,
        "questions": questions.reader,
        "transcript": transcript.reader,
    }
)

NESTED: Mapping[str, Callable[[Record], list[Any] | None]] = MappingProxyType(
    {
        "message_tree": message_tree.units,
        "taxonomy": taxonomy.units,
        "reading": reading.units,
        "instances": instances.units,
        "wrapper": wrapper.units,
    }
)

_WRAPPINGS = ("data", "row", "record", "item", "example", "sample", "instance", "fields", "json", "payload", "_source")
_IDS = (
    "id",
    "_id",
    "uid",
    "uuid",
    "original_id",
    "message_id",
    "question_id",
    "prompt_id",
    "conversation_id",
    "dialogue_id",
)


def detect(record: Record) -> tuple[str, list[Turn]] | None:
    """The name of the record's shape and its turns, or None if no shape fits."""
    named = _named(tuple(record))
    for shape, read in named.readers:
        found = read(record)
        if found is not None:
            return shape, found
    inner = _wrapped(record, named)
    return None if inner is None else detect(inner)


def original_id(record: Record) -> str | None:
    """The id the source gave the record, or None."""
    named = _named(tuple(record))
    found = None if named.id is None else record[named.id]
    if isinstance(found, str | int):
        return str(found)
    inner = _wrapped(record, named)
    return None if inner is None else original_id(inner)


class _Named(NamedTuple):
    """What the names of a record's fields decide: the readers that may fit, the name of its id, names that may wrap another record."""

    readers: tuple[tuple[str, Reader], ...]
    id: str | None
    wrappings: tuple[str, ...]


@lru_cache(4096)
def _named(names: tuple[Any, ...]) -> _Named:
    fields = folded(names)
    readers = ((shape, reader(fields)) for shape, reader in SHAPES.items())
    return _Named(
        tuple((shape, read) for shape, read in readers if read is not None),
        next((name for name in _IDS if name in names), None),
        tuple(name for name in _WRAPPINGS if name in names),
    )


def _wrapped(record: Record, named: _Named) -> Record | None:
    """The one record inside a record, under a name that means no more than that."""
    inner = [held for name in named.wrappings if is_record(held := record[name])]
    return inner[0] if len(inner) == 1 else None


def unfold(record: object) -> tuple[str, list[Any]] | None:
    """The name of a shape that holds several records, and these records; None if the record is a single one."""
    if not is_record(record):
        return None
    for shape, units in NESTED.items():
        found = units(record)
        # any list of records can look like a wrapper: it is one if what it holds means something
        if found and (shape != "wrapper" or _means_something(found[0])):
            return shape, found
    return None


def _means_something(unit: Record) -> bool:
    return (detect(unit) or passage(unit) or unfold(unit)) is not None
