"""One text in, one text out: {prompt, completion}, FLAN's {inputs, targets}, and the other names in use for the two."""

import re
from typing import Any

from spark_jobs.ingest.sources.choices import check_no_class
from spark_jobs.ingest.sources.fields import (
    CONTEXT,
    SYSTEM,
    Fields,
    Record,
    answer_name,
    field_value,
    find_name,
    names_beside,
)
from spark_jobs.ingest.sources.messages import Turn
from spark_jobs.ingest.sources.options import has_options
from spark_jobs.ingest.sources.texts import beside_text
from spark_jobs.ingest.sources.turns import Reader, turns_of_exchange, with_system

_PROMPTS = (
    "inputspretokenized", "instruction", "instructions", "prompt", "prompts", "userprompt", "prompttext", "inputs", "query", "request", "command",
    "usermessage", "userinput", "userquery", "inputtext",
    "指令",
)  # fmt: skip
_DEFINITIONS = ("definition", "taskdefinition")
# a prompt only where no question is: beside one they are its context, its author or its kind
_WEAK = ("input", "human", "user", "task")
# names that mean an answer only beside one certain prompt: elsewhere they are something else (`source` is often a corpus)
_PAIRS = (
    ("source", "target"),
    ("context", "response"),
    ("src", "tgt"),
    ("inputtext", "targettext"),
    ("inputtext", "outputtext"),
    ("message", "response"),
    ("message", "reply"),
)
_PROGRAMS = (("prompt", "code"), ("instruction", "code"), ("text", "code"))
# a task for a program: elsewhere a code beside a text is a number of its own
_TESTED = ("testlist", "unittests")
_OF_PROGRAMS = ("tests", "test", "language", "lang", "programminglanguage")
_NUMBER_OF_ITS_OWN = re.compile(r"[\w.-]*")


def reader(fields: Fields) -> Reader | None:
    """Turns of records with one of these pairs of names, or None if they have none."""
    prompt, completion = _pair(fields)
    if prompt is None or completion is None:
        return _program(fields)
    # `input` is a prompt and a context by name: it is not said twice
    beside = names_beside(fields, prompt, completion)
    system = find_name(fields, SYSTEM)

    # an `input` is one of a program, whose outcome may be a number
    label = completion if find_name(fields, ("input", "inputs")) != prompt else None

    def read(record: Record) -> list[Turn]:
        if label is not None:
            check_no_class(label, record[label])
        turns = turns_of_exchange(record[prompt], beside_text(record, beside, record[prompt]), record[completion])
        return with_system(field_value(record, system), turns) or turns

    return read


def _program(fields: Fields) -> Reader | None:
    """Reads a task and its program where nothing says of the code that it is tested: only what cannot be a number of its own."""
    asked, code = find_name(fields, ("prompt", "instruction")), fields.get("code")
    if asked is None or code is None or answer_name(fields):
        return None
    told, system = find_name(fields, _OF_PROGRAMS) is not None, find_name(fields, SYSTEM)
    context = find_name(fields, CONTEXT)
    return lambda record: (
        with_system(
            field_value(record, system),
            turns_of_exchange(record[asked], field_value(record, context), record[code]),
        )
        if _is_program(record[code], told)
        else None
    )


def _is_program(code: Any, told: bool) -> bool:
    text = code.strip() if isinstance(code, str) else ""
    return "\n" in text or (told and _NUMBER_OF_ITS_OWN.fullmatch(text) is None)


def _pair(fields: Fields) -> tuple[str | None, str | None]:
    # a definition of a task is what is asked, where the input stands beside it
    defined = find_name(fields, _DEFINITIONS) if find_name(fields, ("input", "inputs")) else None
    prompt = defined or find_name(fields, _PROMPTS)
    if prompt is None and "question" not in fields:
        prompt = find_name(fields, _WEAK)
    answer = answer_name(fields)
    if prompt is None or answer is None:
        pairs = (*_PAIRS, *_PROGRAMS) if find_name(fields, _TESTED) else _PAIRS
        return next(
            ((fields[one], fields[other]) for one, other in pairs if one in fields and other in fields), (None, None)
        )
    # with options it is multiple choice, which question_answer reads
    return (None, None) if has_options(fields) else (prompt, answer)
