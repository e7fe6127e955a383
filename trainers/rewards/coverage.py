"""Does the answer keep what its members say, add nothing, and say it once? Optional: the method has no such reward."""

from collections.abc import Mapping, Sequence
from typing import Any

from trainers.rewards.grounded import worth_of


def coverage_reward(completions: Sequence[str], columns: Mapping[str, Sequence[Any]]) -> list[float]:
    """What the answer is worth to its group, 0..1; 0 if malformed."""
    return worth_of(completions, columns)
