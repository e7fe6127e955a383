"""Question and answer columns: a context if there is one, choices if there are some, and the best answer where several are given."""

from typing import Any

from spark_jobs.ingest.sources.choices import (
    GOLD,
    answer_text,
    check_agreed,
    check_named,
    check_no_class,
    marked_option,
    names_agreeing,
)
from spark_jobs.ingest.sources.fields import (
    SYSTEM,
    Fields,
    Record,
    answer_name,
    field_value,
    find_name,
    fold,
    folded,
    names_beside,
)
from spark_jobs.ingest.sources.messages import Turn
from spark_jobs.ingest.sources.options import (
    has_options,
    label_of_id,
    options,
    options_in,
    options_name,
    options_text,
)
from spark_jobs.ingest.sources.texts import as_text, beside_text, in_cell
from spark_jobs.ingest.sources.turns import Reader, turns_of_exchange, with_system

_QUESTIONS = (
    "question", "squestion", "questiontext", "questionstem", "querytext", "problem", "problemstatement", "puzzle", "riddle",
    "stem", "goal", "ctx", "q", "prompt", "query", "originaltext", "questiontitle",
    "frage", "pregunta", "pergunta", "domanda", "вопрос", "问题", "質問", "질문",
)  # fmt: skip


# a thread of a forum: a title, and what is asked below it
_THREADS = (("title", "body"), ("title", "selftext"), ("title", "content"), ("title", "text"))
_ANSWERS = ("answers", "acceptedanswer", "bestanswer")
# a question only where there are options
_WITH_OPTIONS = ("sentence", "text", "input")


def reader(fields: Fields) -> Reader | None:
    """Turns of records with a question and an answer, or None if they have not both."""
    question, answer = find_name(fields, _QUESTIONS), answer_name(fields)
    if answer is None and has_options(fields):
        answer = find_name(fields, GOLD)
    offering = options_name(fields)
    if question is None and (thread := _thread(fields)):
        return _threaded(*thread)
    if question is None and has_options(fields):
        question = find_name(fields, _WITH_OPTIONS)
    if question is not None and answer is None and offering is not None:
        return _marked(fields, question, offering)
    if question is None or answer is None:
        return None
    # tables hold lists of answers as JSON; an answer that is JSON is another thing
    several = fold(answer).endswith("s")
    # `input` is a question and a context by name: it is not said twice
    beside, system = names_beside(fields, question, answer), find_name(fields, SYSTEM)
    choices, agreeing = options(fields), names_agreeing(fields, answer)
    # sets with `choices` are written for programs that count from 0 (MMLU)
    customary = "choices" in fields

    def read(record: Record) -> list[Turn] | None:
        stem: Any = record[question]
        # a list of questions is the shape `questions`, with rounds or without answers
        if isinstance(stem, list):
            return None
        offered = choices(record)
        if isinstance(stem, dict):  # ARC's first form: the choices lie beside the stem
            inner = folded(stem)
            offered = options(inner)(stem) or offered
            named = find_name(inner, ("stem", "text", "question", "fulltext"))
            stem = stem[named] if named else stem
        given = in_cell(record[answer]) if several else record[answer]
        given = given if offering is None else label_of_id(record[offering], given)
        # options that cannot be told apart are part of the question as they stand
        plain = "" if offered or offering is None or not isinstance(record[offering], str) else record[offering]
        parts = [as_text(stem), plain or options_text(offered)]
        prompt = "\n".join(part for part in parts if part)
        if not offered:
            check_no_class(answer, given)
            check_named(plain, given)
        elif agreeing:
            check_agreed(offered, given, {name: record[name] for name in agreeing})
        return with_system(
            field_value(record, system),
            turns_of_exchange(
                prompt, beside_text(record, beside, stem), answer_text(offered, given, answer, customary)
            ),
        )

    return read


def _thread(fields: Fields) -> tuple[str, str, str] | None:
    """The record's names for the title of a thread, for what is asked below it, and for its answers; None if it is none."""
    answers = find_name(fields, _ANSWERS)
    pair = next(((fields[one], fields[other]) for one, other in _THREADS if one in fields and other in fields), None)
    return (*pair, answers) if pair and answers else None


def _threaded(title: str, body: str, answers: str) -> Reader:
    def read(record: Record) -> list[Turn] | None:
        # texts with a title beside a plain answer are contexts: a thread has a list of answers, or a title that asks
        asks = str(record[title]).rstrip().endswith(("?", "？", "؟"))
        given = in_cell(record[answers])
        return turns_of_exchange(record[title], record[body], given) if asks or isinstance(given, list | dict) else None

    return read


def _marked(fields: Fields, question: str, offering: str) -> Reader:
    """Reads records whose options say themselves which is right."""
    beside, system = names_beside(fields, question), find_name(fields, SYSTEM)

    def read(record: Record) -> list[Turn] | None:
        right = marked_option(record[offering])
        if right is None or not isinstance(record[question], str):
            return None
        prompt = f"{record[question]}\n{options_text(options_in(record[offering]))}"
        turns = turns_of_exchange(prompt, beside_text(record, beside, record[question]), right)
        return with_system(field_value(record, system), turns)

    return read
