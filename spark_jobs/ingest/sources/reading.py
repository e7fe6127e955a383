"""Reading comprehension: paragraphs with the questions asked about them (SQuAD), one record a question."""

from typing import Any

from spark_jobs.ingest.sources.fields import Record, is_record

_LISTS = ("qas", "questions", "qa_pairs", "questions_and_answers")


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
    if not is_record(paragraph) or "context" not in paragraph:
        return None
    questions = next((paragraph[name] for name in _LISTS if isinstance(paragraph.get(name), list)), None)
    if questions is None:
        return None
    context = {"context": paragraph["context"]}
    return [{**context, **question} if is_record(question) else question for question in questions]
