"""A question with four options, of which one is right: a fact of a topic, a figure, a default or an exception that the passage tells.

All four are of one kind, and none but the right one stands in the passage, so that nothing but knowledge tells it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from inference.baseline.explaining import explained
from inference.baseline.facts import (
    A_YEAR,
    FOUR_DIGITS,
    MONTHS,
    TELLS_THE_TIME,
    YEARS,
    facts,
    lent_values,
    life_of,
    years_in,
)
from inference.baseline.options import EXCEPTIONS, NUMBER_WORD, exceptions_like, figures_like, numbers_like, years_like
from inference.baseline.passage import Passage, stands_alone, with_subject
from inference.baseline.single import is_single
from inference.baseline.telling import Refused
from inference.baseline.topics import has_all
from inference.baseline.usable import is_usable, usable
from lake.ids import sha256_text
from texts.formats.multiple_choice import LETTERS
from texts.words import numbers, sentences, words

_SENTENCE = 7  # words, at least, of a sentence with a gap
_CASE_WORDS = 3  # of the case in which an exception is raised
_GAP = "____"
_WRONG = 3  # options
_PLENTY = YEARS | {"gap"}
_YEAR = re.compile(
    rf"(?:\b(?:[Ii]n|[Ss]ince|[Uu]ntil|[Bb]y|[Oo]f|[Dd]uring|[Aa]fter|[Bb]efore|[Ff]rom|is an?|was an?|{MONTHS}),? |\b(?:{MONTHS}) \d{{1,2}}, )"
    rf"(?P<right>{A_YEAR})\b(?![-–/\d]|s\b|['’]| (?:BC|people|men|troops|copies|dollars|pounds))"
)
_FIGURE = re.compile(
    r"(?<![\w.,/$€£°:+*^=<>-])(?<![A-Z] )(?<!No\. )(?P<right>\d{1,3}(?:,\d{3})+|\d{1,4})(?= (?!(?:and|or|to|of|in|per|by|is|at|on|as|the|am|pm|years? old)\b)[a-z]{3,})"
)
_NO_COUNT = re.compile(
    r"\b(?:chapter|page|number|version|type|class|level|age|aged|grade|part|step|python|section|line)s? (?:of )?$",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"\b(?:than|over|under|least|most|up to|about|around|nearly|almost|some|approximately) $"
)  # of which more than one number is true
_REFERS = re.compile(r"\b(?:this|these|those|such|he|she|it|they|him|his|her|their|its)\b", re.IGNORECASE)
_DEFAULT = re.compile(
    r"\b(?:[Dd]efaults? (?:is|to|value is|value of)|[Bb]y default,?|[Dd]efault:) (?P<right>\d+(?:\.\d+)?)(?=[.,;)]?(?:\s|$))"
)
_WHETHER = re.compile(r"(?:Whether|If True|If set to True|Set to True|Flag|When True)\b")
_TRUTH = re.compile(
    r"\b(?:[Dd]efaults? (?:is|to|value is)|[Bb]y default,?|[Dd]efault:|[Dd]efault) (?P<right>True|False|None)(?=[.,;)]?(?:\s|$))"
)
_VALUES = ("None", "False", "True", "'auto'")
_BOOLEAN = re.compile(r"(?<![\w.'\"=])(?P<right>True|False)(?![\w.'\"])")
_VALUE_WORDS = re.compile(r"\b(?:True|False|None|auto)\b")
_EXCEPTION = re.compile(rf"(?<![\w.])(?P<right>{'|'.join(EXCEPTIONS)})(?![\w.]\w)")
_RAISED = re.compile(r"(?:If|When) (?P<case>[^.;]+)\.")


@dataclass(frozen=True)
class _Question:
    """A question with its right answer and three wrong ones of the same kind, in the order of the options.

    told: the sentence or listed line that tells the answer. kind: of the fact that it asks for.
    """

    asked: str
    right: str
    options: Sequence[str]
    told: str
    kind: str = "gap"


def multiple_choice(passage: Passage, others: Sequence[str]) -> dict[str, str]:
    """A question about one fact of the passage, of a kind that a hash picks; Refused where it tells none that can be asked for so."""
    found = _questions(passage, others)
    if not found:
        raise Refused("nothing_to_ask", "it tells no fact that can be asked for among others of its kind")
    # nearly each passage tells a year, and few what others can lend to
    kinds = sorted({one.kind for one in found} - _PLENTY) or sorted({one.kind for one in found})
    kind = kinds[_number(passage.title, "kind") % len(kinds)]
    of_kind = [one for one in found if one.kind == kind]
    one = of_kind[_number(passage.title, "which") % len(of_kind)]
    return {
        "question": one.asked,
        **{f"option_{letter.lower()}": option for letter, option in zip(LETTERS, one.options, strict=True)},
        "answer": LETTERS[one.options.index(one.right)],
        "explanation": explained(passage, one.told),
    }


def can_ask(title: str, text: str, others: Sequence[str]) -> bool:
    """Whether a passage tells a fact that such a question can ask for."""
    return is_usable(title, text) and bool(_questions(usable(title, text), others))


def _questions(passage: Passage, others: Sequence[str]) -> list[_Question]:
    asks = _of_program(passage) if passage.named else _of_topic(passage, others)
    return [one for one in asks if len(set(one.options)) == len(LETTERS)]


def _number(*named: str) -> int:
    """A number that depends on nothing but the words: every run makes the same choices, and all letters are right equally often."""
    return int(sha256_text(" ".join(named))[:8], 16)


def _of_topic(passage: Passage, others: Sequence[str]) -> Iterator[_Question]:
    """The questions about a topic: for its facts, and sentences with a gap where a year or a figure stood, of the opening where it tells no fact."""
    found = [*_of_facts(passage, others)]
    yield from found
    for place in range(bool(found), len(passage.prose)):
        yield from _gaps(passage, place)


def _of_facts(passage: Passage, others: Sequence[str]) -> Iterator[_Question]:
    """A question for each fact: a year among years like it, all else among what other passages tell of the same kind."""
    for fact in facts(passage):
        number = _number(passage.title, fact.kind)
        if fact.kind in YEARS:
            taken, born = years_in(" ".join(passage.prose)), life_of(passage).born
            years = years_like(int(fact.right), taken, number)
            if fact.kind == "died" and born and years[0] < born:  # nobody dies before
                years = years_like(int(fact.right), taken, number - number % len(LETTERS))
            yield _Question(fact.question, fact.right, [str(one) for one in years], fact.told, fact.kind)
        elif len(wrong := lent_values(fact, passage, others)) >= _WRONG:
            yield _Question(fact.question, fact.right, sorted([fact.right, *wrong[:_WRONG]]), fact.told, fact.kind)


def _gaps(passage: Passage, place: int) -> Iterator[_Question]:
    """The sentence at a place with a gap, where it tells one year, or one figure of something that can be counted."""
    told = passage.prose[place]
    if TELLS_THE_TIME.search(told) or not is_single(passage, place):
        return
    sentence = with_subject(passage, told)
    years = [*_YEAR.finditer(sentence)]
    if len(years) == len(FOUR_DIGITS.findall(sentence)) == 1 and (
        asked := _gapped(passage, sentence, years[0], "year")
    ):
        yield _with_years(passage, asked, years[0]["right"], told)
    yield from _counts(passage, sentence, told)
    truths = [*_BOOLEAN.finditer(sentence)]
    if (
        passage.named
        and len(truths) == len(_VALUE_WORDS.findall(sentence)) == 1
        and (asked := _gapped(passage, sentence, truths[0], "value"))
    ):
        yield _Question(asked, truths[0]["right"], _values(asked), told)
    raised = [*_EXCEPTION.finditer(sentence)]
    again = " ".join([*passage.prose, *(name for name, _ in passage.errors)])
    if (
        passage.named
        and len(raised) == again.count(raised[0]["right"] if raised else "") == 1
        and (asked := _gapped(passage, sentence, raised[0], "exception"))
    ):
        yield _Question(
            asked, raised[0]["right"], exceptions_like(raised[0]["right"], set(words(again)), _number(asked)), told
        )


def _counts(passage: Passage, sentence: str, told: str) -> Iterator[_Question]:
    """The sentence with a gap where the one figure stood, in digits or as a word."""
    figures = [
        one
        for one in _FIGURE.finditer(sentence)
        if not (FOUR_DIGITS.fullmatch(one[0]) or _NO_COUNT.search(sentence[: one.start()]))
    ]
    if len(figures) == len(numbers(sentence)) == 1 and (asked := _gapped(passage, sentence, figures[0], "figure")):
        right = figures[0]["right"]
        options = figures_like(right, numbers(" ".join(passage.prose)), _number(asked))
        yield _Question(asked, right, options, told)
    counts = [*NUMBER_WORD.finditer(sentence)]
    if not figures and len(counts) == 1 and (asked := _gapped(passage, sentence, counts[0], "number")):
        right = counts[0]["right"]
        yield _Question(
            asked, right, numbers_like(right, set(words(" ".join(passage.prose).lower())), _number(asked)), told
        )


def _with_years(passage: Passage, asked: str, year: str, told: str) -> _Question:
    taken = years_in(" ".join(passage.prose))
    return _Question(asked, year, [str(one) for one in years_like(int(year), taken, _number(asked))], told)


def _gapped(passage: Passage, sentence: str, found: re.Match[str], kind: str) -> str:
    """The question for what is missing; "" where the sentence does not say by itself what it is about, or has it in an aside."""
    start, end = found.span("right")
    if sentence.count("(", 0, start) > sentence.count(")", 0, start) or _ABOUT.search(sentence[:start]):
        return ""
    left = f"{sentence[:start]}{_GAP}{sentence[end:]}"
    named = passage.subject in sentence if passage.named else has_all(passage.title, sentence)
    if named:
        return f"Which {kind} is missing here? {left}"
    if _REFERS.search(sentence):
        return ""
    return f"Which {kind} is missing in this sentence about {passage.subject}? {left}"


def _truths_of(passage: Passage, name: str, text: str) -> Iterator[_Question]:
    """The sentences about an argument that is true or false, with a gap where it says which."""
    if not _WHETHER.match(text):
        return
    for sentence in sentences(text)[1:]:
        truths = [*_BOOLEAN.finditer(sentence)]
        if (
            len(truths) == len(_VALUE_WORDS.findall(sentence)) == 1
            and len(words(sentence)) >= _SENTENCE
            and stands_alone(sentence)
        ):
            start, end = truths[0].span("right")
            asked = f"Which value is missing in this sentence about the argument `{name}` of {passage.subject}? {sentence[:start]}{_GAP}{sentence[end:]}"
            yield _Question(asked, truths[0]["right"], _values(asked), f"- `{name}`: {text}")


def _values(asked: str) -> Sequence[str]:
    first = _number(asked) % len(_VALUES)
    return _VALUES[first:] + _VALUES[:first]


def _of_program(passage: Passage) -> Iterator[_Question]:
    """The questions about a part of a program: the default of an argument, when which exception is raised, and counts in its prose."""
    for name, text in passage.arguments:
        line = f"- `{name}`: {text}"
        asked = f"What is the default of the argument `{name}` of {passage.subject}?"
        found = [*_DEFAULT.finditer(text)]
        if len(found) == 1:
            yield _Question(
                asked, found[0]["right"], figures_like(found[0]["right"], numbers(text), _number(asked)), line
            )
        truths = [*_TRUTH.finditer(text)]
        if len(truths) == 1 and _WHETHER.match(text) and "auto" not in text:
            yield _Question(asked, truths[0]["right"], _values(asked), line)
        yield from _truths_of(passage, name, text)
    told = {word for _, text in passage.errors for word in words(text)} | {name for name, _ in passage.errors}
    for name, text in passage.errors:
        case = _RAISED.match(text)
        if case and name in EXCEPTIONS and len(words(case["case"])) >= _CASE_WORDS:
            asked = f"Which exception does {passage.subject} raise if {case['case']}?"
            yield _Question(asked, name, exceptions_like(name, told, _number(asked)), f"- Raises `{name}`: {text}")
    for place in range(len(passage.prose)):
        yield from _gaps(passage, place)
