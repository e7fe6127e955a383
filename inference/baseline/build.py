"""One well-formed, dense item of a given type from a passage: questions by what the passage offers, answers from its
sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from inference.baseline.asking import DOES, FAILS, RETURNS, TAKES, Told, question_about
from inference.baseline.gaps import multiple_choice
from inference.baseline.naming import asked_name, is_of_a_person, label_of
from inference.baseline.passage import Passage
from inference.baseline.telling import JOINER, Refused, dense, introduced, room
from inference.baseline.topics import definition
from inference.baseline.usable import usable
from inference.baseline.verdicts import true_false
from lake.ids import sha256_text
from texts.formats import FORMATS

_LEAST_PROSE = 3  # sentences of a paragraph about a part of a program
# ways to ask for what an article tells: of anything, of somebody, of something
_OPEN = (
    "Tell me about {name}.",
    "Give a short overview of {name}.",
    "What can you tell me about {name}?",
    "Write a short summary about {name}.",
)
_WHO = (
    "Who {verb} {name}?",
    "Can you tell me who {name} {verb}?",
    "Give a short account of the life and work of {name}.",
)
_WHAT = ("What {verb} {name}?", "Can you explain what {name} {verb}?", "Describe {name} in a few sentences.")


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
    """One of the ways to ask for what an article tells, the same for a passage in every run.

    >>> _question_about_topic(Passage("Toby Eady", ("Toby Eady (1941 - 2017) was an agent.",)))
    'Who was Toby Eady?'
    """
    title = passage.title
    if JOINER in title:
        return f"What is the connection between {title.replace(JOINER, ' and ')}?"
    defined, name = definition(title, passage.purpose), asked_name(passage)
    ways = [*_OPEN]
    if defined is not None:
        ways += [way.format(verb=defined.verb, name="{name}") for way in (_WHO if is_of_a_person(passage) else _WHAT)]
    place = int(sha256_text(f"asked {title} {passage.purpose}")[:8], 16)
    asked = ways[place % len(ways)].format(name=name)
    return asked[:-1] if asked[-2:-1] in ("!", "?", ".") else asked  # a name that ends with a mark of its own


def _qa(passage: Passage, others: Sequence[str]) -> dict[str, str]:
    answer = dense(_saying(passage), room(passage))
    return {"question": _question(passage, answer), "answer": answer}


def _category_statement(passage: Passage, others: Sequence[str]) -> dict[str, str]:
    """What is told of the subject, under what kind of thing it is (method, section 2.2: a category, and a summary)."""
    label = label_of(passage)
    if not label:
        raise Refused("no_category", "its opening does not say shortly what kind of thing it is about")
    return {"category": label, "statement": introduced(passage, dense(_saying(passage), room(passage)))}


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
