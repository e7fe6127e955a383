"""How much of a group's content a text covers, how many of its facts it states, how much is copied; lexical, no model.

A text and its members are compared by content words and figures: a paraphrase is not recognised. Whether what a text states is
true to its members is another question: texts.grounding.
"""

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from texts.words import content_words, numbers, sentences, words

FACT_SHARE = 0.75  # of a fact's content words that must stand near one another for the fact to count as recovered
SHINGLE = 3
_AGAIN = 0.9
_RESULT = re.compile(r"(?:[-*•]\s+)?(?:Returns?|Results?|The result)(?: `[^`]+`)?:\s+")


def facts_recovered(facts: Sequence[str], text: str) -> float:
    """The share (0..1) of the facts that the text states; 1 for no facts.

    A fact is stated where one stretch of the text about twice as long holds three quarters of its content words, and
    the text all of its figures.
    """
    stems, figures = content_words(text), numbers(text)
    return sum(_stated(fact, stems, figures) for fact in facts) / len(facts) if facts else 1.0


def member_coverage(members: Sequence[str], text: str) -> list[float]:
    """For each member the share (0..1) of its distinct content words that the text has too; 1 for a member without any.

    A dotted name counts as its parts, so that `a.b` and "b of a" are the same words.
    """
    covered = _parts(text)
    return [_share(_parts(member), covered) for member in members]


def copied(members: Sequence[str], text: str) -> float:
    """The largest share (0..1) of the text's distinct word 3-shingles that one single member holds."""
    own = shingles(text)
    return max((_share(own, shingles(member)) for member in members), default=0.0) if own else 0.0


def repeated(text: str) -> float:
    """The share (0..1) of the text's words in sentences of which an earlier one holds nine tenths of the content words, and all figures.

    The label of a listed result ("Returns:") is no content.
    """
    said: list[tuple[frozenset[str], set[str]]] = []
    total = again = 0
    for sentence in sentences(text):
        stems, figures, length = (
            frozenset(content_words(_RESULT.sub("", sentence))),
            numbers(sentence),
            len(words(sentence)),
        )
        total += length
        if stems and any(len(stems & other) >= _AGAIN * len(stems) and figures <= others for other, others in said):
            again += length
        said.append((stems, figures))
    return again / total if total else 0.0


def shingles(text: str) -> set[tuple[str, ...]]:
    """The distinct word 3-grams of the text in lower case; a shorter text is one shingle."""
    lowered = [word.lower() for word in words(text)]
    return {tuple(lowered[i : i + SHINGLE]) for i in range(max(1, len(lowered) - SHINGLE + 1))} if lowered else set()


def _parts(text: str) -> set[str]:
    """The distinct content words of a text, dotted names taken apart."""
    return {part for stem in content_words(text) for part in stem.split(".")}


def _share(items: AbstractSet[object], among: AbstractSet[object]) -> float:
    """The share of the items that are among the others, 0..1; 1 for no items."""
    return len(items & among) / len(items) if items else 1.0


def _stated(fact: str, stems: Sequence[str], figures: set[str]) -> bool:
    """Whether a stretch of `stems` holds three quarters of the fact's content words, and `figures` all of its figures."""
    wanted = set(content_words(fact))
    if not numbers(fact) <= figures:
        return False
    width = 2 * len(wanted) + 8  # a sentence that states a fact has about as many words again
    starts = range(0, max(1, len(stems) - width // 2), max(1, width // 4))
    return any(_share(wanted, set(stems[start : start + width])) >= FACT_SHARE for start in starts)
