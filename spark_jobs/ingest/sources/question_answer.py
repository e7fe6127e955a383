"""Question and answer columns: a context if there is one, choices if there are some, and the best answer where several are given."""

from typing import Any

from spark_jobs.ingest.sources.choices import answer_text, options, options_text
from spark_jobs.ingest.sources.fields import (
    CONTEXT,
    SYSTEM,
    Fields,
    Record,
    answer_name,
    field_value,
    find_name,
    folded,
)
from spark_jobs.ingest.sources.turns import Reader, Turn, as_text, turns_of_exchange, with_system

_QUESTIONS = (
    "question", "squestion", "questiontext", "questionstem", "querytext", "problem", "problemstatement", "puzzle", "riddle",
    "stem", "goal", "ctx", "q", "prompt", "query", "originaltext",
)  # fmt: skip


def reader(fields: Fields) -> Reader | None:
    """Turns of records with a question and an answer, or None if they have not both."""
    question, answer = find_name(fields, _QUESTIONS), answer_name(fields)
    if question is None or answer is None:
        return None
    context, system = find_name(fields, CONTEXT), find_name(fields, SYSTEM)
    choices = options(fields)

    def read(record: Record) -> list[Turn] | None:
        stem: Any = record[question]
        # a list of questions is the shape `questions`, with rounds or without answers
        if isinstance(stem, list):
            return None
        offered = choices(record)
        if isinstance(stem, dict):  # ARC's first form: the choices lie beside the stem
            inner = folded(stem)
            offered = options(inner)(stem) or offered
            stem = field_value(stem, find_name(inner, ("stem", "text", "question", "fulltext")))
        parts = [as_text(stem), options_text(offered)]
        prompt = "\n".join(part for part in parts if part)
        return with_system(
            field_value(record, system),
            turns_of_exchange(prompt, field_value(record, context), answer_text(offered, record[answer])),
        )

    return read
