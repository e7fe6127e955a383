"""Articles with several questions in parallel lists: {article, questions, options, answers} (RACE), one record a question."""

from typing import Any, TypeGuard

from spark_jobs.ingest.sources.fields import CONTEXT, Record, find_name, folded, is_record
from spark_jobs.ingest.sources.options import options_in
from spark_jobs.ingest.sources.texts import in_cell

_QUESTIONS = ("questions", "question", "qs")
_ANSWERS = ("answers", "answer", "labels", "label", "golds", "answerkeys", "correctanswers")
_TEXTS = ("text", "input_text")
_OPTIONS = ("options", "choices", "candidates", "answerchoices", "endings")


def nested_records(record: Record) -> list[Any] | None:
    """The questions as {context, question, options, answer} records, numbered behind the record's id; None if this is no such article."""
    fields = folded(record)
    named = [find_name(fields, names) for names in (_QUESTIONS, _ANSWERS, _OPTIONS)]
    questions, answers, offered = (None if name is None else _listed(record[name]) for name in named)
    context = find_name(fields, CONTEXT)
    if not _are_texts(questions) or not isinstance(answers, list) or len(answers) != len(questions):
        return None
    if context is None and offered is None:
        return None
    each = _each(offered, len(questions))
    shared = {name: record[name] for name in ("id", context) if name is not None and name in record}
    rows = zip(questions, answers, each, strict=True)
    return [
        {**shared, "question": question, **({} if own is None else {"options": own}), "answer": answer}
        for question, answer, own in rows
    ]


def _listed(value: Any) -> Any:
    """What a field holds; of objects of a text each, or an object that lists them (CoQA), the texts."""
    value = in_cell(value)
    if is_record(value):
        return next((value[name] for name in _TEXTS if isinstance(value.get(name), list)), value)
    return [_text(one) for one in value] if isinstance(value, list) else value


def _text(value: Any) -> Any:
    return next((value[name] for name in _TEXTS if name in value), value) if is_record(value) else value


def _are_texts(value: Any) -> TypeGuard[list[str]]:
    return isinstance(value, list) and len(value) > 0 and all(isinstance(text, str) for text in value)


def _each(offered: Any, count: int) -> list[Any]:
    """The options of each question; none where they are not one list a question."""
    whole = isinstance(offered, list) and len(offered) == count and all(options_in(own) for own in offered)
    return offered if whole else [None] * count
