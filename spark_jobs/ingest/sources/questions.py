"""Benchmark questions: MT-bench's {turns, reference} and function calling's {question: [[{role, content}]], function}.

Their answers are absent or kept elsewhere: what is known of them follows each question, the rest ends with a question.
"""

from typing import Any

from spark_jobs.ingest.sources import examination
from spark_jobs.ingest.sources.fields import CONTEXT, TOOLS, Fields, Record, field_value, find_name
from spark_jobs.ingest.sources.messages import Turn, turns_of_messages
from spark_jobs.ingest.sources.options import has_options
from spark_jobs.ingest.sources.texts import first_text
from spark_jobs.ingest.sources.turns import Reader

_REFERENCES = ("reference", "references", "referenceanswers", "answers")


def reader(fields: Fields) -> Reader | None:
    """Turns of records with these names, or None if they are no such questions."""
    name = find_name(fields, ("turns", "question", "questions"))
    if name is None:
        return None
    # each of several questions about one text, or with options of its own, is a record: see `examination`
    shared = has_options(fields) or find_name(fields, CONTEXT) is not None
    tools, references = find_name(fields, TOOLS), find_name(fields, _REFERENCES)

    def read(record: Record) -> list[Turn] | None:
        questions: Any = record[name]
        if not isinstance(questions, list) or not questions:
            return None
        if all(isinstance(text, str) for text in questions):
            if shared and (isinstance(field_value(record, references), list) or examination.nested_records(record)):
                return None
            return _with_references(questions, field_value(record, references))
        # function calling nests messages in rounds; one round may come without its brackets
        rounds = questions if all(isinstance(part, list) for part in questions) else [questions]
        messages = [message for part in rounds for message in part]
        return turns_of_messages(messages, field_value(record, tools))

    return read


def _with_references(questions: list[str], references: Any) -> list[Turn]:
    # one answer for each question, or it is not known which question it answers
    answers = references if isinstance(references, list) and len(references) == len(questions) else []
    turns: list[Turn] = []
    for place, question in enumerate(questions):
        turns.append({"role": "user", "content": question})
        if answers and first_text(answers[place]):
            turns.append({"role": "assistant", "content": first_text(answers[place])})
    return turns
