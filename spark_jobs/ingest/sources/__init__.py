"""Sources: record shapes. From the names of a record's fields to the turns of a conversation, whatever file it came from.

    record     {"Question": "Why?", "Best Answer": "So.", "id": 7}
    -> fields  {"question": "Question", "bestanswer": "Best Answer", "id": "id"}    names folded, see fields.py
    -> shape   question_answer: the first of SHAPES whose `reader` takes these fields and gives turns for the record
    -> turns   [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}]

A shape is one module with `reader(fields) -> reader | None`. It decides once for each set of field names; the reader that it returns
runs for each record, so that only what depends on a record's values is decided again. The most specific shape comes first: a record
with more than one reading gets the one that keeps most of it (preference pairs carry a conversation, conversations may carry a
prompt field, Alpaca records may carry an answer field).

A shape that holds several records has `nested_records(record) -> records | None` instead. These are tried last, so that a record
with a stray list field stays one record. An envelope, which holds nothing but another record (`{"row": {...}}`), is read as the one
inside. What files are made of is not known here: that is the part of `spark_jobs.ingest.containers`.

Not read: pairs whose better side is named by a number or a winner column, classification columns without an instruction.
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
from spark_jobs.ingest.sources.fields import Fields, Record, folded, is_record
from spark_jobs.ingest.sources.passage import read_passage
from spark_jobs.ingest.sources.turns import Reader, Turn

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
        "message_tree": message_tree.nested_records,
        "taxonomy": taxonomy.nested_records,
        "reading": reading.nested_records,
        "instances": instances.nested_records,
        "wrapper": wrapper.nested_records,
    }
)

# exports of databases and of the hub put a record under one of these
_ENVELOPES = ("data", "row", "record", "item", "example", "sample", "instance", "fields", "json", "payload", "_source")
# in the order in which they are looked for
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
    """The name of the record's shape and its turns, or None if no shape fits.

    >>> detect({"Question": "Why?", "Best Answer": "So.", "id": 7})
    ('question_answer', [{'role': 'user', 'content': 'Why?'}, {'role': 'assistant', 'content': 'So.'}])
    """
    plan = _reading_plan(tuple(record))
    for shape, read in plan.readers:
        turns = read(record)
        if turns is not None:
            return shape, turns
    inner = _enveloped(record, plan)
    return None if inner is None else detect(inner)


def original_id(record: Record) -> str | None:
    """The id the source gave the record, or None."""
    plan = _reading_plan(tuple(record))
    own = None if plan.id is None else record[plan.id]
    # an id can be structured (MongoDB): as text it would mean nothing
    if isinstance(own, str | int):
        return str(own)
    inner = _enveloped(record, plan)
    return None if inner is None else original_id(inner)


class _ReadingPlan(NamedTuple):
    """What the names of a record's fields decide: the readers that may fit, the name of its id, names that may be envelopes."""

    readers: tuple[tuple[str, Reader], ...]
    id: str | None
    envelopes: tuple[str, ...]


@lru_cache(4096)
def _reading_plan(names: tuple[Any, ...]) -> _ReadingPlan:
    # cached: a file of a million records has a few sets of names
    fields = folded(names)
    readers = ((shape, reader(fields)) for shape, reader in SHAPES.items())
    return _ReadingPlan(
        tuple((shape, read) for shape, read in readers if read is not None),
        next((name for name in _IDS if name in names), None),
        tuple(name for name in _ENVELOPES if name in names),
    )


def _enveloped(record: Record, plan: _ReadingPlan) -> Record | None:
    """The one record inside a record, under a name that means no more than that."""
    inner = [value for name in plan.envelopes if is_record(value := record[name])]
    return inner[0] if len(inner) == 1 else None


def unfold(record: object) -> tuple[str, list[Any]] | None:
    """The name of a shape that holds several records, and these records; None if the record is a single one."""
    if not is_record(record):
        return None
    for shape, nested_records in NESTED.items():
        children = nested_records(record)
        # any list of records can look like a wrapper: it is one if what it holds means something
        if children and (shape != "wrapper" or _is_meaningful(children[0])):
            return shape, children
    return None


def _is_meaningful(record: Record) -> bool:
    return (detect(record) or read_passage(record) or unfold(record)) is not None
