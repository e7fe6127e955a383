"""Planted records for the cleaning rules: for each rule what it must find, and what only looks so. Written from templates, seeded.

Sentences and values are made up here. They say how people write such things; they know nothing of how the rules look for them.
"""

import random

from cleaning_planted import personal, rejections, repairs
from cleaning_planted.fields import Planted

__all__ = ["RULES", "Planted", "records"]

POSITIVES, LOOK_ALIKES = 200, 400  # at least so many of each rule
_FOUND = rejections.FOUND | personal.FOUND | repairs.FOUND
_SPARED = rejections.SPARED | personal.SPARED | repairs.SPARED
RULES = tuple(_FOUND)


def records(rule: str, positive: bool) -> list[Planted]:
    """The planted records of a rule, always the same ones, none twice."""
    rng = random.Random(f"{rule} {positive}")
    makers = (_FOUND if positive else _SPARED)[rule]
    wanted = POSITIVES if positive else LOOK_ALIKES
    made: dict[Planted, None] = {}
    turn = 0
    while len(made) < wanted:
        made[makers[turn % len(makers)](rng)] = None
        turn += 1
        if turn > wanted * 60:
            raise SystemExit(f"the templates of {rule} give only {len(made)} different records")
    return list(made)
