"""The rubric: a baseline that looks at the surface of a text, without weights and without understanding it.

It rates four things, each 0..1, and takes off for what makes a text worse whatever it is about. None of them grows with
length beyond some thirty different words:

- structure: the share of sentences that are complete, and words that tie them together;
- information: distinct content words, saturating early, and the share of them that are figures, codes or names;
- relevance: whether what the first line asks of comes again in what follows it;
- rarity: the share of the content words that are not everyday words;
- penalties: sentences or phrases said again, vague words, misspelt common words, no sentence case, an end cut off (`texts.slips`),
  and words in no order, a page's debris, a refusal, an opening that says nothing (`texts.defects`).

It cannot tell true from false. Where a text does not look English, rarity is neutral and the penalties that need
English are not applied; a text of one line has neutral relevance. The scale is the method's (section 2.3): overall 1..10,
compressed to 0..5, high from 8 (compressed 4) on.

Example: "Rinse the rice." has two content words (rinse, rice), neither of them everyday, one specific ("Rinse", by its
capital) and one complete sentence; nothing ties it to another:

    structure    0.85 * 1 + 0.15 * 0                           = 0.850
    information  0.8 * (1 - exp(-2 / 10)) + 0.2 * 1            = 0.345
    relevance    neutral                                       = 0.750
    rarity       2 / 2                                         = 1.000
    score        5 * (0.4 * 0.850 + 0.3 * 0.345 + 0.2 * 0.75 + 0.1 * 1.0) = 3.468, overall 7, compressed 3
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from texts.coded_words import CodedWords, coded
from texts.defects import defects
from texts.slips import MOST_FAULT, Form, forms, looks_english, spoilt
from texts.spelling import COMMON, MISSPELT
from texts.words import FUNCTION_WORDS, STEMS, words

Shares = NDArray[np.float64]

TERMS = ("structure", "information", "relevance", "rarity", "fault", "defect")
HIGH = 4.0  # score from which a text counts as high
# scores at which overall steps up to 2, 3, ... 10: chosen so that compress(overall) >= 4 exactly where score >= 4
_STEPS = (0.25, 0.5, 0.75, 1.0, 2.0, 3.0, 4.0, 4.5, 4.8)
_WORDS_SCALE = 10.0  # distinct content words at which what is said reaches 1 - 1/e
_SPECIFIC_SHARE = 0.2  # of the content words, from which a text is as specific as any
_TIED_SHARE = 0.5  # ties a sentence from which a text is as tied as any
_COME_AGAIN = 0.5  # of the content words of the first line, from which what follows is about them
_NEUTRAL = 0.75  # relevance where there is nothing to compare
_TIES = """because so therefore thus hence although though however while whereas if unless when until before after
first second third then next finally instead otherwise since example such also which whose where whether rather than"""
_CONNECTIVES = frozenset(_TIES.split())
_NO_CONTENT = FUNCTION_WORDS | frozenset(map(chr, range(128)))  # words that say nothing, and single letters


class Rating(NamedTuple):
    """One judgement of one text, each criterion 1..10."""

    rarity: int
    complexity: int
    informativeness: int
    overall: int


@dataclass(frozen=True)
class _Criteria:
    """The components of each text, 0..1, each of shape (texts,); `fault` and `defect` are what the penalties take off."""

    structure: Shares
    information: Shares
    relevance: Shares
    rarity: Shares
    fault: Shares
    defect: Shares

    @property
    def score(self) -> Shares:
        merits = 0.4 * self.structure + 0.3 * self.information + 0.2 * self.relevance + 0.1 * self.rarity
        return 5.0 * merits * (1.0 - np.minimum(MOST_FAULT, self.fault + self.defect))


def ratings(texts: Sequence[str]) -> list[Rating]:
    """The rating of each text; a text always gets the same one, whatever texts are rated with it.

    Many texts in one call take a fifth of the time of as many calls; so do `scores`.
    """
    criteria = _criteria(texts)
    shares = (criteria.rarity, criteria.structure, criteria.information)
    marks = [1 + np.rint(9 * share).astype(int) for share in shares]
    overall = 1 + np.searchsorted(_STEPS, criteria.score, side="right")
    return [Rating(*marked) for marked in zip(*(mark.tolist() for mark in (*marks, overall)), strict=True)]


def scores(texts: Sequence[str]) -> list[float]:
    """The continuous score of each text, 0..5; it is at least 4 exactly where the compressed overall rating is."""
    return _criteria(texts).score.tolist() if texts else []


def score(text: str) -> float:
    """The continuous score of one text."""
    return scores([text])[0]


def compress(overall: int) -> int:
    """Overall 1..10 as the method's 0..5 (section 2.3): clipped to 4..9, minus 4."""
    return min(9, max(4, overall)) - 4


