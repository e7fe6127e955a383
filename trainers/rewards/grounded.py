"""What every reward but the form is multiplied by: what the answer is worth to its group (texts.worth); and what of it is supported."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from texts.formats.distillation import answer_of
from texts.worth import Group, Worth
from trainers.rewards.format import scored_answers


@dataclass(frozen=True)
class Told:
    """An answer, what it is worth to its group, the answer without what no member supports, and whether it asks what no member asks."""

    text: str
    worth: Worth
    supported: str
    asks_of_another: bool


def worth_of(completions: Sequence[str], columns: Mapping[str, Sequence[Any]]) -> list[float]:
    """Grounding x facts recovered x conciseness of each answer, 0..1; 0 if malformed."""
    answers = scored_answers(completions, columns)
    return [
        0.0 if answer is None else _told(tuple(members), answer).worth.score
        for answer, members in zip(answers, columns["members"], strict=True)
    ]


def supported_of(completions: Sequence[str], columns: Mapping[str, Sequence[Any]]) -> list[str]:
    """Each answer without the statements that no member supports; empty if malformed, or if it asks what no member asks."""
    answers = scored_answers(completions, columns)
    told = [
        None if answer is None else _told(tuple(members), answer)
        for answer, members in zip(answers, columns["members"], strict=True)
    ]
    return ["" if one is None or one.asks_of_another else one.supported for one in told]


def told_of(completion: str, members: Sequence[str]) -> Told:
    """What is known of the answer of a well-formed completion."""
    return _told(tuple(members), answer_of(completion) or "")


# several rewards ask for the same answers, and a prompt has several answers
@lru_cache(maxsize=4_096)
def _told(members: tuple[str, ...], answer: str) -> Told:
    group = _group(members)
    grounded = group.grounding(answer)
    supported = answer
    for one in grounded.unsupported:
        supported = supported.replace(one.statement, "", 1)
    return Told(answer, group.worth_of(grounded), supported, any(one.asks for one in grounded.unsupported))


@lru_cache(maxsize=256)
def _group(members: tuple[str, ...]) -> Group:
    return Group(members)
