"""A statement that is true or false: of a fact of a passage, of a sentence that says something by itself, or of what another is said to be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from inference.baseline.altering import CENTURIES, GROWN, altered
from inference.baseline.descriptions import Description, described, lent
from inference.baseline.explaining import explained
from inference.baseline.facts import (
    ASKED,
    YEARS,
    Fact,
    facts,
    lent_values,
    life_of,
    years_in,
)
from inference.baseline.naming import is_of_a_person, kind_of, plain_name
from inference.baseline.options import LATEST, year_beside
from inference.baseline.passage import Passage, with_subject
from inference.baseline.single import is_single
from inference.baseline.telling import Refused
from inference.baseline.topics import WORKS, definition, has_all, in_full, name_of
from inference.baseline.usable import is_usable, usable
from inference.baseline.verbs import INFLECTED, form_of, states
from lake.ids import sha256_text
from texts.words import content_words, numbers, words

_DESCRIPTION = "description"  # a kind of statement
_LIVED = 100  # years, at most
_PRONOUN = re.compile(
    r"(?P<before>(?:In|On|From|After|Before|During|By|At|Until|Since)\b[^,]{1,60},? )(?:he|she)\b(?! or\b)"
)
_THE_WORK = re.compile(
    r"The (?P<noun>film|movie|song|single|novel|book|play)(?= (?:is|was|has|had|were|[a-z]+ed|stars|won)\b)"
)


@dataclass(frozen=True)
class _Verdict:
    """A statement that is true, the same made false, the sentence or line that decides, and what is to be put right; of which kind it is."""

    kind: str
    true: str
    false: str
    source: str
    right: str = ""


def true_false(passage: Passage, others: Sequence[str] = ()) -> dict[str, str]:
    """A statement of the passage, or the same made false by a year, a figure, an opposite, or what another passage tells of its subject.

    Half are false, by the passage's own hash, so that every run makes the same. What cannot be made false carries none: of statements of which only some
    could be, those that can would mostly be false, and the others true.
    """
    verdict = _judged(passage, others)
    is_false = _number(passage, "verdict") % 2 == 1
    statement = verdict.false if is_false else verdict.true
    return {
        "statement": statement,
        "answer": "False" if is_false else "True",
        "explanation": " ".join(filter(None, (verdict.right * is_false, _why(passage, verdict)))),
    }


def _why(passage: Passage, verdict: _Verdict) -> str:
    """What decides; with the sentence behind it where the statement says as much, and would explain itself."""
    why = explained(passage, verdict.source)
    adds = set(content_words(why)) - set(content_words(verdict.true))
    return (
        why
        if verdict.kind in ASKED or (adds and verdict.kind != _DESCRIPTION) or len(passage.prose) == 1
        else f"{why} {passage.prose[1]}"
    )


def can_judge(title: str, text: str, others: Sequence[str]) -> bool:
    """Whether a passage has a statement that can be made false."""
    if not is_usable(title, text):
        return False
    try:
        return bool(_judged(usable(title, text), others))
    except Refused:
        return False


def _judged(passage: Passage, others: Sequence[str]) -> _Verdict:
    """One of the statements that can be altered, of a kind that the passage's hash picks; those of the opening itself are the last. Refused without one."""
    found = [*_of_facts(passage, others), *_of_sentences(passage, [*range(1, len(passage.prose))])]
    # what an encyclopaedia opens with would be explained by itself
    found = found or [
        *_of_sentences(passage, [0] if passage.named and passage.prose else []),
        *_of_another(passage, others),
    ]
    if not found:
        raise Refused("nothing_false", "no fact, figure, opposite or other subject makes a statement of it false")
    kinds = sorted({one.kind for one in found})
    kind = kinds[_number(passage, "kind") % len(kinds)]
    return next(one for one in found if one.kind == kind)


def _number(passage: Passage, purpose: str) -> int:
    """A number that depends on the passage and the purpose alone."""
    return int(sha256_text(f"{purpose} {passage.title} {passage.prose}")[:8], 16)


def _of_facts(passage: Passage, others: Sequence[str]) -> Iterator[_Verdict]:
    """A statement of each fact, false by another year, or by what another passage tells of its own subject."""
    for fact in facts(passage):
        wrong = (
            _another_year(passage, fact) if fact.kind in YEARS else next(iter(lent_values(fact, passage, others)), "")
        )
        if wrong:
            yield _Verdict(
                fact.kind, fact.stated(fact.right), fact.stated(wrong), fact.told, _put_right(fact.right, wrong)
            )


