"""Reading comprehension: texts with the questions asked about each (SQuAD), in whatever fields, one record a question."""

from typing import Any

from spark_jobs.ingest.sources.fields import CONTEXT, Record, find_name, folded, is_record
from spark_jobs.ingest.sources.texts import in_cell

_LISTS = ("qas", "qapairs", "questionsandanswers", "questionanswerpairs", "qalist", "qa", "questions")
_TEXTS = (*CONTEXT, "text", "content", "body")


def nested_records(record: Record) -> list[Any] | None:
    """The questions as {context, question, answers, ...} records; None if this is no paragraph or list of paragraphs."""
    # a record is an article of paragraphs or a single paragraph
    paragraphs = record.get("paragraphs", [record])
    if not isinstance(paragraphs, list) or not paragraphs:
        return None
    questions = [_questions(paragraph) for paragraph in paragraphs]
    return None if None in questions else [question for some in questions for question in some or []]


def _questions(paragraph: Any) -> list[Any] | None:
    """A paragraph's questions, each with the paragraph as its context; None if it is no such paragraph."""
    if not is_record(paragraph):
        return None
    fields = folded(paragraph)
    context, listed = find_name(fields, _TEXTS), find_name(fields, _LISTS)
    questions = None if listed is None else in_cell(paragraph[listed])
    if context is None or not isinstance(questions, list) or not any(map(is_record, questions)):
        return None
    shared = {"context": paragraph[context]}
    return [{**shared, **question} if is_record(question) else question for question in questions]
