"""A statement that is true or false, from a sentence of a passage that says something by itself, or from what another is said to be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from inference.baseline.descriptions import Description, described, lent
from inference.baseline.passage import Passage, with_subject
from inference.baseline.single import is_single
from inference.baseline.telling import Refused, dense, room
from inference.baseline.topics import definition, has_all, in_full, is_person, name_of
from inference.baseline.usable import is_usable, usable
from inference.baseline.verbs import INFLECTED, form_of, states
from lake.ids import sha256_text
from texts.words import content_words, numbers, words

_FIGURE = re.compile(
    r"(?<![\w.`*/^+–-])(?<![A-Z] )(?<!No\. )[0-9]{1,15}(?![\w.-]*[`\w]|[.,]\d)"
)  # not "RFC 5322", nor "2-tuples"
_YEARS = (1000, 2100)  # a figure between them is taken for a year: doubled, it would be absurd rather than wrong
_LATEST = 2024  # a year behind it would tell that it is wrong
_OFF = 7  # years
_EARLIEST = 100  # a year of three digits is one where what stands before it says so
_DATED = re.compile(
    r"(?:\b(?:[Ii]n|until|since|from|died|born|January|February|March|April|May|June|July|August|September|October|November|December)|[–-]) ?$"
)
_FALSE = 0.5  # of the statements
_ARTICLE = re.compile(r"\b([Aa])n? $")  # before a word that is changed for another
# no "not" is put in: that alone would tell, and what it makes is often nonsense
_FLIPS: tuple[tuple[str, str], ...] = (
    ("always", "never"), ("never", "always"), ("before", "after"), ("after", "before"), ("first", "last"),
    ("last", "first"), ("minimum", "maximum"), ("maximum", "minimum"), ("ascending", "descending"),
    ("descending", "ascending"), ("increases", "decreases"), ("decreases", "increases"), ("larger", "smaller"),
    ("smaller", "larger"), ("largest", "smallest"), ("smallest", "largest"), ("higher", "lower"), ("lower", "higher"),
    ("True", "False"), ("False", "True"), ("north", "south"), ("south", "north"), ("east", "west"), ("west", "east"),
    ("youngest", "oldest"), ("oldest", "youngest"), ("eldest", "youngest"), ("second", "third"), ("third", "fourth"),
    ("left", "right"), ("right", "left"), ("row", "column"), ("rows", "columns"), ("columns", "rows"),
    ("longer", "shorter"), ("shorter", "longer"), ("older", "younger"), ("younger", "older"), ("positive", "negative"), ("negative", "positive"),
    ("horizontal", "vertical"), ("vertical", "horizontal"), ("northern", "southern"), ("southern", "northern"), ("eastern", "western"),
    ("western", "eastern"), ("uppercase", "lowercase"), ("lowercase", "uppercase"), ("mutable", "immutable"), ("immutable", "mutable"),
    ("inclusive", "exclusive"), ("exclusive", "inclusive"), ("synchronous", "asynchronous"), ("asynchronous", "synchronous"), ("odd", "even"),
)  # fmt: skip


@dataclass(frozen=True)
class _Verdict:
    """A statement that is true, the same made false, the sentence that both are of, and what is right instead."""

    true: str
    false: str
    source: str
    right: str


def true_false(passage: Passage, others: Sequence[str] = ()) -> dict[str, str]:
    """A statement of the passage, or the same made false by a figure, an opposite, or what another passage says of its subject.

    Half are false, by the passage's own hash, so that every run makes the same. What cannot be made false carries none: of statements of which only some
    could be, those that can would mostly be false, and the others true.
    """
    verdict = _judged(passage, _telling(passage), others)
    is_false = int(sha256_text(f"{passage.title} {passage.prose}")[:8], 16) < _FALSE * 16**8
    statement = verdict.false if is_false else verdict.true
    remaining = replace(passage, prose=tuple(one for one in passage.prose if one != verdict.source))
    rest = dense(remaining, room(passage) - len(words(statement)))
    listed = f"The documentation lists:\n{rest}" if rest.startswith("- ") else rest
    return {
        "statement": _about(passage, statement),
        "answer": "False" if is_false else "True",
        "explanation": " ".join(filter(None, (verdict.right if is_false else "", listed))),
    }


def can_judge(title: str, text: str, others: Sequence[str]) -> bool:
    """Whether a passage has a statement that can be made false."""
    if not is_usable(title, text):
        return False
    passage = usable(title, text)
    try:
        return bool(passage.prose and _judged(passage, _telling(passage), others))
    except Refused:
        return False


def _telling(passage: Passage) -> list[str]:
    """The sentences of 7 to 40 words that stand alone, the one that says most first; Refused where there is none."""
    candidates = [
        sentence
        for place, sentence in enumerate(passage.prose)
        if is_single(passage, place) and states(with_subject(passage, sentence))
    ]
    if not candidates:
        raise Refused("no_statement", "no sentence of 7 to 40 words says something by itself")
    return sorted(candidates, key=lambda one: (len(set(content_words(one))) + 2 * len(numbers(one)), one), reverse=True)


def _judged(passage: Passage, told: Sequence[str], others: Sequence[str]) -> _Verdict:
    """The fullest statement that can be altered, else what the subject is or does; false, what another of the sort is or does. Refused without one."""
    for sentence in told:
        if change := altered(with_subject(passage, sentence)):
            return _Verdict(
                with_subject(passage, sentence), change.text, sentence, f"Right is {change.right}, not {change.wrong}."
            )
    right = described(passage)
    wrong = next((one for one in lent(right, others) if _says(passage, one.text)), None) if right else None
    if right is None or wrong is None or not _says(passage, right.text):
        raise Refused("nothing_false", "no figure, opposite or other subject makes a statement of it false")
    subject, verb = _said_of(passage, right)
    true, false = (f"{subject}{verb}{lowered(one.text)}" for one in (right, wrong))
    return _Verdict(true, false, passage.prose[0], true)


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


def _about(passage: Passage, sentence: str) -> str:
    """The sentence with the name of its subject: a family's in full, or the title before it where it has none."""
    whole = passage.named or has_all(passage.title, sentence)
    if whole and (passage.title in sentence or name_of(passage.title) in sentence or not passage.named):
        return sentence
    full = sentence
    if not passage.named and is_person(passage.purpose, " ".join(passage.prose)):
        full = in_full(passage.title, sentence)
    return full if full != sentence else f"About {passage.subject}: {sentence}"