def _put_right(right: str, wrong: str) -> str:
    return f"The correct answer is {right}, not {wrong}."


def _another_year(passage: Passage, fact: Fact) -> str:
    """Another year in which it could have been, by what the passage tells of the life; "" where there is none."""
    right, life, told = int(fact.right), life_of(passage), years_in(" ".join(passage.prose))
    earliest, latest = CENTURIES[0], LATEST
    if fact.kind == "born":
        latest = min([LATEST - GROWN, *(year - 1 for year in told if year > right)])
        earliest = life.died - _LIVED if life.died else right - _LIVED
    elif fact.kind == "died" and life.born:
        earliest, latest = life.born + GROWN, life.born + _LIVED
    return str(year_beside(right, told, _number(passage, "year"), earliest, latest) or "")


def _of_sentences(passage: Passage, places: Sequence[int]) -> Iterator[_Verdict]:
    """The sentences of 7 to 40 words that stand alone, the one that says most first, each with one figure or word changed."""
    able = [passage.prose[place] for place in places if is_single(passage, place)]
    able = [one for one in able if states(with_subject(passage, one))]
    for sentence in sorted(
        able, key=lambda one: (len(set(content_words(one))) + 2 * len(numbers(one)), one), reverse=True
    ):
        heading, said = _about(passage, with_subject(passage, sentence))
        told = years_in(" ".join(passage.prose))
        if change := altered(said, _number(passage, sentence), told, life_of(passage)):
            kind, right = f"sentence {change.kind}", _put_right(change.right, change.wrong)
            yield _Verdict(kind, heading + said, heading + change.text, sentence, right)


def _of_another(passage: Passage, others: Sequence[str]) -> Iterator[_Verdict]:
    """What the subject is or does; false, what another of the sort is or does."""
    right = described(passage)
    wrong = next((one for one in lent(right, others) if _says(passage, one.text)), None) if right else None
    if right is not None and wrong is not None and _says(passage, right.text):
        subject, verb = _said_of(passage, right)
        true, false = (f"{subject}{verb}{lowered(one.text)}" for one in (right, wrong))
        yield _Verdict(_DESCRIPTION, true, false, passage.prose[0])


def _says(passage: Passage, description: str) -> bool:
    """Whether a description can be put behind the subject: of a part of a program, no order."""
    return not passage.named or form_of(description) == "noun" or description.split(" ")[0].lower() in INFLECTED


def _said_of(passage: Passage, right: Description) -> tuple[str, str]:
    """What a description is put behind to be a statement: the subject, and the verb that the description has not."""
    if not passage.named:
        defined = definition(passage.title, passage.purpose)
        return name_of(passage.title), f" {defined.verb} " if defined else " is "
    return passage.subject, " is " if right.text.startswith(("A ", "An ")) else " "


def lowered(text: str) -> str:
    """The text to follow a subject: its first letter small."""
    return text[0].lower() + text[1:]


def _about(passage: Passage, sentence: str) -> tuple[str, str]:
    """A heading and the sentence with the name of its subject: for a pronoun or "The film", or a family's in full. The heading is empty
    but where the sentence has no name: no word of it is stated."""
    whole = passage.named or has_all(passage.title, sentence)
    if whole and (passage.title in sentence or name_of(passage.title) in sentence or not passage.named):
        return "", sentence
    if not passage.named and (full := _named(passage, sentence)) != sentence:
        return "", full
    return f"About {passage.subject}: ", sentence


def _named(passage: Passage, sentence: str) -> str:
    name = plain_name(passage.title)
    if is_of_a_person(passage):
        return (
            _PRONOUN.sub(lambda found: f"{found['before']}{name}", sentence, count=1)
            if _PRONOUN.match(sentence)
            else in_full(passage.title, sentence)
        )
    work = _THE_WORK.match(sentence)
    same = work and WORKS[work["noun"]] == WORKS.get((words(kind_of(passage)) or [""])[-1])
    return f'{work[0]} "{name}"{sentence[work.end() :]}' if work and same else sentence
