"""The embedded judge's rubric: a baseline that looks at the surface of a text, without weights and without
understanding it.

It rates three things, each 0..1, and takes off for what makes a text worse whatever it is about:

- information: distinct content words, saturating; a figure or a named specific counts as an extra word;
- structure: complete sentences, words that tie them together, steps;
- rarity: how many of the content words are not everyday words;
- penalties: sentences or phrases said again, vague words, misspelt common words, no sentence case, an end cut off.

It cannot tell true from false. Where a text does not look English, rarity is neutral and the penalties that need
English are not applied. The scale is the method's (section 2.3): overall 1..10, compressed to 0..5, high from 8
(compressed 4) on.

Example: "Rinse the rice." has two content words (rinse, rice), neither of them everyday, one specific ("Rinse", by its
capital) and one complete sentence; nothing ties it to another:

    information  1 - exp(-(2 + 1) / 21)                        = 0.133
    structure    0.6 * 1 * (1 / 4) + 0.4 * 0                   = 0.150
    rarity       0.5 * (1 - exp(-2 / 15)) + 0.5 * (2 / 2)      = 0.562
    score        5 * (0.66 * 0.133 + 0.2 * 0.150 + 0.14 * 0.562) = 0.983, overall 4, compressed 0
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from texts.coded_words import CodedWords, Mask, coded
from texts.spelling import COMMON, MISSPELT, VAGUE
from texts.words import FUNCTION_WORDS, STEMS, sentences, words

Shares = NDArray[np.float64]

HIGH = 4.0  # score from which a text counts as high
# scores at which overall steps up to 2, 3, ... 10: chosen so that compress(overall) >= 4 exactly where score >= 4
_STEPS = (0.25, 0.5, 0.75, 1.0, 2.0, 3.0, 4.0, 4.5, 4.8)
_FEW_WORDS = 8  # too few to tell the language by
_WORDS_SCALE = 21.0  # distinct content words at which information reaches 1 - 1/e
_TIES = """because so therefore thus hence although though however while whereas if unless when until before after
first second third then next finally instead otherwise since example such also which whose where whether rather than"""
_CONNECTIVES = frozenset(_TIES.split())
_NO_CONTENT = FUNCTION_WORDS | frozenset(map(chr, range(128)))  # words that say nothing, and single letters
_STEP_LINE = re.compile(r"\n\s*(?:\d+[.)]|[-*•])(?=\s)")
_OPENING = re.compile(r"[\W_]*(?:[A-Z0-9\u00c0-\u00de\u0400-\u042f]|[^\x00-\u024f]|\w+[`:._(])")
_CLOSING = frozenset('.!?。！？:)"”`')
_CUT_OFF = re.compile(r"(?:\.\.\.|…|[,;–-]|\b(?:and|or|the|a|an|of|to|with|for|in|is|are))$")
_MOST_SCORED = 2_048  # texts whose scores are remembered: weak versions of an item are scored as they are made, and again as they are used
_SCORED: dict[str, float] = {}
_LONGEST_CUT = 5  # characters, with the one before it


class Rating(NamedTuple):
    """One judgement of one text, each criterion 1..10."""

    rarity: int
    complexity: int
    informativeness: int
    overall: int


@dataclass(frozen=True)
class _Criteria:
    """The components of each text, 0..1, each of shape (texts,); `fault` is what the penalties take off, 0..1."""

    information: Shares
    structure: Shares
    rarity: Shares
    fault: Shares

    @property
    def score(self) -> Shares:
        raw = 0.66 * self.information + 0.2 * self.structure + 0.14 * self.rarity
        return 5.0 * raw * (1.0 - self.fault)


class _Form(NamedTuple):
    """Counts for each text, shape (texts,): its sentences, the different ones, of these the complete ones, sentences that open in
    lower case, lines that open like a step, and 1 for an end that is cut off.
    """

    sentences: Shares
    different: Shares
    complete: Shares
    uncapitalised: Shares
    steps: Shares
    cut_off: Shares


def ratings(texts: Sequence[str]) -> list[Rating]:
    """The rating of each text; a text always gets the same one, whatever texts are rated with it.

    Many texts in one call take a fifth of the time of as many calls; so do `scores` and `faults`.
    """
    criteria = _criteria(texts)
    shares = (criteria.rarity, criteria.structure, criteria.information)
    marks = [1 + np.rint(9 * share).astype(int) for share in shares]
    overall = 1 + np.searchsorted(_STEPS, criteria.score, side="right")
    return [Rating(*marked) for marked in zip(*(mark.tolist() for mark in (*marks, overall)), strict=True)]


def scores(texts: Sequence[str]) -> list[float]:
    """The continuous score of each text, 0..5; it is at least 4 exactly where the compressed overall rating is."""
    lacking = [text for text in dict.fromkeys(texts) if text not in _SCORED]
    found = dict(zip(lacking, _criteria(lacking).score.tolist() if lacking else (), strict=True))
    scored = [found[text] if text in found else _SCORED[text] for text in texts]
    if len(_SCORED) + len(found) > _MOST_SCORED:
        _SCORED.clear()
    if len(found) <= _MOST_SCORED:
        _SCORED.update(found)
    return scored


def score(text: str) -> float:
    """The continuous score of one text."""
    return scores([text])[0]


def compress(overall: int) -> int:
    """Overall 1..10 as the method's 0..5 (section 2.3): clipped to 4..9, minus 4."""
    return min(9, max(4, overall)) - 4


