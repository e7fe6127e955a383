"""One well-formed, dense item of a given type from a passage: questions by what the passage offers, answers from its
sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from inference.baseline.asking import DOES, FAILS, MOST_NAMED, RETURNS, TAKES, Told, question_about
from inference.baseline.choices import multiple_choice
from inference.baseline.passage import Passage, read
from inference.baseline.telling import JOINER, Refused, dense, introduced, room
from inference.baseline.topics import definition, sort_of
from inference.baseline.verdicts import true_false
from texts.formats import FORMATS
from texts.spelling import COMMON
from texts.words import stem, words


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


def _question(passage: Passage, answer: str) -> str:
    """What a reader would ask who is given the answer: which arguments there are only where all are told."""
    if not passage.named:
        return _question_about_topic(passage)
    named = tuple(name for name, _ in passage.arguments if f"- `{name}`: " in answer)
    some = named if len(named) < len(passage.arguments) or not passage.whole else ()
    takes = bool(named) and len(some) <= MOST_NAMED
    asked = {DOES: True, TAKES: takes, RETURNS: "- Returns: " in answer, FAILS: "- Raises `" in answer}
    return question_about({passage.subject: Told(frozenset(one for one, is_told in asked.items() if is_told), some)})


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
    """Running text: what the passage lists is told as sentences; the subject is named at the start."""
    listed = [f"Argument `{name}`: {_lowered(text)}" for name, text in passage.arguments]
    told = [f"The result: {_lowered(passage.returned)}"] if passage.returned else []
    told += [f"It raises `{name}` in this case: {_lowered(text)}" for name, text in passage.errors]
    flowing = replace(passage.without_lists(), prose=(*passage.prose, *listed, *told))
    paragraph = dense(flowing, room(passage))
    if 2 * len(words(" ".join(one for one in listed if one in paragraph))) > len(words(paragraph)):
        raise Refused("parameters_only", "most of it would be a list of arguments told as sentences")
    return {"paragraph": introduced(passage, paragraph)}


def _saying(passage: Passage) -> Passage:
    """The passage; Refused where it lists arguments and says nothing of what they belong to."""
    if passage.named and not passage.prose:
        raise Refused("parameters_only", "it lists arguments, and says nothing of what they are arguments of")
    return passage


def _true_false(passage: Passage, others: Sequence[str]) -> dict[str, str]:
    return true_false(passage, others)


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
