"""The rewards of GRPO: one file each, one line each in REWARDS. Their weights stand in recipes/grpo/*.yaml.

A reward gives one number in 0..1 for each completion, in order. It knows the row by its columns: item_type, members, target; and the basis.
Quality, alignment and coverage are worth nothing without a well-formed answer: the form is a gate, since an additive reward for it pays
for empty shells. All three are multiplied by what the answer is worth to its group (grounded.py), since a fluent text about the right
subject may be false. Those called `published_...` are the method's own, which are cheated in the ways that tests write out.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from trainers.rewards.alignment import alignment_reward
from trainers.rewards.basis import Basis, Learned
from trainers.rewards.coverage import coverage_reward
from trainers.rewards.format import format_reward
from trainers.rewards.published import published_alignment, published_format, published_quality
from trainers.rewards.quality import quality_reward

Columns = Mapping[str, Sequence[Any]]
Reward = Callable[[Sequence[str], Columns, Basis], list[float]]


def _by_row(reward: Callable[[Sequence[str], Columns], list[float]]) -> Reward:
    """A reward that needs no basis, as one that is given it."""
    return lambda completions, columns, basis: reward(completions, columns)


REWARDS: Mapping[str, Reward] = MappingProxyType({
    "quality": quality_reward,
    "alignment": alignment_reward,
    "format": _by_row(format_reward),
    "coverage": _by_row(coverage_reward),
    "published_quality": published_quality,
    "published_alignment": published_alignment,
    "published_format": _by_row(published_format),
})  # fmt: skip

__all__ = ["REWARDS", "Basis", "Learned", "Reward"]
