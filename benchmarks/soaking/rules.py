"""What a copy is: rules written for the soak alone, over plain words, one pair at a time.

>>> one, other = exchange("Is tar dear?", "It is."), exchange("IS  tar dear?", "it is.")
>>> exact_key(one) == exact_key(other), exact_key(one) == exact_key(exchange("Is tar dear?", "It is not."))
(True, False)
>>> sorted(grams(words("with tar and a brush")) & grams(words("with tar and a spoon")))
[('tar', 'and', 'a'), ('with', 'tar', 'and')]
"""

import re
import unicodedata

from benchmarks.soaking.records import Record

NEAR = 0.7
Grams = frozenset[tuple[str, ...]]

_WORD = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+")
_MEANING = re.compile(r"\d+|[-+*/=<>×÷]|\b(?:not|never|no)\b")


def folded(text: str) -> str:
    """The text after NFKC and case folding, its white space collapsed."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).split())


def exact_key(record: Record) -> tuple[tuple[str, str], ...]:
    """What exact copies share: every turn, folded. No two records of the soak differ in the case of a short word or in a power alone."""
    return tuple((role, folded(text)) for role, text in record.cleaned)


def words(text: str) -> list[str]:
    """The words of a text, folded; an ideograph is a word."""
    return _WORD.findall(folded(text))


def grams(found: list[str]) -> Grams:
    """The different runs of three words."""
    return frozenset(zip(found, found[1:], found[2:], strict=False))


def jaccard(one: Grams, other: Grams) -> float:
    """The share of their runs that both have; 0 where neither has any."""
    every = one | other
    return len(one & other) / len(every) if every else 0.0


def similarity(one: Record, other: Record) -> float:
    """The share of runs of three words that two whole records share, answer after prompt."""
    return jaccard(*(grams(words(record.prompt) + words(record.answer)) for record in (one, other)))


def are_near(one: Record, other: Record) -> bool:
    """Whether two records are near-duplicates: as wholes, prompt beside prompt, answer beside answer, with the same numbers, operators and
    negations in their order."""
    sides = ((one.prompt, other.prompt), (one.answer, other.answer))
    if similarity(one, other) < NEAR or not all(_sides_are_near(*side) for side in sides):
        return False
    first, second = (_MEANING.findall(folded(f"{record.prompt}\n{record.answer}")) for record in (one, other))
    return first == second


def _sides_are_near(one: str, other: str) -> bool:
    first, second = words(one), words(other)
    if min(len(first), len(second)) < 3:
        return first == second
    return jaccard(grams(first), grams(second)) >= NEAR
