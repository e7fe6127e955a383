"""The three rewards as they were published (method, section 4), steps and gaps included: for recipe `paper`, to compare with.

They do not look at the members, so they pay for a fluent text about the right subject that is false; and the first two pay without any tags.
Where a library is missing or scoring fails the reference code gives 0.5; here the run fails.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from trainers.rewards.basis import Basis

_RESPONSE = re.compile(r"\s*(?:<think>.*?</think>\s*)?<answer>.*?</answer>\s*", re.DOTALL | re.IGNORECASE)
_FIRST_ANSWER = re.compile(r"<answer>(.*?)</answer>", re.DOTALL)
_MARKERS: Mapping[str, tuple[str, ...]] = {
    "qa": ("Q:", "A:"),
    "multiple_choice": ("Q:", "A)", "B)", "C)", "D)", "Answer:"),
    "true_false": ("Answer:",),
    "category_statement": ("C:", "S:"),
    "paragraph": (),
}
_ALIGNED = 0.8


def published_quality(completions: Sequence[str], columns: Mapping[str, Sequence[Any]], basis: Basis) -> list[float]:
    """1 where the rating that KNN-Bayes expects is at least 4, 0.3 where it is 3 exactly, else 0; 0 for a type without rated items."""
    earned = [0.0] * len(completions)
    for kind in set(columns["item_type"]) & basis.libraries.keys():
        places = [at for at, one in enumerate(columns["item_type"]) if one == kind]
        vectors = basis.vectors([scored_text(completions[at]) for at in places])
        for at, expected in zip(places, basis.libraries[kind].expected(vectors), strict=True):
            earned[at] = 1.0 if expected >= 4 else 0.3 if expected == 3 else 0.0
    return earned


def published_alignment(completions: Sequence[str], columns: Mapping[str, Sequence[Any]], basis: Basis) -> list[float]:
    """1 where the cosine of answer and target is at least 0.8, else 0."""
    answers = basis.vectors([scored_text(text) for text in completions])
    targets = basis.vectors(columns["target"])
    return [1.0 if one >= _ALIGNED else 0.0 for one in (answers * targets).sum(axis=1).tolist()]


def published_format(completions: Sequence[str], columns: Mapping[str, Sequence[Any]]) -> list[float]:
    """Half for the tags and nothing outside them, half for the type's markers in their order inside the first answer."""
    return [
        0.5 * (_RESPONSE.fullmatch(text) is not None) + 0.5 * _marked(text, kind)
        for text, kind in zip(completions, columns["item_type"], strict=True)
    ]


def scored_text(completion: str) -> str:
    """What is inside the first answer block; the whole completion where there is none."""
    found = _FIRST_ANSWER.search(completion)
    return found[1] if found else completion


def _marked(text: str, kind: str) -> bool:
    found = _FIRST_ANSWER.search(text)
    return found is not None and re.search(".*?".join(map(re.escape, _MARKERS[kind])), found[1], re.DOTALL) is not None
