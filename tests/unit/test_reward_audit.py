"""The audit that goes before training: it passes the recipes' rewards and stops one that pays for anything well formed."""

from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from word_basis import WordBasis

from texts.audit import weakest
from trainers.audits import audited, reward, without_cosine
from trainers.grpo_recipe import GrpoRecipe
from trainers.recipe_files import load

BAKERS = ("Ana Lopez", "Bruno Keller", "Chiara Conti", "Dag Nilsen", "Eva Sarkany")


def mixture() -> ds.Dataset:
    """Twenty-five items about as many bakers, whose members support every statement."""
    rows: list[dict[str, Any]] = []
    for number in range(25):
        baker, hours = f"{BAKERS[number % 5]} {'IVXLC'[number // 5]}", 8 + number
        asked = f"Q: How does {baker} bake bread?\nA: "
        rests = f"{baker} lets the dough rest for {hours} hours in a cold cellar. It is never kneaded twice."
        folds = "Some loaves are folded before the oven is hot. If the crust is dark, the bread is done."
        members = [asked + rests, asked + folds, asked + rests.lower().replace("the", "teh")]
        target = f"{asked}{rests} {folds}"
        rows.append({"id": f"mix_{number:02}", "split": "sft", "item_type": "qa", "members": members, "target": target})
    return ds.dataset(pa.Table.from_pylist(rows))


@pytest.mark.parametrize("name", ["demo", "cpu", "gpu", "gpu-embedded"])
def test_the_rewards_of_a_recipe_pass(name: str) -> None:
    recipe = load(GrpoRecipe, "grpo", name)
    found = weakest(audited(reward(without_cosine(recipe.reward_weights), WordBasis(mixture())), mixture(), 25))
    assert recipe.audit == "required" and found is not None and not found.failed


def test_the_published_rewards_fail_and_their_recipe_says_that_it_trains_all_the_same() -> None:
    recipe = load(GrpoRecipe, "grpo", "paper")
    found = weakest(audited(reward(recipe.reward_weights, WordBasis(mixture())), mixture(), 25))
    assert recipe.audit == "recorded" and found is not None and found.failed


def test_a_reward_for_the_form_alone_fails() -> None:
    found = weakest(audited(reward({"format": 1.0}, WordBasis(mixture())), mixture(), 25))
    assert found is not None and found.failed and found.below == 0


def test_too_few_answers_prove_nothing() -> None:
    assert weakest(audited(reward({"format": 1.0}, WordBasis(mixture())), mixture(), 5)) is None


def test_alignment_counts_as_what_it_multiplies() -> None:
    assert without_cosine({"quality": 0.5, "alignment": 0.4, "coverage": 0.1}) == {"quality": 0.5, "coverage": 0.5}
    assert without_cosine({"quality": 1.0}) == {"quality": 1.0}
