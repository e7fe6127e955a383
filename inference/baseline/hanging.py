"""Sentences about something whose first mention is not told: "the island", "those modules", "In September" without a year.

Knows English, and the nouns that a text mentions with an article after it has named the thing. A person who is named and not introduced
is not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from texts.words import STEMS, words

# each line: words for one sort of thing, of which one introduces the others
_NOUNS = [
    "film movie picture feature documentary short sequel prequel remake western comedy drama adaptation",
    "series show programme program serial sitcom season episode",
    "album record recording ep lp release track song single tune",
    "band group duo trio quartet ensemble orchestra choir",
    "company studio firm corporation business enterprise label publisher",
    "island isle archipelago",
    "city town village settlement municipality capital",
    "club team squad",
    "couple pair",
    "castle palace house mansion building hall tower residence estate manor",
    "school college university academy institute",
    "novel book story memoir play poem text work manuscript trilogy",
    "war conflict battle siege campaign invasion revolt rebellion",
    "king queen emperor empress monarch ruler",
    "duke duchess prince princess count countess earl baron",
    "bishop archbishop pope cardinal abbot",
    "treaty agreement alliance marriage union",
    "election tournament championship competition race contest season",
    "ship vessel boat",
    "church cathedral monastery abbey chapel",
    "river lake mountain valley",
    "occupation expedition mission trial murder accident crash fire earthquake",
]
_SORT = {word: number for number, line in enumerate(_NOUNS) for word in line.split()}
_SORT_OF = {STEMS[word]: number for word, number in _SORT.items()}
_THE = re.compile(
    rf"\b[Tt]he (?:[a-z-]+ ){{0,2}}?(?P<noun>{'|'.join(_SORT)})s?\b(?! (?:of|that|which|who|whose|where|to|about|by|from|for|in|on|at|against|between|with|under|during|[A-Z\"(]|\w+ed\b)|'s [A-Z]|-)"
)
_THAT = re.compile(
    r"\b(?:(?P<this>[Tt]his)|[Tt]h(?:ese|ose)|(?:[Oo]f|[Ii]n|[Aa]t|[Oo]n|[Ff]rom|[Tt]o|[Bb]y|[Ww]ith|[Ff]or|if|as) that) (?P<first>[a-z]{2,})(?: (?P<second>[a-z]{3,}))?"
)
# what the subject itself can be called, and what needs no mention
_ITSELF = frozenset(
    STEMS[word]
    for word in [
        "function",
        "method",
        "class",
        "module",
        "routine",
        "decorator",
        "object",
        "type",
        "attribute",
        "property",
        "constructor",
        "exception",
        "event",
        "hook",
        "parameter",
        "argument",
        "value",
        "option",
        "instance",
        "package",
        "library",
        "document",
    ]
)
_FREE = frozenset(
    STEMS[word]
    for word in [
        "way",
        "case",
        "time",
        "year",
        "day",
        "month",
        "period",
        "point",
        "area",
        "region",
        "age",
        "fact",
        "reason",
        "respect",
        "sense",
        "end",
        "context",
        "position",
        "means",
        "is",
        "are",
        "was",
        "were",
        "will",
        "can",
        "may",
        "has",
        "have",
        "does",
        "should",
        "must",
        "could",
        "would",
        "kind",
        "sort",
        "number",
    ]
)
_MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
_DATED = re.compile(
    rf"\b(?:[Ii]n|[Oo]n|[Bb]y|[Uu]ntil|[Ss]ince|[Ff]rom) (?:\d{{1,2}} )?(?:{_MONTH})\b(?!,? (?:\d{{1,2}},? )?\d{{3,4}})"
)
_YEAR = re.compile(r"\b\d{3,4}\b")
_BACK = re.compile(
    r"(?:[Tt]he|[Aa]|[Ss]ome|[Mm]ost|[Mm]any|[Bb]oth|[Aa]ll|[Ee]ach|[Tt]wo|[Tt]hree|[Mm]ajority|[Nn]one|[Oo]ne) (?:\w+ )?of (?:them|these|those|it|which)\b"
    r"|\b[Tt]he (?:latter|aforementioned)\b|\b[Tt]he (?:former|above|following)[,.]|\b(?:at|by|since|until) (?:that|this) (?:time|point)\b|\bby then\b"
)


def alone(title: str, told: Sequence[str], of_program: bool = False) -> Iterator[bool]:
    """For each sentence in its order whether all that it calls "the" or "that" is named in the title, in it, or in one before it that stands.

    of_program: a text that calls "the" what its arguments are, which are not all told.

    >>> [*alone("Airheads", ["It is a film of 1994.", "The movie runs long.", "The island is far.", "In May it ran."])]
    [True, True, False, True]
    >>> [*alone("Ada Moss", ["In May Ada Moss left."]), *alone("Malta", ["The island of Malta is dry."])]
    [False, True]
    """
    known, dated, first = _stems(title), False, True
    for sentence in told:
        fine = dated or bool(_YEAR.search(sentence)) or not _DATED.search(sentence)
        fine = fine and not (first and _BACK.search(sentence)) and _all_named(sentence, known, of_program)
        if fine:
            known |= _stems(sentence)
            dated, first = dated or bool(_YEAR.search(sentence)), False
        yield fine


def _all_named(sentence: str, known: set[str], of_program: bool) -> bool:
    """Whether the things that the sentence calls "the" or "that" are known, or named in it before."""
    for found in () if of_program else _THE.finditer(sentence):
        before = known | _stems(sentence[: found.start()])
        if _SORT[found["noun"]] not in {_SORT_OF.get(stem) for stem in before}:
            return False
    for found in _THAT.finditer(sentence):
        called = {STEMS[word] for word in (found["first"], found["second"]) if word}
        free = _FREE | _ITSELF if found["this"] else _FREE
        if not called & (free | known | _stems(sentence[: found.start()])):
            return False
    return True


def _stems(text: str) -> set[str]:
    return {STEMS[word.lower()] for word in words(text)}
