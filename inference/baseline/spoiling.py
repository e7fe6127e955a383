"""What spoils a text, or a part of it: figures lost, words mistyped, an end cut off, a capital dropped."""

from __future__ import annotations

import random
import re

from inference.baseline.fences import FENCE

_FIGURE = re.compile(r"(?<!\w)\d[\d.,:]*\b")
_DATED = re.compile(r"\s*\([^()]*\d[^()]*\)")
_IN_A_YEAR = re.compile(
    r"\b(?:[Ii]n|[Oo]n|[Ss]ince|[Uu]ntil|[Ff]rom|[Bb]y) (?:[A-Z][a-z]+ \d{1,2},? |\d{1,2} [A-Z][a-z]+ |[A-Z][a-z]+ )?[12]\d{3}\b(?![-–])"
)
_OF_A_YEAR = re.compile(r"(?<=\b[Aa] )[12]\d{3} (?=[A-Za-z])")
_FIRST_WORD = re.compile(r"[A-Za-z']+(?=\s|,)")
# words that are no name where a text opens with them
_SMALL = frozenset(
    [
        "the",
        "a",
        "an",
        "he",
        "she",
        "it",
        "they",
        "his",
        "her",
        "its",
        "their",
        "this",
        "these",
        "there",
        "in",
        "on",
        "at",
        "after",
        "before",
        "during",
        "when",
        "while",
        "as",
        "from",
        "by",
        "for",
        "with",
        "since",
        "until",
        "who",
        "what",
        "which",
        "how",
        "why",
        "where",
        "is",
        "are",
        "was",
        "were",
        "does",
        "do",
        "can",
        "tell",
        "give",
        "describe",
        "write",
        "explain",
        "make",
        "create",
        "list",
    ]
)
_WORD = re.compile(r"(?<!```)(?<![^\W\d_])[^\W\d_]{4,}")  # the language of a block of code is no word of it
_CLAUSE_BEGINS = re.compile(
    r",? (?:and|but|which|who|whose|because|while|when|after|before|where|with|including|such as|from|by|for|in|on|at|as) "
)
_MARKS = ".,;:!? "
_MISTYPED = 0.15  # of the words of four letters and more


def without_figures(text: str) -> str:
    """The text without the figures of dates and of brackets, and with "some" for each other one.

    >>> without_figures("In May 1931 Ada Moss (born 1901) fired 40 jars for a 1933 film.")
    'At some point Ada Moss fired some jars for a film.'
    """
    undated = _OF_A_YEAR.sub("", _DATED.sub("", text))
    told = _IN_A_YEAR.sub(lambda found: "At some point" if found[0][0].isupper() else "at some point", undated)
    return _FIGURE.sub("some", told)


def beginning(text: str, rng: random.Random) -> str:
    """The first part of a text, up to where a clause begins about half-way; in words where none does, in characters where it is written without
    spaces, in lines of code.
    """
    if text.startswith(FENCE):
        return half_of_code(text)
    rate, parts = rng.uniform(0.4, 0.7), text.split(" ")
    if len(parts) <= 3:
        return text[: max(1, int(len(text) * rate))].rstrip()
    low, high = 0.25 * len(text), 0.8 * len(text)
    ends = [
        one.start()
        for one in _CLAUSE_BEGINS.finditer(text)
        if low < one.start() < high and _no_bracket(text[: one.start()])
    ]
    if ends:
        return text[: rng.choice(ends)].rstrip(_MARKS)
    return " ".join(parts[: max(2, int(len(parts) * rate))]).rstrip(_MARKS)


def _no_bracket(text: str) -> bool:
    return text.count("(") == text.count(")") and text.count('"') % 2 == 0


def mistyped(text: str, rng: random.Random) -> str:
    """The text with slips in some of its longer words: two neighbours swapped, or a letter lost."""
    return _WORD.sub(lambda word: _slip(word[0], rng) if rng.random() < _MISTYPED else word[0], text)


def _slip(word: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(word) - 1)
    swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return rng.choice((swapped, word[:at] + word[at + 1 :]))


def opened_small(text: str) -> str:
    """The text with its first letter small where its first word is no name.

    >>> opened_small("The kiln is hot."), opened_small("Hull is far.")
    ('the kiln is hot.', 'Hull is far.')
    """
    first = _FIRST_WORD.match(text)
    return text[0].lower() + text[1:] if first and first[0].lower() in _SMALL else text


def half_of_code(block: str) -> str:
    """The first half of the lines of a block of code, its fence among them."""
    lines = block.split("\n")
    return "\n".join(lines[: max(2, len(lines) // 2)])
