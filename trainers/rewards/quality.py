"""How good is the answer by itself? (method, section 4.3)"""

from collections.abc import Mapping, Sequence
from typing import Any

from texts.coverage import copied
from texts.formats.distillation import answer_of
from trainers.rewards.basis import Basis
from trainers.rewards.grounded import supported_of, worth_of

COPY_LIMIT = 0.9


def quality_reward(completions: Sequence[str], columns: Mapping[str, Sequence[Any]], basis: Basis) -> list[float]:
    """How likely the answer would be rated 4 or more, smooth rather than the method's steps, times what it is worth; 0 if malformed or copied.

    Rated and compared with its members is what they support of it: a sentence that was made up would else raise the rating by more than its
    worth falls, and would make a copy pass for an answer. Nor does it count for more than the whole answer: a sentence made false would else
    pay where it rates below the others.
    """
    supported = supported_of(completions, columns)
    said, kept = (
        basis.judge.probability(columns["item_type"], texts, basis.vectors)
        for texts in ([answer_of(one) or "" for one in completions], supported)
    )
    likely = map(min, said, kept)
    return [
        0.0 if not text or copied(members, text) >= COPY_LIMIT else worth * probability
        for text, members, probability, worth in zip(
            supported, columns["members"], likely, worth_of(completions, columns), strict=True
        )
    ]
