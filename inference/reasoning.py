"""The reasoning of an item of MIXTURE: from which of its variants each thing that the target says is taken, in words.

It is made of what the measure of support found, so it says nothing that does not hold, and nothing that the variants do not show.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from texts.grounding import Evidence

_SHOWN = 8  # words of a statement
_WEAK = {
    "fragment": "leaves much out",
    "redundant": "says things twice",
    "cut_off": "breaks off",
    "padded": "opens and ends with empty words",
    "noted": "is in notes",
    "run_on": "runs on without stops",
    "vague": "is vague",
    "drop_details": "lacks details",
    "reasoning_cut": "lacks the reasons",
    "typos": "is mistyped",
}


def reasoning(evidence: Sequence[Evidence], operators: Sequence[str]) -> str:
    """A line on what is weak in each variant, then a line for each run of statements that one of them supports; samples count from 1."""
    weak = "; ".join(f"[{n}] {_WEAK[operator]}" for n, operator in enumerate(operators, start=1))
    lines = [f"{weak[:1].upper()}{weak[1:]}."]
    stated = [one for one in evidence if one.member is not None and not one.asks]
    for member, run in groupby(stated, key=lambda one: one.member or 0):
        said = "; ".join(_opening(one.statement) for one in run)
        lines.append(f"From [{member + 1}]: {said}.")
    return "\n".join(lines)


def _opening(statement: str) -> str:
    """
    >>> _opening("Rinse the rice in cold water until it runs quite clear.")
    'Rinse the rice in cold water until it ...'
    """
    told = statement.split()
    return statement.rstrip(".") if len(told) <= _SHOWN else f"{' '.join(told[:_SHOWN])} ..."
