"""A sentence made false by one change: another year or figure, or an opposite word."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from inference.baseline.facts import FOUR_DIGITS, TELLS_THE_TIME, Life, years_in
from inference.baseline.options import LATEST, NUMBER_WORD, figures_like, numbers_like, year_beside
from texts.words import numbers, words

_FIGURE = re.compile(
    r"(?<![\w.`*/^+–-])(?<![A-Z] )(?<!No\. )[0-9]{1,15}(?![\w.-]*[`\w]|[.,]\d)"
)  # not "RFC 5322", nor "2-tuples"
CENTURIES = (1000, 2100)  # a figure between them is taken for a year
_EARLIEST = 100  # a year of three digits is one where what stands before it says so
_DATED = re.compile(
    r"(?:\b(?:[Ii]n|circa|until|since|from|died|born|January|February|March|April|May|June|July|August|September|October|November|December)|[–-]) ?$"
)
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


_NO_LIFE = Life()
GROWN = 15  # years: who is younger has no article


@dataclass(frozen=True)
class Change:
    """A sentence made false by one change, what stands in it instead of what, and of which kind that is."""

    text: str
    wrong: str
    right: str
    kind: str = "word"


def altered(sentence: str, number: int = 0, taken: Collection[int] = (), life: Life = _NO_LIFE) -> Change | None:
    """The sentence with one year, figure or word changed so that it is false; None where there is none to change.

    number: decides to which of several. taken: years that are told elsewhere, to none of which one is changed. life: of whom it is about.
    """
    figures = [*_FIGURE.finditer(sentence)]
    if years := [one for one in figures if _is_year(sentence, one)]:
        # beside a second year, an age or a decade a wrong one would refute itself
        if len(years) > 1 or len(FOUR_DIGITS.findall(sentence)) > 1 or TELLS_THE_TIME.search(sentence):
            return None
        wrong = _year_of_life(int(years[0][0]), number, {*taken, *years_in(sentence)}, life)
        return _changed(sentence, years[0], str(wrong), "year") if wrong else None
    if len(figures) == 1:
        others = [one for one in figures_like(figures[0][0], numbers(sentence), number >> 2) if one != figures[0][0]]
        return _changed(sentence, figures[0], others[number % len(others)], "figure") if others else None
    counts = [] if figures else [*NUMBER_WORD.finditer(sentence)]
    if len(counts) == 1:
        others = [
            one
            for one in numbers_like(counts[0]["right"], set(words(sentence.lower())), number >> 2)
            if one != counts[0]["right"]
        ]
        return _changed(sentence, counts[0], others[number % len(others)], "figure") if others else None
    for word, opposite in _FLIPS:
        if match := re.search(rf"(?<![\w`.-]){word}(?![\w`-]| cousins?\b)", sentence):
            if re.search(rf"\b{opposite}\b", sentence):
                continue  # "to the left or right child"
            return _changed(sentence, match, opposite, "word")
    return None


def _is_year(sentence: str, figure: re.Match[str]) -> bool:
    value, dated = int(figure[0]), bool(_DATED.search(sentence[: figure.start()]))
    return CENTURIES[0] <= value <= CENTURIES[1] or (dated and value >= _EARLIEST)


def _year_of_life(right: int, number: int, taken: Collection[int], life: Life) -> int | None:
    """Another year for what was in a year: of what was in a life, one in that life."""
    inside = life.born is not None and right > life.born
    earliest = life.born + min(GROWN, right - life.born) if life.born is not None and inside else _EARLIEST
    latest = life.died if life.died and right <= life.died else LATEST
    return year_beside(right, taken, number, earliest, latest)


def _changed(sentence: str, found: re.Match[str], wrong: str, kind: str) -> Change:
    before = _ARTICLE.sub(r"\1n " if wrong[0] in "aeiou" else r"\1 ", sentence[: found.start()])
    return Change(f"{before}{wrong}{sentence[found.end() :]}", wrong, found[0], kind)
