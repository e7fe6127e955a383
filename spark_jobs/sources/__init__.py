"""Raw record shapes, detected for each record: what one looks like and how it becomes turns.

Precedence: the most specific shape first, so that a record with more than one reading gets the one that keeps most of it
(preference pairs carry a conversation, conversations may carry a prompt field, Alpaca records may carry an answer field).
A shape is one module with `turns(record) -> turns | None`; one that holds several records has `units(record) -> records | None`
and is asked last, so that a record with a stray list field stays one record.

Not here yet: flat message tables that have to be joined to trees, reading comprehension with nested paragraphs, field maps
given by the user.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from spark_jobs.sources import (
    alpaca,
    dolly,
    instances,
    message_tree,
    openai_messages,
    preference,
    prompt_completion,
    question_answer,
    sharegpt,
    taxonomy,
)
from spark_jobs.sources.turns import Record, Turn, is_record

SHAPES: Mapping[str, Callable[[Record], list[Turn] | None]] = MappingProxyType(
    {
        "preference": preference.turns,
        "openai_messages": openai_messages.turns,
        "sharegpt": sharegpt.turns,
        "alpaca": alpaca.turns,
        "dolly": dolly.turns,
        "prompt_completion": prompt_completion.turns,
        "question_answer": question_answer.turns,
    }
)

NESTED: Mapping[str, Callable[[Record], list[Any] | None]] = MappingProxyType(
    {
        "message_tree": message_tree.units,
        "taxonomy": taxonomy.units,
        "instances": instances.units,
    }
)

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
    for shape, turns in SHAPES.items():
        found = turns(record)
        if found is not None:
            return shape, found
    return None


def unfold(record: object) -> tuple[str, list[Any]] | None:
    """The name of a shape that holds several records, and these records; None if the record is a single one."""
    if not is_record(record):
        return None
    for shape, units in NESTED.items():
        found = units(record)
        if found:
            return shape, found
    return None


def original_id(record: Record) -> str | None:
    """The id the source gave the record, or None."""
    found = next((record[name] for name in _IDS if isinstance(record.get(name), str | int)), None)
    return None if found is None else str(found)