def terms(texts: Sequence[str]) -> Shares:
    """Each of TERMS of each text, 0..1, shape (texts, len(TERMS))."""
    criteria = _criteria(texts)
    return np.stack([getattr(criteria, name) for name in TERMS], axis=1)


def _criteria(texts: Sequence[str]) -> _Criteria:
    tokens = coded([words(text) for text in texts])
    lowered = tokens.mapped(str.lower)
    count, distinct = lowered.count(), lowered.distinct()
    english = looks_english(lowered)
    content = distinct.only(~distinct.where(_NO_CONTENT.__contains__)).mapped(STEMS.__getitem__).distinct()
    # a misspelt word is a fault, and no rare word on top of it; in other languages the table of slips says nothing
    content = content.only(~(content.where(MISSPELT.__contains__) & english[content.row]))
    spelt = tokens.distinct()
    specifics = spelt.count(spelt.where(_specific))
    said = np.maximum(content.count(), 1)
    rarity = content.count(~content.where(COMMON.__contains__)) / said
    form = forms(texts)
    ties = distinct.count(distinct.where(_CONNECTIVES.__contains__)) + form.steps
    empty = count == 0
    return _Criteria(
        structure=np.where(empty, 0.0, _structure(form, ties)),
        information=0.8 * (1.0 - np.exp(-content.count() / _WORDS_SCALE))
        + 0.2 * _up_to(specifics / said, _SPECIFIC_SHARE),
        relevance=np.where(empty, 0.0, _relevance(texts, lowered)),
        rarity=np.where(empty, 0.0, np.where(english, rarity, 0.5)),
        fault=np.where(empty, 1.0, spoilt(lowered, form, english)),
        defect=defects(texts, lowered),
    )


def _up_to(values: Shares, enough: float) -> Shares:
    return np.minimum(1.0, values / enough)


def _relevance(texts: Sequence[str], lowered: CodedWords) -> Shares:
    """The share of the first line's content words that come again in what follows it, up to what is enough of them."""
    first = np.array([len(words(text[: max(0, text.find("\n"))])) for text in texts], int)  # 0: there is one line
    content = ~lowered.where(_NO_CONTENT.__contains__)
    opens = lowered.place() < first[lowered.row]
    stems = lowered.mapped(STEMS.__getitem__)
    asked, told = stems.only(opens & content).distinct(), stems.only(~opens & content).distinct()
    again = asked.count(asked.within(told))
    comparable = (asked.count() > 0) & (told.count() > 0)
    return np.where(comparable, _up_to(again / np.maximum(asked.count(), 1), _COME_AGAIN), _NEUTRAL)


def _specific(token: str) -> bool:
    """Whether the token is a figure, a code or a name, as far as its letters tell."""
    return not token.isalpha() or not (token.islower() or STEMS[token] in COMMON)


def _structure(form: Form, ties: Shares) -> Shares:
    return 0.85 * form.complete / np.maximum(form.different, 1) + 0.15 * _up_to(
        ties / np.maximum(form.sentences, 1), _TIED_SHARE
    )
