"""One well-formed, dense item of a given type from a passage: questions by what the passage offers, answers from its
sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from inference.baseline.asking import DOES, FAILS, RETURNS, TAKES, Told, question_about
from inference.baseline.choices import multiple_choice
from inference.baseline.passage import Passage, read
from inference.baseline.telling import JOINER, Refused, dense, introduced, room
from inference.baseline.topics import definition, sort_of
from inference.baseline.verdicts import true_false
from texts.formats import FORMATS
from texts.spelling import COMMON
from texts.words import stem


def build(item_type: str, title: str, text: str, others: Sequence[str] = ()) -> str:
    """The item as text; Refused where the passage does not carry one.

    others: other passages that lend wrong options, each its title, a line break, its text.
    """
    if not title.strip():
        raise Refused("no_title", "the passage has no title, which names what it is about")
    passage = read(title, text)
    if not passage.prose and item_type in ("paragraph", "multiple_choice", "true_false"):
        raise Refused("no_prose", "no whole sentence of it can be read without the rest")
    fields = _BUILDERS[item_type](passage, others)
    try:
        return FORMATS[item_type].render({name: value.strip() for name, value in fields.items()})
    except ValueError:
        raise Refused("no_form", f"what it says does not fit the form of a {item_type} item") from None


def _question(passage: Passage) -> str:
    """What a reader would ask, by the aspects that the passage covers."""
    if not passage.named:
        return _question_about_topic(passage)
    offered = {DOES: passage.prose, TAKES: passage.arguments, RETURNS: passage.returned, FAILS: passage.errors}
    return question_about({passage.subject: Told(frozenset(aspect for aspect, part in offered.items() if part))})


def _question_about_topic(passage: Passage) -> str:
    """
    >>> _question_about_topic(Passage("Toby Eady", ("Toby Eady (1941 - 2017) was an agent.",)))
    'Who was Toby Eady, and what should one know about them?'
    """
    title = passage.title
    defined = definition(title, passage.purpose)
    if defined is None or JOINER in title:
        return f"What should one know about {title.replace(JOINER, ' and about ')}?"
    one = defined.verb in ("is", "was")
    person = one and sort_of(defined.kind, passage.purpose, " ".join(passage.prose[1:])) == "person"
    return f"{'Who' if person else 'What'} {defined.verb} {title}, and what should one know about {'it' if one and not person else 'them'}?"


def _qa(passage: Passage, others: Sequence[str]) -> dict[str, str]:
    return {"question": _question(passage), "answer": dense(passage, room(passage))}


def _category_statement(passage: Passage, others: Sequence[str]) -> dict[str, str]:
    return {"category": passage.title, "statement": dense(passage, room(passage))}


def _paragraph(passage: Passage, others: Sequence[str]) -> dict[str, str]:
    """Running text: what the passage lists is told as sentences; the subject is named at the start."""
    told = [f"Argument `{name}`: {_lowered(text)}" for name, text in passage.arguments]
    told += [f"The result: {_lowered(passage.returned)}"] if passage.returned else []
    told += [f"It raises `{name}` in this case: {_lowered(text)}" for name, text in passage.errors]
    flowing = replace(passage.without_lists(), prose=(*passage.prose, *told))
    return {"paragraph": introduced(passage, dense(flowing, room(passage)))}


def _true_false(passage: Passage, others: Sequence[str]) -> dict[str, str]:
    return true_false(passage)


def _lowered(text: str) -> str:
    """The text to follow a colon: its first letter small where the word is an everyday one."""
    first = text.split(" ")[0]
    return text[0].lower() + text[1:] if stem(first) in COMMON and first not in ("True", "False", "None", "I") else text


_BUILDERS: Mapping[str, Callable[[Passage, Sequence[str]], dict[str, str]]] = MappingProxyType(
    {
        "qa": _qa,
        "multiple_choice": multiple_choice,
        "true_false": _true_false,
        "category_statement": _category_statement,
        "paragraph": _paragraph,
    }
)