@dataclass(frozen=True)
class Change:
    """A sentence made false by one change, and what stands in it instead of what."""

    text: str
    wrong: str
    right: str


def altered(sentence: str) -> Change | None:
    """The sentence with one figure or word changed so that it is false; None where there is none to change."""
    figure = max(_FIGURE.finditer(sentence), key=lambda found: int(found[0]), default=None)
    if figure:
        dated = bool(_DATED.search(sentence[: figure.start()]))
        return _changed(sentence, figure, str(_other(int(figure[0]), dated)))
    for word, opposite in _FLIPS:
        if match := re.search(rf"(?<![\w`.-]){word}(?![\w`-])", sentence):
            if re.search(rf"\b{opposite}\b", sentence):
                continue  # "to the left or right child"
            return _changed(sentence, match, opposite)
    return None


def _other(value: int, dated: bool) -> int:
    """Another figure of its size: of a year one near it, and none that is still to come."""
    if not (_YEARS[0] <= value <= _YEARS[1] or (dated and value >= _EARLIEST)):
        return 2 * value + 1
    return value + _OFF if value + _OFF <= _LATEST else value - _OFF


def _changed(sentence: str, found: re.Match[str], wrong: str) -> Change:
    before = _ARTICLE.sub(r"\1n " if wrong[0] in "aeiou" else r"\1 ", sentence[: found.start()])
    return Change(f"{before}{wrong}{sentence[found.end() :]}", wrong, found[0])
