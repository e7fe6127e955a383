"""Answers that contradict one another are found by their sentences; others are not, however alike."""

import doctest
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_jobs.group import claims as module
from spark_jobs.group.claims import claims, contradictory


def opposed(answers: Sequence[str], prompts: Sequence[str] | None = None) -> np.ndarray:
    asked = pa.array(prompts or ["How is it done?"] * len(answers), pa.string())
    return contradictory(claims(asked, pa.array(answers, pa.string())))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Leave the glue for 20 minutes.", "Leave the glue for 40 minutes."),
        ("The lid may be opened while it boils.", "The lid may not be opened while it boils."),
        ("You can wash the wool with soap.", "You can't wash the wool with soap."),
        ("Turn the screw to the left until it holds.", "Press it. Turn the screw to the right until it holds."),
        ("Heat makes the pipe expand a little.", "Heat makes the pipe contract a little!"),
        ("Yes.", "No."),
        ("There is no salt in the water.", "There is salt in the water."),
        ("Rub the copper with oil in spring.", "Rub the copper without oil in spring."),
        ("It is safe.", "It is not safe."),
        ("Der Leim ist nicht giftig für Kinder.", "Der Leim ist giftig für Kinder."),
        ("这种胶水对孩子有毒。", "这种胶水对孩子没有毒。"),
    ],
)
def test_the_same_but_for_a_number_a_negation_or_an_opposite_contradicts(one: str, other: str) -> None:
    assert opposed([one, other]).tolist() == [[False, True], [True, False]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Leave the glue for 20 minutes.", "leave the glue for 20 minutes!"),
        ("Leave the glue for 20 minutes.", "Leave the paint for 40 minutes."),
        ("Sand it first. Then paint it.", "Use a brush."),
        ("Step 1 takes a small spoon of oil. Step 2 takes a small spoon of oil.", "Step 3 takes a small spoon of oil."),
        ("", ""),
        ("...", "!"),
    ],
)
def test_others_do_not(one: str, other: str) -> None:
    assert not opposed([one, other]).any()


def test_few_words_contradict_only_as_answers_to_the_same_question() -> None:
    assert opposed(["Yes.", "No."], ["Is tar safe?", "is tar safe"]).any()
    assert not opposed(["Yes.", "No."], ["Is tar safe?", "Is glue safe?"]).any()


@given(st.lists(st.text(), max_size=6))
def test_any_texts_give_bounded_claims_that_contradict_neither_themselves_nor_one_side_alone(
    answers: list[str],
) -> None:
    found = claims(pa.array(answers, pa.string()), pa.array(answers, pa.string()))
    assert len(found) == len(answers) and all(len(row.as_py()) <= 32 * 16 for row in found)
    matrix = contradictory(found)
    assert (matrix == matrix.T).all() and not matrix.diagonal().any()


def test_the_worked_examples_hold() -> None:
    failed, tried = doctest.testmod(module)
    assert tried > 0 and failed == 0
