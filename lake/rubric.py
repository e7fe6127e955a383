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
"""

import math
import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import NamedTuple

from lake.spelling import COMMON, MISSPELT, VAGUE
from lake.words import FUNCTION_WORDS, LOWER, STEMS, Memo, sentences, words

HIGH = 4.0  # score from which a text counts as high
# scores at which overall steps up to 2, 3, ... 10: chosen so that compress(overall) >= 4 exactly where score >= 4
_STEPS = (0.25, 0.5, 0.75, 1.0, 2.0, 3.0, 4.0, 4.5, 4.8)
_WORDS_SCALE = 21.0  # distinct content words at which information reaches 1 - 1/e
_TIES = """because so therefore thus hence although though however while whereas if unless when until before after
first second third then next finally instead otherwise since example such also which whose where whether rather than"""
_CONNECTIVES = frozenset(_TIES.split())
_NO_CONTENT = FUNCTION_WORDS | frozenset(map(chr, range(128)))  # words that say nothing, and single letters
_STEP_LINE = re.compile(r"\n\s*(?:\d+[.)]|[-*•])(?=\s)")
_OPENING = re.compile(r"[\W_]*(?:[A-Z0-9\u00c0-\u00de\u0400-\u042f]|[^\x00-\u024f]|\w+[`:._(])")
_CLOSING = frozenset('.!?。！？:)"”`')
_CUT_OFF = re.compile(r"(?:\.\.\.|…|[,;–-]|\b(?:and|or|the|a|an|of|to|with|for|in|is|are))$")
_LONGEST_CUT = 5  # characters, with the one before it


class Rating(NamedTuple):
    """One judgement of one text, each criterion 1..10."""

    rarity: int
    complexity: int
    informativeness: int
    overall: int


@dataclass(frozen=True)
class _Criteria:
    """The components, 0..1; `fault` is what the penalties take off, 0..1."""

    information: float = 0.0
    structure: float = 0.0
    rarity: float = 0.0
    fault: float = 1.0

    @property
    def score(self) -> float:
        raw = 0.66 * self.information + 0.2 * self.structure + 0.14 * self.rarity
        return 5.0 * raw * (1.0 - self.fault)


def rate(text: str) -> Rating:
    """The rating of a text by the rules rubric; the same text always gets the same one."""
    criteria = _criteria(text)
    return Rating(
        rarity=_out_of_ten(criteria.rarity),
        complexity=_out_of_ten(criteria.structure),
        informativeness=_out_of_ten(criteria.information),
        overall=1 + bisect_right(_STEPS, criteria.score),
    )


def score(text: str) -> float:
    """The continuous score, 0..5; at least 4 exactly where `compress(rate(text).overall)` is."""
    return _criteria(text).score


def compress(overall: int) -> int:
    """Overall 1..10 as the method's 0..5: clipped to 4..9, minus 4."""
    return min(9, max(4, overall)) - 4


def faults(text: str) -> float:
    """What the penalties take off, 0..1: the rules engine prefers the cleaner of two sentences that say the same."""
    return _criteria(text).fault


def _out_of_ten(share: float) -> int:
    return 1 + round(9 * share)


def _criteria(text: str) -> _Criteria:
    tokens = words(text)
    if not tokens:
        return _Criteria()
    lowered = list(map(LOWER.__getitem__, tokens))
    distinct = frozenset(lowered)
    english = len(tokens) < 8 or sum(map(FUNCTION_WORDS.__contains__, lowered)) >= 0.15 * len(tokens)
    content = set(map(STEMS.__getitem__, distinct - _NO_CONTENT))
    if english:
        content = content - MISSPELT  # not -=, which walks through all of MISSPELT
    said = sentences(text)
    return _Criteria(
        information=_information(content, set(tokens)),
        structure=_structure(distinct, said, text),
        rarity=_rarity(content) if english else 0.5,
        fault=_fault(lowered, distinct, said, text, english=english),
    )


def _count(known: frozenset[str], lowered: list[str], distinct: frozenset[str]) -> int:
    """How many words are among `known`, of which a text has few different ones."""
    return sum(map(lowered.count, known & distinct))


def _information(content: set[str], distinct: set[str]) -> float:
    specifics = sum(map(_SPECIFIC.__getitem__, distinct))
    return 1.0 - math.exp(-(len(content) + min(specifics, 10)) / _WORDS_SCALE)


def _specific(token: str) -> bool:
    """Whether the token is a figure, a code or a name, as far as its letters tell."""
    return not token.isalpha() or not (token.islower() or STEMS[token] in COMMON)


_SPECIFIC = Memo(_specific)


def _structure(words_said: frozenset[str], said: list[str], text: str) -> float:
    distinct = set(said)
    complete = sum(map(_complete, distinct))
    ties = len(_CONNECTIVES & words_said) + len(_STEP_LINE.findall("\n" + text))
    return 0.6 * (complete / len(distinct)) * min(1.0, complete / 4) + 0.4 * min(1.0, ties / 4)


def _complete(sentence: str) -> bool:
    """Whether the sentence opens like one and ends with a stop."""
    return sentence[-1] in _CLOSING and bool(_OPENING.match(sentence, 0, len(sentence) - 1))


def _rarity(content: set[str]) -> float:
    rare = len(content - COMMON)
    return 0.5 * (1.0 - math.exp(-rare / 15)) + 0.5 * rare / len(content) if content else 0.0


def _fault(lowered: list[str], distinct: frozenset[str], said: list[str], text: str, *, english: bool) -> float:
    """The penalties together; each is a share of the text, weighted by how much it spoils it, and together at most
    0.9.
    """
    phrases = max(len(lowered) - 2, 0)
    different = len(set(zip(lowered, lowered[1:], lowered[2:], strict=False)))
    repeated = 1.0 - different / phrases if phrases else 0.0
    again = 1.0 - len(set(said)) / len(said)
    fault = 0.8 * repeated + 0.4 * again + (0.08 if _CUT_OFF.search(text.rstrip()[-_LONGEST_CUT:]) else 0.0)
    if english:
        fault += 2.0 * _count(VAGUE, lowered, distinct) / len(lowered)
        fault += 2.5 * _count(MISSPELT, lowered, distinct) / len(lowered)
        fault += 0.3 * sum(sentence[0].islower() and sentence[:20].isalpha() for sentence in said) / len(said)
    return min(0.9, fault)
