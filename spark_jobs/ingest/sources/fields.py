"""Records and the names of their fields: which names mean the same, and how a record's own names are matched with them.

Names are compared folded, that is without case, blanks and punctuation: `Best Answer`, `best_answer` and `bestAnswer` are one name.

    >>> fields = folded({"Best Answer": "So.", "Question": "Why?"})
    >>> fields
    {'bestanswer': 'Best Answer', 'question': 'Question'}
    >>> find_name(fields, ("answer", "bestanswer"))
    'Best Answer'
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, TypeGuard

Record = Mapping[str, Any]
Fields = Mapping[str, str]  # folded name -> the name in the record

_SEPARATORS = re.compile(r"[\W_]+")
_REMARK = re.compile(r"\s*[,(\[:/]\s*\S| - ")

# in each list, the name that leaves least doubt comes first
SYSTEM = (
    "system", "systemprompt", "systemmessage", "sysprompt", "systeminstruction", "systeminstructions", "sys", "systemtext",
    "systemcontent", "sysmsg", "sysmessage", "developer", "developerprompt", "developermessage", "preprompt",
)  # fmt: skip
TOOLS = ("tools", "functions", "function", "availabletools", "apis")
_INPUT = ("input", "inputs", "输入")
_CONTEXTS = (
    "context", "passage", "paragraph", "article", "document", "story", "background", "support", "contexttext", "premise",
    "contexts", "questionbody", "questioncontent", "questiondetails", "table",
)  # fmt: skip
CONTEXT = ("input", *_CONTEXTS, "输入")
# each is text that was said
_SAID = (
    "bestanswer", "correctanswer", "acceptedanswer", "goldanswer", "goldenanswer", "finalanswer",
    "targetspretokenized", "output", "outputs", "response", "responses", "completion", "completions", "answer", "answers", "answertext",
    "target", "targets", "expectedoutput", "expectedresponse", "expectedanswer", "modelanswer", "modelresponse", "modeloutput", "generation", "generations", "canonicalsolution",
    "assistantresponse", "botresponse", "airesponse", "longanswer",
    "reply", "solution", "solutions", "lsolutions", "humananswers", "assistant", "bot", "gpt", "chatgpt",
    "antwort", "respuesta", "réponse", "resposta", "risposta", "ответ", "答案", "回答", "输出", "답변",
)  # fmt: skip
# of the others some may be a label or a number
ANSWER = (
    *_SAID,
    "answerkey", "ans", "correctoption", "correct", "cop", "label", "labels", "goldlabel", "a", "answermatchingbehavior",
)  # fmt: skip


def is_record(value: object) -> TypeGuard[Record]:
    """Whether a parsed value is an object with named fields."""
    return isinstance(value, dict)


# millions of records share a few names
@lru_cache(4096)
def fold(name: str) -> str:
    """The name as it is compared: lower case, letters and digits only."""
    return _SEPARATORS.sub("", name.casefold())


def folded(names: Iterable[object]) -> Fields:
    """The names of a record by their folded form; of two that fold to the same, the first counts."""
    fields: dict[str, str] = {}
    # names that are no text occur in YAML
    texts = [name for name in names if isinstance(name, str)]
    for name in texts:
        fields.setdefault(fold(name), name)
    for name in texts:
        # what a person writes behind a name says more about it: `Question (English)`, `answer, in one word`
        if (about := _REMARK.search(name)) and (short := fold(name[: about.start()])):
            fields.setdefault(short, name)
    return fields


@lru_cache(4096)
def plain_name(name: object) -> str:
    """The folded name, without what a person writes behind it.

    >>> plain_name("Question (English)"), plain_name("best_answer")
    ('question', 'bestanswer')
    """
    text = str(name)
    about = _REMARK.search(text)
    return (fold(text[: about.start()]) if about else "") or fold(text)


def find_name(fields: Fields, names: Iterable[str]) -> str | None:
    """The record's name for the first of these that it has, or None."""
    return next((fields[name] for name in names if name in fields), None)


def field_value(record: Record, name: str | None) -> object:
    """What the record holds under one of its own names; None where it has no such name."""
    return None if name is None else record.get(name)


def names_beside(fields: Fields, asked: str | None, answer: str | None = None) -> tuple[str, ...]:
    """The record's names for what stands beside what is asked and answered: a question, its input and a context."""
    # beside a prompt as text, `inputs` are its tokens
    given = None if "inputspretokenized" in fields else find_name(fields, _INPUT)
    found = (fields.get("question"), given, find_name(fields, (*_CONTEXTS, "text")))
    return tuple(name for name in found if name is not None and name not in (asked, answer))


def answer_name(fields: Fields) -> str | None:
    """The record's name for the answer, or None; `a` is the first of the choices where there is a `b`."""
    # an annotation tool (Prodigy) says in `answer` what became of the task
    others = {"answer"} if "taskhash" in fields or "inputhash" in fields else {"a"} if "b" in fields else set[str]()
    return next((fields[name] for name in ANSWER if name in fields and name not in others), None)


def said_name(fields: Fields) -> str | None:
    """The record's name for an answer that is words, or None."""
    return find_name(fields, _SAID)
