"""A question with four options, of which one is right: a year, a figure, a default or an exception that the passage tells, among others like it.

All four are of one kind and of like size, and none but the right one stands in the passage, so that nothing but knowledge tells it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from inference.baseline.options import EXCEPTIONS, NUMBERS, exceptions_like, figures_like, numbers_like, years_like
from inference.baseline.passage import Passage, stands_alone, with_subject
from inference.baseline.single import is_single
from inference.baseline.telling import Refused, dense, room
from inference.baseline.topics import BRACKETED, definition, has_all, is_person, name_of
from inference.baseline.usable import is_usable, usable
from lake.ids import sha256_text
from texts.formats.multiple_choice import LETTERS
from texts.words import numbers, sentences, words

_SENTENCE = 7  # words, at least, of a sentence with a gap
_CASE_WORDS = 3  # of the case in which an exception is raised
_GAP = "____"
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DATE = rf"(?:(?:{_MONTHS}) \d{{1,2}}, |\d{{1,2}} (?:{_MONTHS}),? |(?:{_MONTHS}) )?"
_A_YEAR = r"1\d{3}|20[0-2]\d"
_YEAR = re.compile(
    rf"(?:\b(?:[Ii]n|[Ss]ince|[Uu]ntil|[Bb]y|[Oo]f|[Dd]uring|[Aa]fter|[Bb]efore|[Ff]rom|is an?|was an?|{_MONTHS}),? |\b(?:{_MONTHS}) \d{{1,2}}, )"
    rf"(?P<right>{_A_YEAR})\b(?![-–/\d]|s\b|['’]| (?:BC|people|men|troops|copies|dollars|pounds))"
)
_FOUR_DIGITS = re.compile(r"\b\d{4}\b")
_TELLS_THE_TIME = re.compile(r"\bcentury\b|\b\d+0s\b|\byears? (?:later|earlier|after|before)\b|\baged\b", re.IGNORECASE)
_NUMBER_WORD = re.compile(
    rf"(?<![-\w])(?P<right>{'|'.join(NUMBERS[1:])})(?= (?!(?:and|or|to|of|in|per|by|is|at|on|as|the|times)\b)[a-z]{{3,}})"
)
_FIGURE = re.compile(
    r"(?<![\w.,/$€£°:+*^=<>-])(?<![A-Z] )(?<!No\. )(?P<right>\d{1,3}(?:,\d{3})+|\d{1,4})(?= (?!(?:and|or|to|of|in|per|by|is|at|on|as|the|am|pm|years? old)\b)[a-z]{3,})"
)
_NO_COUNT = re.compile(
    r"\b(?:chapter|page|number|version|type|class|level|age|aged|grade|part|step|python|section|line)s? (?:of )?$",
    re.IGNORECASE,
)
_REFERS = re.compile(r"\b(?:this|these|those|such|he|she|it|they|him|his|her|their|its)\b", re.IGNORECASE)
_LIFE = re.compile(
    rf"(?:[^()\d–-]*, )?(?:born )?{_DATE}(?P<born>{_A_YEAR}) ?[–-] ?(?:[^()\d–-]*, )?{_DATE}(?P<died>{_A_YEAR})"
)
_BORN = re.compile(rf"born (?:[^()\d;]{{0,40}}; )?{_DATE}(?P<born>{_A_YEAR})(?:,? [^()\d]*)?")
_BRACKET = re.compile(r"[^()]{2,90}? ?\((?P<inside>[^()]*)\)")
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
    """A question with its right answer and three wrong ones of the same kind, in the order of the options."""

    asked: str
    right: str
    options: Sequence[str]
    told: str = ""  # what the question tells of the passage: a sentence, or what is said of an argument


def multiple_choice(passage: Passage, others: Sequence[str]) -> dict[str, str]:
    """A question about one fact of the passage; Refused where it tells none that can be asked for so."""
    found = _questions(passage)
    if not found:
        raise Refused("nothing_to_ask", "it tells no year, figure, value, default or exception that can be asked for")
    one = found[_number(passage.title, "which") % len(found)]
    rest = replace(
        passage,
        prose=tuple(sentence for sentence in passage.prose if sentence != one.told),
        arguments=tuple(entry for entry in passage.arguments if entry[1] != one.told),
    )
    return {
        "question": one.asked,
        **{f"option_{letter.lower()}": option for letter, option in zip(LETTERS, one.options, strict=True)},
        "answer": LETTERS[one.options.index(one.right)],
        "explanation": dense(rest, room(passage) - len(words(one.asked))),
    }


def can_ask(title: str, text: str) -> bool:
    """Whether a passage tells a fact that such a question can ask for."""
    return is_usable(title, text) and bool(_questions(usable(title, text)))


def _questions(passage: Passage) -> list[_Question]:
    asks = _of_program(passage) if passage.named else _of_topic(passage)
    return [one for one in asks if len(set(one.options)) == len(LETTERS)]


def _number(*named: str) -> int:
    """A number that depends on nothing but the words: every run makes the same choices, and all letters are right equally often."""
    return int(sha256_text(" ".join(named))[:8], 16)


def _of_topic(passage: Passage) -> Iterator[_Question]:
    """The questions about a topic: when somebody was born or died, and sentences with a gap where a year or a figure stood."""
    yield from _of_a_life(passage)
    for place in range(len(passage.prose)):
        yield from _gaps(passage, place)


def _of_a_life(passage: Passage) -> Iterator[_Question]:
    opening, rest = passage.purpose, " ".join(passage.prose[1:])
    bracket = _BRACKET.match(opening)
    if bracket is None or not is_person(opening, rest) or definition(passage.title, opening) is None:
        return
    life = _LIFE.fullmatch(bracket["inside"]) or _BORN.fullmatch(bracket["inside"])
    for event, year in (life.groupdict() if life else {}).items():
        asked = f"In which year {'was' if event == 'born' else 'did'} {_asked(passage.title)} {'born' if event == 'born' else 'die'}?"
        yield _with_years(passage, asked, year)


def _asked(title: str) -> str:
    """The name as a question gives it: a single name with what goes on behind its comma.

    >>> _asked("John Lyon, 6th Lord Glamis"), _asked("Adolf, Duke of Holstein")
    ('John Lyon', 'Adolf, Duke of Holstein')
    """
    name = name_of(title)
    return name if " " in name else BRACKETED.sub("", title).strip()


def _gaps(passage: Passage, place: int) -> Iterator[_Question]:
    """The sentence at a place with a gap, where it tells one year, or one figure of something that can be counted."""
    told = passage.prose[place]
    if _TELLS_THE_TIME.search(told) or not is_single(passage, place):
        return
    sentence = with_subject(passage, told)
    years = [*_YEAR.finditer(sentence)]
    if len(years) == len(_FOUR_DIGITS.findall(sentence)) == 1 and (
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
        if not (_FOUR_DIGITS.fullmatch(one[0]) or _NO_COUNT.search(sentence[: one.start()]))
    ]
    if len(figures) == len(numbers(sentence)) == 1 and (asked := _gapped(passage, sentence, figures[0], "figure")):
        right = figures[0]["right"]
        options = figures_like(right, numbers(" ".join(passage.prose)), _number(asked))
        yield _Question(asked, right, options, told)
    counts = [*_NUMBER_WORD.finditer(sentence)]
    if not figures and len(counts) == 1 and (asked := _gapped(passage, sentence, counts[0], "number")):
        right = counts[0]["right"]
        yield _Question(
            asked, right, numbers_like(right, set(words(" ".join(passage.prose).lower())), _number(asked)), told
        )


def _with_years(passage: Passage, asked: str, year: str, told: str = "") -> _Question:
    taken = {int(one) for one in _FOUR_DIGITS.findall(" ".join(passage.prose))}
    return _Question(asked, year, [str(one) for one in years_like(int(year), taken, _number(asked))], told)


def _gapped(passage: Passage, sentence: str, found: re.Match[str], kind: str) -> str:
    """The question for what is missing; "" where the sentence does not say by itself what it is about, or has it in an aside."""
    start, end = found.span("right")
    if sentence.count("(", 0, start) > sentence.count(")", 0, start):
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
            yield _Question(asked, truths[0]["right"], _values(asked), text)


def _values(asked: str) -> Sequence[str]:
    first = _number(asked) % len(_VALUES)
    return _VALUES[first:] + _VALUES[:first]


def _of_program(passage: Passage) -> Iterator[_Question]:
    """The questions about a part of a program: the default of an argument, when which exception is raised, and counts in its prose."""
    for name, text in passage.arguments:
        asked = f"What is the default of the argument `{name}` of {passage.subject}?"
        found = [*_DEFAULT.finditer(text)]
        if len(found) == 1:
            yield _Question(asked, found[0]["right"], figures_like(found[0]["right"], numbers(text), _number(asked)))
        truths = [*_TRUTH.finditer(text)]
        if len(truths) == 1 and _WHETHER.match(text) and "auto" not in text:
            yield _Question(asked, truths[0]["right"], _values(asked))
        yield from _truths_of(passage, name, text)
    told = {word for _, text in passage.errors for word in words(text)} | {name for name, _ in passage.errors}
    for name, text in passage.errors:
        case = _RAISED.match(text)
        if case and name in EXCEPTIONS and len(words(case["case"])) >= _CASE_WORDS:
            asked = f"Which exception does {passage.subject} raise if {case['case']}?"
            yield _Question(asked, name, exceptions_like(name, told, _number(asked)))
    for place in range(len(passage.prose)):
        yield from _gaps(passage, place)
