"""Question and answer columns: a context if there is one, choices if there are some, and the best answer where several are given."""

from typing import Any

from spark_jobs.ingest.sources.choices import chosen, listed, options
from spark_jobs.ingest.sources.fields import CONTEXT, SYSTEM, Fields, Reader, answer_name, first, folded, value
from spark_jobs.ingest.sources.turns import Record, Turn, as_text, opened, single

_QUESTIONS = (
    "question", "squestion", "questiontext", "questionstem", "querytext", "problem", "problemstatement", "puzzle", "riddle",
    "stem", "goal", "ctx", "q", "prompt", "query", "originaltext",
)  # fmt: skip


def reader(fields: Fields) -> Reader | None:
    """Turns of records with a question and an answer, or None if they have not both."""
    question, answer = first(fields, _QUESTIONS), answer_name(fields)
    if question is None or answer is None:
        return None
    context, system = first(fields, CONTEXT), first(fields, SYSTEM)
    choices = options(fields)

    def turns(record: Record) -> list[Turn] | None:
        asked: Any = record[question]
        if isinstance(asked, list):
            return None
        offered = choices(record)
        if isinstance(asked, dict):  # ARC's first form: the choices lie beside the stem
            inner = folded(asked)
            offered = options(inner)(asked) or offered
            asked = value(asked, first(inner, ("stem", "text", "question", "fulltext")))
        parts = [as_text(asked), listed(offered)]
        prompt = "\n".join(part for part in parts if part)
        return opened(value(record, system), single(prompt, value(record, context), chosen(offered, record[answer])))

    return turns
