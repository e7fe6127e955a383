"""Does the answer keep what its members say, and add nothing? Optional: the method has no such reward."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from texts.coverage import member_coverage
from texts.grounding import grounding
from trainers.rewards.format import scored_answers


def coverage_reward(completions: Sequence[str], columns: Mapping[str, Sequence[Any]]) -> list[float]:
    """The mean share of each member's content that is kept, times the share of the answer that stands in supported statements."""
    answers = scored_answers(completions, columns)
    return [
        0.0 if answer is None else fmean(member_coverage(members, answer)) * grounding(members, answer).score
        for answer, members in zip(answers, columns["members"], strict=True)
    ]
