"""Ten ways to cheat a reward, as what can be seen of a completion: GRPO logs the share of completions that go each way.

A reward that is audited before the training may still be cheated in a way that the audit does not know; these curves show where a policy goes.
The ways are written out as whole completions in tests/unit/test_rewards.py. Most first steps go several of them: what tells is a rise.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from texts.coverage import copied, repeated
from texts.formats.distillation import format_score
from trainers.rewards.grounded import Told, told_of
from trainers.rewards.quality import COPY_LIMIT

_BLOCK = re.compile(r"<answer>.*?</answer>", re.DOTALL)
_BEFORE = re.compile(r"\s*(?:<think>.*?</think>\s*)?", re.DOTALL)
_AGAIN = 0.15  # of its words, as acceptance has it
_WORDY = 0.8  # conciseness
_THIN = 0.75  # of the members' facts

Signs = Callable[[str], bool]
_OF_FORM: Mapping[str, Signs] = MappingProxyType({
    "no_answer": lambda completion: not _BLOCK.search(completion),
    "several_answers": lambda completion: len(_BLOCK.findall(completion)) > 1,
    "outside_the_tags": lambda completion: bool(_BLOCK.search(completion)) and not _is_block_alone(completion),
})  # fmt: skip
_OF_ITEMS: Mapping[str, Callable[[Sequence[str], Told], bool]] = MappingProxyType({
    "copied_member": lambda members, told: copied(members, told.text) >= COPY_LIMIT,
    "said_again": lambda members, told: repeated(told.text) > _AGAIN,
    "wordy": lambda members, told: told.worth.conciseness < _WORDY,
    "unsupported": lambda members, told: told.supported != told.text,
    "asks_of_another": lambda members, told: told.asks_of_another,
    "thin": lambda members, told: told.worth.recovered < _THIN,
})  # fmt: skip
CHEATS = (*_OF_FORM, "wrong_form", *_OF_ITEMS)
PREFIX = "cheats/"  # of their curves


def cheats(completion: str, item_type: str, members: Sequence[str]) -> frozenset[str]:
    """Which of CHEATS show in a completion; those of what it states only where it is well formed."""
    found = {name for name, shows in _OF_FORM.items() if shows(completion)}
    if format_score(completion, item_type) < 1.0:
        return frozenset(found or {"wrong_form"})
    told = told_of(completion, members)
    return frozenset(found | {name for name, shows in _OF_ITEMS.items() if shows(members, told)})


def shares_of_cheats(completions: Sequence[str], columns: Mapping[str, Sequence[Any]]) -> dict[str, float]:
    """Of each of CHEATS the share of completions in which it shows, 0..1."""
    shown = [
        cheats(*one) for one in zip(completions, columns["item_type"], map(tuple, columns["members"]), strict=True)
    ]
    return {name: sum(name in one for one in shown) / len(shown) for name in CHEATS}


def _is_block_alone(completion: str) -> bool:
    before = _BEFORE.match(completion)
    rest = completion[before.end() :] if before else completion
    return _BLOCK.fullmatch(rest.strip()) is not None
