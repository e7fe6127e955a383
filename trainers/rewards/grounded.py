"""What every reward but the form is multiplied by: what the answer is worth to its group (texts.worth); and what of it is supported."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from texts.worth import Group
from trainers.rewards.format import scored_answers


def worth_of(completions: Sequence[str], columns: Mapping[str, Sequence[Any]]) -> list[float]:
    """Grounding x facts recovered x conciseness of each answer, 0..1; 0 if malformed."""
    answers = scored_answers(completions, columns)
    return [
        0.0 if answer is None else _told(tuple(members), answer)[0]
        for answer, members in zip(answers, columns["members"], strict=True)
    ]


def supported_of(completions: Sequence[str], columns: Mapping[str, Sequence[Any]]) -> list[str]:
    """Each answer without the statements that no member supports; empty if malformed, or if it asks what no member asks."""
    answers = scored_answers(completions, columns)
    return [
        "" if answer is None else _told(tuple(members), answer)[1]
        for answer, members in zip(answers, columns["members"], strict=True)
    ]


# several rewards ask for the same answers, and a prompt has several answers
@lru_cache(maxsize=4_096)
def _told(members: tuple[str, ...], answer: str) -> tuple[float, str]:
    """What the answer is worth, and what of it is supported."""
    group = _group(members)
    grounded = group.grounding(answer)
    supported = "" if any(one.asks for one in grounded.unsupported) else answer
    for one in grounded.unsupported:
        supported = supported.replace(one.statement, "", 1)
    return group.worth_of(grounded).score, supported


@lru_cache(maxsize=256)
def _group(members: tuple[str, ...]) -> Group:
    return Group(members)
