"""Does the answer mean what the target means? (method, section 4.4)"""

from collections.abc import Mapping, Sequence
from typing import Any

from trainers.rewards.basis import Basis
from trainers.rewards.format import scored_answers
from trainers.rewards.grounded import worth_of


def alignment_reward(completions: Sequence[str], columns: Mapping[str, Sequence[Any]], basis: Basis) -> list[float]:
    """The cosine between answer and target, at least 0, smooth rather than the method's step at 0.8, times what the answer is worth; 0 if malformed.

    Both are compared over their whole length. All texts of the batch are embedded in one call, each distinct one once.
    """
    answers = scored_answers(completions, columns)
    pairs = [(answer, target) for answer, target in zip(answers, columns["target"], strict=True) if answer is not None]
    texts = sorted({text for pair in pairs for text in pair})
    vectors = dict(zip(texts, basis.vectors(texts), strict=True)) if texts else {}
    return [
        0.0 if answer is None else worth * max(0.0, float(vectors[answer] @ vectors[target]))
        for answer, target, worth in zip(answers, columns["target"], worth_of(completions, columns), strict=True)
    ]
