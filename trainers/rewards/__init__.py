"""The rewards of GRPO: one file each, one line each in REWARDS. Their weights stand in recipes/grpo/*.yaml.

A reward gives one number in 0..1 for each completion, in order. It knows the row by its columns: item_type, members, target.
Quality, alignment and coverage are worth nothing without a well-formed answer, since an additive format reward alone would pay for
empty shells; and all three are multiplied by what the answer is worth to its group (grounded.py), since a fluent text about the right
subject may be false. Not yet: the method's KNN-Bayes quality from a library of rated items; here quality is the rules rubric.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from trainers.rewards.alignment import alignment_reward
from trainers.rewards.coverage import coverage_reward
from trainers.rewards.format import format_reward
from trainers.rewards.quality import quality_reward

Reward = Callable[[Sequence[str], Mapping[str, Sequence[Any]]], list[float]]

REWARDS: Mapping[str, Reward] = MappingProxyType({
    "quality": quality_reward,
    "alignment": alignment_reward,
    "format": format_reward,
    "coverage": coverage_reward,
})  # fmt: skip

__all__ = ["REWARDS", "Reward"]
