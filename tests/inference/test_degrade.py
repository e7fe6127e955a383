"""Weak versions of a target are weak one by one, and together they carry all that it says, whatever it looks like."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from passages import OTHERS, PASSAGES

from inference.baseline.build import build
from inference.baseline.degrade import degrade, needed, operators, weak_versions
from inference.baseline.operators import KEEPING, LOSING, OPERATORS, Share
from inference.baseline.units import told, units
from inference.baseline.verdicts import can_judge
from texts.formats import FORMATS
from texts.grounding import grounding
from texts.rubric import HIGH, score, scores
from texts.words import words

BREAD = (
    "Strong flour holds about 13 percent protein, which makes a dough that stretches. Mix 500 grams of it with 350 grams of water and "
    "leave it for 30 minutes, because the flour drinks slowly. Then add 10 grams of salt and knead until the dough is smooth.\n"
    "Shape it in three steps:\n"
    "1. Fold the edges to the middle.\n"
    "2. Turn the ball over. It should feel tight.\n"
    "3. Rest it under a cloth for 2 hours.\n"
    "This is the moment to heat the oven to 240 degrees."
)
CODE = (
    "A generator gives one value at a time, so that a file larger than memory can be read. The function below opens the path and "
    "yields every line that is not blank.\n"
    "```python\n"
    "def lines(path):\n"
    "    with open(path) as file:\n"
    "        for line in file:\n"
    "            if line.strip():\n"
    "                yield line\n"
    "```\n"
    "Nothing is read before the first value is asked for. Closing the generator closes the file, too."
)
TALK = (
    "Two neighbours settle it like this:\n"
    "Nora: The hedge takes the light from my kitchen after 3 o'clock.\n"
    "Piet: I can cut it to 180 centimetres before the blackbirds nest in March.\n"
    "Nora: Then I will pay half of the gardener, which comes to 60 euros.\n"
    "They shake hands and write down the height, since spoken agreements about hedges seldom last a summer."
)
CHINESE = (
    "茶叶应放在干燥、避光的罐子里保存。绿茶用八十度的水冲泡,大约两分钟即可。红茶需要沸水,泡四到五分钟味道才会浓郁。"
    "紫砂壶会吸收茶香,因此一把壶只泡一种茶。洗壶时不用洗洁精,清水冲净后倒扣晾干。"
)
ASKED = {
    "How do I make a first loaf of bread?": BREAD,
    "Why are generators useful for reading files?": CODE,
    "How can neighbours agree on a hedge?": TALK,
    "茶叶怎样保存和冲泡?": CHINESE,
}
PEOPLES = [("qa", f"Q: {question}\nA: {answer}") for question, answer in ASKED.items()]
BUILT = [
    (item_type, item)
    for item_type in FORMATS
    for title, text in PASSAGES
    if item_type != "true_false" or can_judge(title, text, OTHERS)
    for item in [build(item_type, title, text, OTHERS)]
]
TARGETS = [*BUILT, *PEOPLES]


def share_of(text: str) -> Share:
    whole = units(text)
    return Share(whole, range(len(whole) // 2, len(whole)))


@pytest.mark.parametrize("count", [2, 3, 4, 6, 9, 20])
@pytest.mark.parametrize("seed", [7, 8])
def test_what_a_target_says_stands_in_its_variants(count: int, seed: int) -> None:
    for item_type, target in TARGETS:
        grounded = grounding(weak_versions(item_type, target, count, seed), target)
        assert grounded.score == 1.0, (target, grounded.unsupported)


@pytest.mark.parametrize("count", [2, 4, 8])
def test_no_variant_is_blank_or_the_target(count: int) -> None:
    for item_type, target in TARGETS:
        versions = weak_versions(item_type, target, count, 7)
        assert len(versions) == count and all(version.strip() for version in versions)
        assert target not in versions


def test_most_variants_rate_below_high_by_a_judge_that_did_not_make_them() -> None:
    versions = [one for item_type, target in TARGETS for one in weak_versions(item_type, target, 4, 7)]
    assert sum(rating < HIGH for rating in scores(versions)) >= 0.75 * len(versions)


def test_a_variant_alone_does_not_carry_the_target() -> None:
    alone = [
        grounding([version], target).score
        for item_type, target in TARGETS
        for version in weak_versions(item_type, target, 4, 7)
    ]
    assert sum(share == 1.0 for share in alone) <= 0.02 * len(alone)


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("text", [PASSAGES[0][1], BREAD, CODE, TALK, CHINESE])
def test_operators_keep_or_lose_what_they_say_they_do(operator: str, text: str) -> None:
    share = share_of(text)
    weak = OPERATORS[operator](share, random.Random(3))
    kept = grounding([weak], share.text).score
    assert weak.strip()
    assert kept == 1.0 if operator in KEEPING else kept < 1.0


@pytest.mark.parametrize("text", [PASSAGES[0][1], PASSAGES[2][1], BREAD, CODE, TALK, CHINESE, "One line"])
def test_units_are_all_of_the_text(text: str) -> None:
    whole = units(text)
    assert "".join(told(whole, range(len(whole))).split()) == "".join(text.split())


def test_a_unit_can_be_told_alone() -> None:
    whole = units(BREAD)
    places = {unit.text.split("\n")[0]: place for place, unit in enumerate(whole)}
    step = places["2. Turn the ball over. It should feel tight."]
    assert told(whole, [step]) == "Shape it in three steps:\n2. Turn the ball over. It should feel tight."
    assert whole[places["3. Rest it under a cloth for 2 hours."]].text.endswith("heat the oven to 240 degrees.")
    assert [unit.text for unit in units(CODE) if unit.text.startswith("```")] == [
        CODE[CODE.index("```") : CODE.rindex("```") + 3]
    ]


def test_operators_are_as_many_and_enough_of_them_keep() -> None:
    for item_type, target in TARGETS:
        for count in (2, 3, 5, 10, 20):
            named = operators(item_type, target, count, 7)
            assert len(named) == count
            assert sum(name in KEEPING for name in named) >= min(count, needed(target))
    assert {name for _, target in BUILT for name in operators("qa", target, 10, 7)} == {*KEEPING, *LOSING}


def test_variants_are_the_same_whoever_asks_and_others_by_another_seed() -> None:
    item_type, target = TARGETS[0]
    again = [degrade(item_type, target, variant, 5, 7) for variant in (4, 2, 0, 1, 3)]
    assert sorted(map(str, again)) == sorted(weak_versions(item_type, target, 5, 7))
    assert weak_versions(item_type, target, 5, 8) != weak_versions(item_type, target, 5, 7)


def test_variants_do_not_hang_on_the_order_of_a_set() -> None:
    code = "import test_degrade as t; print([t.weak_versions(*one, 9, 7) for one in t.TARGETS if one[0] == 'category_statement'])"
    paths = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": paths, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3", "4")
    }
    assert len(told) == 1


def test_operators_lower_most_targets() -> None:
    lowered = [
        score(version) < score(target) for kind, target in TARGETS for version in weak_versions(kind, target, 8, 7)
    ]
    assert sum(lowered) >= 0.9 * len(lowered)  # a clean share of a good answer is a good answer


LIVES = (
    "Ada Moss (1877 - 1959) was a potter of Hull. In 1916) the (2) kilns of Lind- Berg stood idle. "
    "The clay came from 3 pits. Boats carried it on the river in 1925. A fire took the mill in 1931."
)


def test_what_is_said_again_loses_no_character() -> None:
    whole = units(LIVES)
    for seed in range(20):
        weak = OPERATORS["redundant"](Share(whole, range(2)), random.Random(seed))
        again = weak.removeprefix(told(whole, range(2))).split(" ", 1)[1]
        assert any(again.endswith(unit.text[1:]) for unit in whole[:2]), again


LEANING = (
    "Q: Who was Ada Moss?\nA: Ada Moss was a potter of Hull. She dug clay at the river. Her kiln burned for 3 days."
)


@pytest.mark.parametrize("seed", range(12))
def test_no_variant_of_several_sentences_says_all_of_them_or_nearly_nothing(seed: int) -> None:
    for target in (LEANING, f"Q: Who was Ada Moss?\nA: {LIVES}"):
        said = [sentence.rstrip(".") for sentence in target.split("A: ")[1].split(". ")]
        for version in weak_versions("qa", target, 5, seed):
            body = version.split("A: ")[-1]
            assert len(words(body)) >= 5, version
            assert not all(one in body for one in said), version


def test_a_clause_does_not_end_inside_a_bracket() -> None:
    weak = [
        OPERATORS[name](
            Share(units("Edwin Moss (December 29, 1814) was a preacher in Hull."), range(1)), random.Random(1)
        )
        for name in ("drop_details", "reasoning_cut")
    ]
    assert all(text.count("(") == text.count(")") for text in weak), weak


def test_what_is_no_item_has_no_variants() -> None:
    assert weak_versions("qa", "no item", 3, 7) == ()
    assert degrade("qa", "no item", 0, 3, 7) is None


@pytest.mark.parametrize("seed", range(6))
def test_a_variant_keeps_its_question_and_all_options_or_none(seed: int) -> None:
    for item_type, target in TARGETS:
        if item_type == "paragraph":
            continue
        opening = target.split("\n")[0].removeprefix("Q: ").removeprefix("C: ")
        for version in weak_versions(item_type, target, 5, seed):
            first = version.split("\n")[0].removeprefix("Q: ").removeprefix("C: ")
            assert len(first.split()) == len(opening.split()), version
            if item_type == "multiple_choice":
                assert sum(f"\n{letter}) " in version for letter in "ABCD") in (0, 4)


def test_no_code_is_in_lower_case() -> None:
    block = "```python\nclass Kiln:\n    Heat = None\n\nclass Door(Kiln):\n    Open = True\n```"
    for seed in range(20):
        weak = OPERATORS["typos"](
            Share(units(f"The kiln is a class. {block}\nIt has a door."), range(2)), random.Random(seed)
        )
        assert "class kiln" not in weak and "heat = none" not in weak


def test_a_hedge_follows_one_comma() -> None:
    said = [
        OPERATORS["vague"](
            Share(units("In 1931, Ada, a potter of Hull, fired 40 jars, and more,"), range(1)), random.Random(seed)
        )
        for seed in range(20)
    ]
    assert not [one for one in said if ",," in one]


def test_a_name_keeps_its_capital_where_it_is_said_again() -> None:
    whole = units("Hull is a town. The river is wide.")
    for seed in range(20):
        weak = OPERATORS["redundant"](Share(whole, range(2)), random.Random(seed))
        assert "hull" not in weak and "Hull" in OPERATORS["vague"](Share(whole, range(2)), random.Random(seed))
