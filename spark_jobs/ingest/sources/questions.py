"""Benchmark questions: MT-bench's {turns, reference} and function calling's {question: [[{role, content}]], function}.

Their answers are absent or kept elsewhere: what is known of them follows each question, the rest ends with a question.
"""

from typing import Any

from spark_jobs.ingest.sources.fields import TOOLS, Fields, Reader, first, value
from spark_jobs.ingest.sources.turns import Record, Turn, conversation, first_text

_REFERENCES = ("reference", "references", "referenceanswers", "answers")


def reader(fields: Fields) -> Reader | None:
    """Turns of records with these names, or None if they are no such questions."""
    asked = first(fields, ("turns", "question", "questions"))
    if asked is None:
        return None
    tools, references = first(fields, TOOLS), first(fields, _REFERENCES)

    def turns(record: Record) -> list[Turn] | None:
        held: Any = record[asked]
        if not isinstance(held, list) or not held:
            return None
        if all(isinstance(text, str) for text in held):
            return _answered(held, value(record, references))
        rounds = held if all(isinstance(part, list) for part in held) else [held]
        messages = [message for part in rounds for message in part]
        return conversation(messages, value(record, tools))

    return turns


def _answered(questions: list[str], references: Any) -> list[Turn]:
    answers = references if isinstance(references, list) and len(references) == len(questions) else []
    turns: list[Turn] = []
    for place, question in enumerate(questions):
        turns.append({"role": "user", "content": question})
        if answers and first_text(answers[place]):
            turns.append({"role": "assistant", "content": first_text(answers[place])})
    return turns
