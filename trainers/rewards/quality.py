"""How good is the answer by itself? (method, section 4.3)"""

from collections.abc import Mapping, Sequence
from typing import Any

from texts import rubric
from texts.coverage import copied
from trainers.rewards.format import scored_answers
from trainers.rewards.grounded import worth_of

COPY_LIMIT = 0.9


def quality_reward(completions: Sequence[str], columns: Mapping[str, Sequence[Any]]) -> list[float]:
    """The rubric's score over 5, smooth rather than the method's steps, times what the answer is worth; 0 if malformed or copied."""
    answers = scored_answers(completions, columns)
    rated = rubric.scores([answer or "" for answer in answers])
    return [
        0.0 if answer is None or copied(members, answer) >= COPY_LIMIT else worth * rating / 5
        for answer, members, rating, worth in zip(
            answers, columns["members"], rated, worth_of(completions, columns), strict=True
        )
    ]
