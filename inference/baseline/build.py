"""One well-formed, dense item of a given type from a passage: questions by what the passage offers, answers from its
sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from inference.baseline.asking import DOES, FAILS, RETURNS, TAKES, Told, question_about
from inference.baseline.gaps import multiple_choice
from inference.baseline.passage import Passage
from inference.baseline.telling import JOINER, Refused, dense, introduced, room
from inference.baseline.topics import definition, sort_of
from inference.baseline.usable import usable
from inference.baseline.verdicts import true_false
from texts.formats import FORMATS

_LEAST_PROSE = 3  # sentences of a paragraph about a part of a program


def build(item_type: str, title: str, text: str, others: Sequence[str] = ()) -> str:
    """The item as text; Refused where the passage does not carry one.

    others: other passages that lend wrong options, each its title, a line break, its text.
    """
    if not title.strip():
        raise Refused("no_title", "the passage has no title, which names what it is about")
    passage = usable(title, text)
    if not passage.prose and item_type in ("paragraph", "multiple_choice", "true_false"):
        raise Refused("no_prose", "no whole sentence of it can be read without the rest")
    fields = _BUILDERS[item_type](passage, others)
    try:
        return FORMATS[item_type].render({name: value.strip() for name, value in fields.items()})
    except ValueError:
        raise Refused("no_form", f"what it says does not fit the form of a {item_type} item") from None


def _question(passage: Passage, answer: str) -> str:
    """What a reader would ask who is given the answer: the arguments that are told by their names, since others may be there."""
    if not passage.named:
        return _question_about_topic(passage)
    named = tuple(name for name, _ in passage.arguments if f"- `{name}`: " in answer)
    asked = {DOES: True, TAKES: bool(named), RETURNS: "- Returns: " in answer, FAILS: "- Raises `" in answer}
    return question_about({passage.subject: Told(frozenset(one for one, is_told in asked.items() if is_told), named)})


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
    answer = dense(_saying(passage), room(passage))
    return {"question": _question(passage, answer), "answer": answer}


def _category_statement(passage: Passage, others: Sequence[str]) -> dict[str, str]:
    return {"category": passage.title, "statement": dense(_saying(passage), room(passage))}


def _paragraph(passage: Passage, others: Sequence[str]) -> dict[str, str]:
    """Running text, with the subject named at the start; what the passage lists is none."""
    if len(passage.prose) < _LEAST_PROSE and passage.named:
        raise Refused("parameters_only", f"without what it lists it has {len(passage.prose)} sentences")
    return {"paragraph": introduced(passage, dense(passage.without_lists(), room(passage)))}


def _saying(passage: Passage) -> Passage:
    """The passage; Refused where it lists arguments and says nothing of what they belong to."""
    if passage.named and not passage.prose:
        raise Refused("parameters_only", "it lists arguments, and says nothing of what they are arguments of")
    return passage


def _true_false(passage: Passage, others: Sequence[str]) -> dict[str, str]:
    return true_false(passage, others)


_BUILDERS: Mapping[str, Callable[[Passage, Sequence[str]], dict[str, str]]] = MappingProxyType(
    {
        "qa": _qa,
        "multiple_choice": multiple_choice,
        "true_false": _true_false,
        "category_statement": _category_statement,
        "paragraph": _paragraph,
    }
)
