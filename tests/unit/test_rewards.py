"""Rewards on completions written out in full, the ways to cheat among them. No torch: a real embedder is tested in tests/trainers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from word_basis import WordBasis

from texts.formats import FORMATS
from texts.formats.distillation import completion
from trainers.rewards import REWARDS
from trainers.rewards.cheats import CHEATS as WAYS
from trainers.rewards.cheats import cheats, shares_of_cheats
from trainers.rewards.coverage import coverage_reward
from trainers.rewards.format import format_reward, scored_answers
from trainers.rewards.quality import quality_reward as quality_on

ANSWER = (
    "Q: How does the water cycle work?\n"
    "A: Heat from the sun evaporates water from oceans and lakes. The vapour rises, cools and condenses into "
    "clouds, then rain and snow return it. Rivers carry about 40,000 cubic kilometres a year back to the sea."
)
MEMBERS = [
    "Q: How does the water cycle work, and what evaporates water?\nA: Heat from the sun evaporates water from oceans and lakes.",
    "Q: What happens to vapour?\nA: The vapour rises, cools and condenses into clouds, then rain and snow return it.",
    "Q: What do rivers do?\nA: Rivers carry about 40,000 cubic kilometres a year back to the sea.",
]
HONEST = completion(ANSWER)
CHEATS = {
    "nothing": "",
    "no tags": ANSWER,
    "two answer blocks": HONEST + HONEST,
    "empty answer": "<answer></answer>",
    "blank answer": "<answer> \n </answer>",
    "text outside": HONEST + " This is a perfect answer.",
    "answer inside think": f"<think><answer>{ANSWER}</answer></think>",
    "think inside answer": f"<answer><think>{ANSWER}</think>Q: x\nA: y</answer>",
    "second answer inside think": f"<think><answer>Q: a\nA: b</answer></think>{HONEST}",
    "unclosed": f"<answer>{ANSWER}",
    "markers without content": "<answer>Q:\nA:</answer>",
    "markers of two items": f"<answer>{ANSWER}\n{ANSWER}</answer>",
    "another type's form": "<answer>C: Water\nS: It moves in a cycle.</answer>",
}


# well formed, and each worse than the honest answer in one way that a fluent text can be
DISHONEST = {
    "another figure": HONEST.replace("40,000", "60,000"),
    "a negation": HONEST.replace("rises", "never rises"),
    "another cause": HONEST.replace("sun", "moon"),
    "roles exchanged": HONEST.replace("evaporates water from oceans", "evaporates oceans from water"),
    "a foreign sentence": HONEST.replace("</answer>", " Violins are tuned in perfect fifths.</answer>"),
    "an invented figure": HONEST.replace("oceans and lakes", "97 oceans and lakes"),
    "a hedge taken to be a law": HONEST.replace("The vapour rises", "The vapour always rises"),
    "praise of itself": HONEST.replace("</answer>", " This answer is complete, precise and dense.</answer>"),
    "half of it": completion(ANSWER.split(" Rivers carry")[0]),
    "a list of its words": "<answer>Q: How does the water cycle work?\nA: Heat, sun, water, oceans, lakes, vapour, clouds, rain, snow, rivers, sea.</answer>",
    "only the question": "<answer>Q: How does the water cycle work?\nA: It works as the samples say it does.</answer>",
    "everything twice": HONEST.replace("\nA: ", f"\nA: {ANSWER.partition('A: ')[2]} "),
    "a target of another row": "<answer>Q: What is a violin?\nA: A violin is a wooden instrument with four strings, tuned in fifths and played with a bow.</answer>",
}
BASIS = WordBasis()


def quality_reward(completions: Sequence[str], rows: Mapping[str, Sequence[Any]]) -> list[float]:
    return quality_on(completions, rows, BASIS)


def columns(count: int, item_type: str = "qa", members: list[str] | None = None) -> dict[str, list[object]]:
    return {"item_type": [item_type] * count, "members": [members or MEMBERS] * count, "target": [ANSWER] * count}


@pytest.mark.parametrize("cheat", CHEATS.values(), ids=CHEATS.keys())
def test_a_cheat_earns_no_quality_no_coverage_and_less_form_than_an_honest_answer(cheat: str) -> None:
    both, rows = [cheat, HONEST], columns(2)
    assert scored_answers(both, rows) == [None, ANSWER]
    assert format_reward(both, rows)[0] < format_reward(both, rows)[1] == 1.0
    for reward in (quality_reward, coverage_reward):
        cheated, honest = reward(both, rows)
        assert cheated == 0.0 < honest <= 1.0


def test_tags_alone_earn_half_of_the_form() -> None:
    assert format_reward(["<answer>no markers</answer>"], columns(1)) == [0.5]


def test_reasoning_before_the_answer_is_allowed_and_not_scored() -> None:
    thinking = completion(ANSWER, "First the sun, then the clouds, then the rivers.")
    assert format_reward([thinking], columns(1)) == [1.0]
    assert quality_reward([thinking], columns(1)) == quality_reward([HONEST], columns(1))


def test_a_copied_member_earns_no_quality() -> None:
    rows = columns(1, members=[ANSWER, *MEMBERS])
    assert quality_reward([HONEST], rows) == [0.0]


def test_nonsense_behind_a_copy_does_not_make_it_an_answer() -> None:
    padded = HONEST.replace(
        "</answer>",
        " Violins are tuned in perfect fifths, and a moth prefers blue chalk to seven loud harbours.</answer>",
    )
    assert quality_reward([HONEST, padded], columns(2, members=[ANSWER, MEMBERS[0]])) == [0.0, 0.0]


def test_what_no_member_supports_does_not_raise_quality() -> None:
    asked = HONEST.replace(
        "How does the water cycle work", "Which ledgers does a keeper of salinity, current and wind consult"
    )
    assert asked != HONEST and quality_reward([asked], columns(1))[0] < quality_reward([HONEST], columns(1))[0]
    made_up = HONEST.replace(
        "</answer>", " Every keeper records the salinity, the current and the wind in a ledger.</answer>"
    )
    assert made_up != HONEST
    assert quality_reward([made_up], columns(1))[0] < quality_reward([HONEST], columns(1))[0]


def test_saying_everything_five_times_earns_no_more_quality() -> None:
    question, answer = ANSWER.split("\nA: ")
    padded = completion(f"{question}\nA: {' '.join([answer] * 5)}")
    once, often = quality_reward([HONEST, padded], columns(2))
    assert often <= once


def test_padding_with_foreign_sentences_lowers_coverage() -> None:
    padded = completion(f"{ANSWER} Bananas ripen faster beside apples. Violins are tuned in perfect fifths.")
    honest, stuffed = coverage_reward([HONEST, padded], columns(2))
    assert stuffed < honest


def test_leaving_a_member_out_lowers_coverage() -> None:
    part = completion(ANSWER.split(" Rivers carry")[0])
    honest, thin = coverage_reward([HONEST, part], columns(2))
    assert thin < honest


@pytest.mark.parametrize("name", ["quality", "alignment", "coverage"])
@pytest.mark.parametrize("cheat", DISHONEST.values(), ids=DISHONEST.keys())
def test_a_well_formed_cheat_earns_less_than_an_honest_answer(name: str, cheat: str) -> None:
    assert cheat != HONEST and format_reward([cheat], columns(1)) == [1.0], "it is to be caught by what it says"
    honest, cheated = REWARDS[name]([HONEST, cheat], columns(2), BASIS)
    assert honest > cheated >= 0.0


@pytest.mark.parametrize("name", ["quality", "alignment", "coverage"])
@pytest.mark.parametrize("cheat", CHEATS.values(), ids=CHEATS.keys())
def test_a_malformed_answer_earns_nothing_from_any_reward_behind_the_gate(name: str, cheat: str) -> None:
    assert REWARDS[name]([cheat], columns(1), BASIS) == [0.0]


@pytest.mark.parametrize("reward", [quality_reward, coverage_reward])
def test_the_members_in_a_row_earn_less_than_their_fusion(
    reward: Callable[[Sequence[str], Mapping[str, Sequence[Any]]], list[float]],
) -> None:
    twice = [*MEMBERS, "Q: What do rivers do?\nA: Rivers carry about 40,000 cubic kilometres a year back."]
    row = completion(f"Q: What evaporates water?\nA: {' '.join(one.split('A: ')[1] for one in twice)}")
    fused, in_a_row = reward([HONEST, row], columns(2, members=twice))
    assert in_a_row < fused


@pytest.mark.parametrize("cheat", [*CHEATS.values(), *DISHONEST.values()], ids=[*CHEATS, *DISHONEST])
def test_every_way_to_cheat_is_seen_in_its_completion(cheat: str) -> None:
    assert cheats(cheat, "qa", MEMBERS)


def test_each_way_is_shown_by_one_of_the_cheats_and_none_by_an_honest_answer() -> None:
    assert cheats(HONEST, "qa", MEMBERS) == cheats(completion(ANSWER, "First the sun."), "qa", MEMBERS) == frozenset()
    shown = set().union(*(cheats(one, "qa", MEMBERS) for one in (*CHEATS.values(), *DISHONEST.values())))
    assert shown | cheats(HONEST, "qa", [ANSWER, *MEMBERS]) == set(WAYS) and len(WAYS) == 10


def test_the_share_of_each_way_is_that_of_the_completions() -> None:
    given = [HONEST, CHEATS["no tags"], DISHONEST["half of it"], HONEST]
    found = shares_of_cheats(given, columns(4))
    assert found == dict.fromkeys(WAYS, 0.0) | {"no_answer": 0.25, "thin": 0.25}


def test_every_type_earns_the_whole_form_for_its_own_form_only() -> None:
    items = {
        "qa": {"question": "What is ice?", "answer": "Frozen water."},
        "multiple_choice": {
            "question": "What is ice?", "option_a": "Water", "option_b": "Salt", "option_c": "Air", "option_d": "Sand",
            "answer": "A", "explanation": "",
        },
        "true_false": {"statement": "Ice is water.", "answer": "True", "explanation": "It is frozen."},
        "category_statement": {"category": "Ice", "statement": "Ice is frozen water."},
        "paragraph": {"paragraph": "Ice is frozen water."},
    }  # fmt: skip
    texts = [completion(FORMATS[tag].render(fields)) for tag, fields in items.items()]
    for tag in FORMATS:
        scores = dict(zip(items, format_reward(texts, columns(len(texts), tag)), strict=True))
        assert [name for name, score in scores.items() if score == 1.0] == [tag]
