"""What a passage tells, within a number of words, and why an item cannot be made of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from inference.baseline.passage import Passage, stands_alone
from inference.baseline.signs import said_again
from inference.baseline.topics import BRACKETED, has_all, in_full, is_person, names
from texts.words import content_words, words

BUDGET = 130  # words of an answer about a part of a program, prose and list together
LONGEST = 100  # words of a segment of a passage about a topic, all of which are told


class Refused(ValueError):
    """A passage of which no item of a type is made: `rule` names why, for counts; the text says it in a sentence."""

    def __init__(self, rule: str, why: str) -> None:
        super().__init__(f"{rule}: {why}")
        self.rule = rule


def room(passage: Passage) -> int:
    """How many words an item may tell of the passage."""
    return BUDGET if passage.named else LONGEST


def dense(passage: Passage, budget: int) -> str:
    """What the passage says, prose first, then what it lists, whole sentences within the budget of words."""
    listed = [f"- `{name}`: {text}" for name, text in passage.arguments]
    listed += [f"- Returns: {passage.returned}"] if passage.returned else []
    listed += [f"- Raises `{name}`: {text}" for name, text in passage.errors]
    # what is listed gets two fifths of the room at least
    prose = (
        _within([passage.purpose, *passage.prose[1:]], int(0.6 * budget) if listed else budget) if passage.prose else []
    )
    return "\n".join(filter(None, (" ".join(prose), *_within(listed, budget - _count(prose)))))


_NAMED = re.compile(r"^(?:- )?`[^`]*`")  # the subject at the start of a line: what it says of it is compared
_NEW = 0.3  # of the words of a line that no line before has
JOINER = "; "  # between the titles of two passages that are told of together


def introduced(passage: Passage, told: str) -> str:
    """What is told with the subject's name before it, unless the opening sentence has it."""
    title, opening = passage.title, passage.purpose
    # two passages are each introduced before they are put together
    has_it = passage.subject in opening or JOINER in title
    if not told or has_it or (not passage.named and has_all(title, told) and names(title, opening)):
        return told
    # a person's opening has the name in full, which the title shortens: "J. Moss", "Jane Ada Moss (1901-1971)"
    family = words(BRACKETED.sub("", title))[-1:]
    if not passage.named and is_person(passage.purpose, "") and set(family) & set(words(opening)):
        return told
    full = told if passage.named else in_full(title, told)
    return full if full != told else f"{passage.subject}: {told}"


def _within(lines: Sequence[str], budget: int) -> list[str]:
    """The lines up to the budget, in order; the first always is. What repeats, and what then leans on it, is left out."""
    kept: list[str] = []
    said: list[frozenset[str]] = []  # by the lines before: the words that carry meaning
    told, skipped = 0, False
    for line in lines:
        size, stems = len(words(line)), frozenset(content_words(_NAMED.sub("", line)))
        if kept and told + size > budget:
            break
        if kept and (_is_said(stems, said) or (skipped and not stands_alone(line))):
            skipped = True
            continue
        kept.append(line)
        told += size
        said.append(stems)
        skipped = False
    return kept


def _is_said(stems: frozenset[str], said: Sequence[frozenset[str]]) -> bool:
    """Whether one of the lines before says the same, or all of them together nearly each word."""
    new = stems.difference(*said)
    return len(new) < _NEW * len(stems) or any(said_again(stems, one) for one in said)


def _count(lines: Sequence[str]) -> int:
    return sum(len(words(line)) for line in lines)
