"""How far a text agrees with a reference in its wording: F1 of pairs of neighbouring words (ROUGE-2; Lin 2004)."""

from collections import Counter
from itertools import pairwise

from texts.words import words


def agreement(text: str, reference: str) -> float:
    """F1 of the pairs of neighbouring words of both, in lower case, 0..1; 0 where either has none.

    >>> agreement("Rinse the rice well.", "First rinse the rice.")
    0.6666666666666666
    """
    own, wanted = _pairs(text), _pairs(reference)
    shared, total = (own & wanted).total(), own.total() + wanted.total()
    return 2 * shared / total if total else 0.0


def _pairs(text: str) -> Counter[tuple[str, str]]:
    return Counter(pairwise(word.lower() for word in words(text)))
