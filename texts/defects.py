"""What spoils a whole text, whatever it is about: words in no order, debris of a page, a refusal, an opening that says nothing."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from texts.coded_words import CodedWords

Shares = NDArray[np.float64]

# what a noun phrase follows; no "a", which in code and figures is a name
_BEFORE_NOUNS = frozenset(("the", "an", "my", "your", "our", "their", "every"))
_FUNCTION = """the a an of to in is are was were be been and or for with from by at on into has have had he she they we i but who
which that it"""
_NO_NOUN = frozenset(_FUNCTION.split())
_FEW = 3.0  # fewer words before nouns than these count as so many
_DEBRIS = re.compile(
    r"&(?:[a-z]{2,6}|#\d{2,5});|</?(?:p|br|div|span|li|ul|ol|td|tr|h\d|script|style)\b[^<>\n]{0,200}>|\ufffd|\u00c3[\u0080-\u00bf]"
    r"|\u00e2\u20ac|\[\d{1,3}\]|\[(?:edit|citation needed|insert[^\]\n]{0,40})\]|\( ?[,;)]",
    re.IGNORECASE,
)
_REFUSAL = re.compile(
    r"\bas an AI\b|\bas a (?:large )?language model\b|\bI(?:'m| am) sorry, but\b"
    r"|\bI(?:'m| am)? (?:can't|cannot|can not|unable to|not able to) (?:answer|provide|assist|help|fulfil|comply|generate|do that)",
    re.IGNORECASE,
)
_EMPTY_OPENING = re.compile(
    r"^\W*(?:sure|certainly|absolutely|of course|great question)[,!.]|^\W*(?:thank you for|I hope this|let me know if)\b",
    re.IGNORECASE | re.MULTILINE,
)
_WEIGHTS = np.array([0.04, 0.3, 0.06])  # of a piece of debris, a refusal and an empty opening
_MOST = np.array([5, 1, 2])  # of each that count


def defects(texts: Sequence[str], lowered: CodedWords) -> Shares:
    """What the defects of each text take off its rating, shape (texts,); `lowered` has the words of the texts in lower case.

    Words that a noun follows and that stand before another word show the order of the words: a shuffled text has two in five of them so, and a
    written one hardly any.
    """
    counts = np.array([_counted(text) for text in texts], float).reshape(-1, len(_WEIGHTS))
    return _disorder(lowered) + np.minimum(counts, _MOST) @ _WEIGHTS


def _counted(text: str) -> tuple[int, ...]:
    debris = len(_DEBRIS.findall(text)) if any(map(text.__contains__, "&<[(\ufffd\u00c3\u00e2")) else 0
    return debris, _REFUSAL.search(text) is not None, len(_EMPTY_OPENING.findall(text))


def _disorder(lowered: CodedWords) -> Shares:
    before = lowered.where(_BEFORE_NOUNS.__contains__)
    follows = np.append((lowered.row[1:] == lowered.row[:-1]) & lowered.where(_NO_NOUN.__contains__)[1:], False)
    return lowered.count(before & follows[: len(before)]) / np.maximum(lowered.count(before), _FEW)
