"""Slips of a text, whatever it is about and however long it is: said again, vague, misspelt, without case, cut off.

They tell which of two sentences that say the same is the cleaner one, and are part of the rubric (texts.rubric). What builds texts may ask
for them, and never for a rating: what it builds is judged by one that did not build it.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from texts.coded_words import CodedWords, Mask, coded
from texts.spelling import MISSPELT, VAGUE
from texts.words import FUNCTION_WORDS, sentences, words

Shares = NDArray[np.float64]

MOST_FAULT = 0.9  # that penalties take off together
_FEW_WORDS = 8  # too few to tell the language by
_STEP_LINE = re.compile(r"\n\s*(?:\d+[.)]|[-*•])(?=\s)")
_OPENING = re.compile(r"[\W_]*(?:[A-Z0-9\u00c0-\u00de\u0400-\u042f]|[^\x00-\u024f]|\w+[`:._(])")
_CLOSING = frozenset('.!?。！？:)"”`')
_CUT_OFF = re.compile(r"(?:\.\.\.|…|[,;–-]|\b(?:and|or|the|a|an|of|to|with|for|in|is|are))$")
_LONGEST_CUT = 5  # characters, with the one before it


class Form(NamedTuple):
    """Counts for each text, shape (texts,): its sentences, the different ones, of these the complete ones, sentences that open in
    lower case, lines that open like a step, and 1 for an end that is cut off.
    """

    sentences: Shares
    different: Shares
    complete: Shares
    uncapitalised: Shares
    steps: Shares
    cut_off: Shares


def faults(texts: Sequence[str]) -> list[float]:
    """What slips take off each text, 0..1; all of a text without words."""
    lowered = coded([words(text) for text in texts]).mapped(str.lower)
    fault = spoilt(lowered, forms(texts), looks_english(lowered))
    return np.where(lowered.count() == 0, 1.0, fault).tolist()


def looks_english(lowered: CodedWords) -> Mask:
    """Whether each text has the function words of English, or too few words to tell."""
    count = lowered.count()
    return (count < _FEW_WORDS) | (lowered.count(lowered.where(FUNCTION_WORDS.__contains__)) >= 0.15 * count)


def forms(texts: Sequence[str]) -> Form:
    """The counts of each text."""
    return Form(*np.array([_form(text) for text in texts], float).reshape(-1, len(Form._fields)).T)


def spoilt(lowered: CodedWords, form: Form, english: Mask) -> Shares:
    """The sum of the penalties, at most 0.9: each is a share of the text, times a weight for how much it spoils the text."""
    count, said = np.maximum(lowered.count(), 1), np.maximum(form.sentences, 1)
    phrases = np.maximum(count - 2, 0)
    repeated = (phrases - lowered.count_distinct_trigrams()) / np.maximum(phrases, 1)
    fault = 0.8 * repeated + 0.4 * (said - form.different) / said + 0.08 * form.cut_off
    vague, misspelt = (lowered.count(lowered.where(known.__contains__)) for known in (VAGUE, MISSPELT))
    of_english = 2.0 * vague / count + 2.5 * misspelt / count + 0.3 * form.uncapitalised / said
    return np.minimum(MOST_FAULT, fault + np.where(english, of_english, 0.0))


def _form(text: str) -> tuple[int, ...]:
    """The fields of `Form` for one text."""
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
