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
# each pattern with strings of which one stands in whatever it matches: looking for these is ten times as fast
_DEBRIS = (
    re.compile(
        r"&(?:[a-z]{2,6}|#\d{2,5});|</?(?:p|br|div|span|li|ul|ol|td|tr|h\d|script|style)\b[^<>\n]{0,200}>|\ufffd|\u00c3[\u0080-\u00bf]"
        r"|\u00e2\u20ac|\[\d{1,3}\]|\[(?:edit|citation needed|insert[^\]\n]{0,40})\]|\([,;]"
    ),
    ("&", "</", ">", "[", "\ufffd", "\u00c3", "\u00e2", "(,", "(;"),
)
_REFUSAL = (
    re.compile(
        r"\b[Aa]s an AI\b|\b[Aa]s a (?:large )?language model\b|\bI(?:'m| am) sorry, but\b"
        r"|\bI(?: can't| cannot| can not|(?:'m| am) (?:un|not )able to) (?:answer|provide|assist|help|fulfil|comply|generate|do that)"
    ),
    ("s an AI", "language model", "sorry, but", "I can", "able to"),
)
_EMPTY_OPENING = (
    re.compile(
        r"^\W*(?:(?:A: )?(?:Sure|Certainly|Absolutely|Of course|Great question)[,!.]|(?:Thank you for|I hope this|Let me know if)\b)",
        re.MULTILINE,
    ),
    (
        "Sure",
        "Certainly",
        "Absolutely",
        "Of course",
        "Great question",
        "Thank you for",
        "I hope this",
        "Let me know if",
    ),
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


def _counted(text: str) -> list[int]:
    looked_for = (_DEBRIS, _REFUSAL, _EMPTY_OPENING)
    return [len(pattern.findall(text)) if any(map(text.__contains__, hints)) else 0 for pattern, hints in looked_for]


def _disorder(lowered: CodedWords) -> Shares:
    before = lowered.where(_BEFORE_NOUNS.__contains__)
    follows = np.append((lowered.row[1:] == lowered.row[:-1]) & lowered.where(_NO_NOUN.__contains__)[1:], False)
    return lowered.count(before & follows[: len(before)]) / np.maximum(lowered.count(before), _FEW)
