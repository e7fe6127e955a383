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

Marks beside the text come before any shape (`marks.py`): a record whose owner calls its answer bad is rejected, with the reason.

Not read: pairs whose better side is named by scores or by a mark of each side, classification columns without an instruction.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from spark_jobs.ingest.sources import (
    alpaca,
    before,
    columns,
    dialogue,
    dolly,
    envelope,
    examination,
    instances,
    lists,
    marks,
    message_tree,
    openai_messages,
    preference,
    prompt_completion,
    question_answer,
    questions,
    reading,
    several,
    sharegpt,
    sides,
    taxonomy,
    transcript,
    wrapper,
)
from spark_jobs.ingest.sources.fields import Fields, Record, folded, is_record
from spark_jobs.ingest.sources.messages import Turn
from spark_jobs.ingest.sources.passage import read_passage
from spark_jobs.ingest.sources.rejected import RecordRejected
from spark_jobs.ingest.sources.turns import Reader

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
        "sides": sides.reader,
        "transcript": transcript.reader,
    }
)

NESTED: Mapping[str, Callable[[Record], list[Any] | None]] = MappingProxyType(
    {
        "columns": lambda record: _meaningful(columns.rows(record)),
        "message_tree": message_tree.nested_records,
        "taxonomy": taxonomy.nested_records,
        "examination": examination.nested_records,
        "reading": reading.nested_records,
        "instances": instances.nested_records,
        "wrapper": lambda record: wrapper.nested_records(record, _is_meaningful),
    }
)

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


def recognise(record: Record, marked: bool = True) -> tuple[str, list[Turn]] | None:
    """The name of the record's shape and its turns, or None if no shape fits.

    Raises RecordRejected where one fits and is not to be read; what marks beside the text say of it counts only if `marked`.
    """
    judged = _reading_plan(tuple(record)).judged
    record = several.settled(record, judged) if judged else record
    plan = _reading_plan(tuple(record))
    if marked and plan.marks:
        marks.check(record, plan.marks)
    for shape, read in plan.readers:
        turns = read(record)
        if turns is not None:
            marks.check_shown(turns)
            turns = before.led_by(record, plan.leading, turns, shape)
            return shape, turns if plan.reasoning is None else marks.with_reasoning(turns, record[plan.reasoning])
    inner = _enveloped(record, plan)
    return None if inner is None else recognise(inner, marked)


def detect(record: Record) -> tuple[str, list[Turn]] | None:
    """The name of the record's shape and its turns, or None if no shape fits or the record is rejected.

    >>> detect({"Question": "Why?", "Best Answer": "So.", "id": 7})
    ('question_answer', [{'role': 'user', 'content': 'Why?'}, {'role': 'assistant', 'content': 'So.'}])
    """
    try:
        return recognise(record)
    except RecordRejected:
        return None


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
    """What the names of a record's fields decide: the readers that may fit, the name of its id, names that may be envelopes.

    marks: names of what may forbid to read the record. reasoning: the name of what was thought before the answer.
    judged: what may say which of several answers counts. leading: what may come before an exchange.
    """

    readers: tuple[tuple[str, Reader], ...]
    id: str | None
    envelopes: tuple[str, ...]
    marks: tuple[marks.Check, ...]
    reasoning: str | None
    judged: several.Judged | None
    leading: before.Leading | None


@lru_cache(4096)
def _reading_plan(names: tuple[Any, ...]) -> _ReadingPlan:
    # cached: a file of a million records has a few sets of names
    fields = folded(names)
    readers = ((shape, reader(fields)) for shape, reader in SHAPES.items())
    return _ReadingPlan(
        tuple((shape, read) for shape, read in readers if read is not None),
        next((name for name in _IDS if name in names), None),
        envelope.names(fields),
        marks.checks(fields),
        marks.reasoning_name(fields),
        several.judged(fields),
        before.leading(fields),
    )


def _enveloped(record: Record, plan: _ReadingPlan) -> Record | None:
    return envelope.opened(record, plan.envelopes) if plan.envelopes else None


def unfold(record: object) -> tuple[str, list[Any]] | None:
    """The name of a shape that holds several records, and these records; None if the record is a single one."""
    if isinstance(record, list):
        children = lists.records(record, _is_meaningful)
        return ("wrapper", children) if children else None
    if not is_record(record):
        return None
    for shape, nested_records in NESTED.items():
        children = nested_records(record)
        if children:
            return shape, children
    return None


def is_table(record: Record) -> bool:
    """Whether a record that a shape may fit as well is rather a table by columns."""
    first = next(iter(record.values()), None)
    return isinstance(first, list | dict) and bool(_meaningful(columns.rows(record)))


def _meaningful(children: list[Any] | None) -> list[Any] | None:
    return children if children and _is_meaningful(children[0]) else None


def _is_meaningful(value: Any) -> bool:
    if isinstance(value, list):
        return unfold(value) is not None
    return is_record(value) and (
        rejects_itself(value) or (detect(value) or read_passage(value) or unfold(value)) is not None
    )


def rejects_itself(record: Record) -> bool:
    """Whether the record is one that is rejected for what it says of itself."""
    try:
        recognise(record)
    except RecordRejected:
        return True
    return False