def faults(texts: Sequence[str]) -> list[float]:
    """What the penalties take off each text, 0..1. Of two sentences that say the same, inference.baseline keeps the cleaner one."""
    return _criteria(texts).fault.tolist()


def terms(texts: Sequence[str]) -> Shares:
    """Information, structure, rarity and penalties of each text, 0..1, shape (texts, 4)."""
    criteria = _criteria(texts)
    return np.stack([criteria.information, criteria.structure, criteria.rarity, criteria.fault], axis=1)


def _criteria(texts: Sequence[str]) -> _Criteria:
    tokens = coded([words(text) for text in texts])
    lowered = tokens.mapped(str.lower)
    count, distinct = lowered.count(), lowered.distinct()
    english = (count < _FEW_WORDS) | (lowered.count(lowered.where(FUNCTION_WORDS.__contains__)) >= 0.15 * count)
    content = distinct.only(~distinct.where(_NO_CONTENT.__contains__)).mapped(STEMS.__getitem__).distinct()
    # a misspelt word is a fault, and no rare word on top of it; in other languages the table of slips says nothing
    content = content.only(~(content.where(MISSPELT.__contains__) & english[content.row]))
    spelt = tokens.distinct()
    specifics = spelt.count(spelt.where(_specific))
    rare = content.count(~content.where(COMMON.__contains__))
    rarity = 0.5 * (1.0 - np.exp(-rare / 15)) + 0.5 * rare / np.maximum(content.count(), 1)
    form = _Form(*np.array([_form(text) for text in texts], float).reshape(-1, len(_Form._fields)).T)
    ties = distinct.count(distinct.where(_CONNECTIVES.__contains__)) + form.steps
    empty = count == 0
    return _Criteria(
        # at most ten specifics: a table of figures is no better for being longer
        information=1.0 - np.exp(-(content.count() + np.minimum(specifics, 10)) / _WORDS_SCALE),
        structure=np.where(empty, 0.0, _structure(form, ties)),
        rarity=np.where(empty, 0.0, np.where(english, rarity, 0.5)),
        fault=np.where(empty, 1.0, _fault(lowered, form, english)),
    )


def _specific(token: str) -> bool:
    """Whether the token is a figure, a code or a name, as far as its letters tell."""
    return not token.isalpha() or not (token.islower() or STEMS[token] in COMMON)


def _form(text: str) -> tuple[int, ...]:
    """The fields of `_Form` for one text."""
    cut = sentences(text)
    distinct = set(cut)
    return (
        len(cut),
        len(distinct),
        sum(map(_complete, distinct)),
        sum(sentence[0].islower() and sentence[:20].isalpha() for sentence in cut),
        len(_STEP_LINE.findall("\n" + text)),
        bool(_CUT_OFF.search(text.rstrip()[-_LONGEST_CUT:])),
    )


def _complete(sentence: str) -> bool:
    """Whether the sentence opens with a capital, a figure or a name of code, and ends with a stop."""
    return sentence[-1] in _CLOSING and bool(_OPENING.match(sentence, 0, len(sentence) - 1))


def _structure(form: _Form, ties: Shares) -> Shares:
    complete = form.complete / np.maximum(form.different, 1)
    return 0.6 * complete * np.minimum(1.0, form.complete / 4) + 0.4 * np.minimum(1.0, ties / 4)


def _fault(lowered: CodedWords, form: _Form, english: Mask) -> Shares:
    """The sum of the penalties, at most 0.9: each is a share of the text, times a weight for how much it spoils the text."""
    count, said = np.maximum(lowered.count(), 1), np.maximum(form.sentences, 1)
    phrases = np.maximum(count - 2, 0)
    repeated = (phrases - lowered.count_distinct_trigrams()) / np.maximum(phrases, 1)
    fault = 0.8 * repeated + 0.4 * (said - form.different) / said + 0.08 * form.cut_off
    vague, misspelt = (lowered.count(lowered.where(known.__contains__)) for known in (VAGUE, MISSPELT))
    of_english = 2.0 * vague / count + 2.5 * misspelt / count + 0.3 * form.uncapitalised / said
    return np.minimum(0.9, fault + np.where(english, of_english, 0.0))
