"""Comparisons of arms on numbers: planted differences are found, arms that do not differ are told apart no more often than stated."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from trainers.arm_comparisons import comparisons
from trainers.comparison import holm, over_seeds
from trainers.evaluation_params import EvaluationParams
from trainers.heldout_items import Item

PARAMS = EvaluationParams(arms=("released", "random", "high_only"), seeds=(0, 1, 2), resamples=200)
ITEMS = [
    Item(f"i{n:03d}", "choice", "easy" if n < 120 else "hard", f"Q{n}?", f"a{n}", ("b",), n // 2) for n in range(160)
]
OPEN = [Item(f"o{n:03d}", "answer", "answers", f"Q{n}?", "a", (), 1_000 + n) for n in range(60)]


def figures(
    arm: str, metric: str, items: list[Item], right: Any, seeds: tuple[int, ...] = (0, 1, 2)
) -> list[dict[str, Any]]:
    return [
        {"arm": arm, "seed": seed, "metric": metric, "item_id": item.id, "value": float(right(item, seed))}
        for seed in seeds
        for item in items
    ]


def noisy(share: float, shift: float = 0.0, salt: int = 0) -> Any:
    """Right answers to a share of `easy`, half of `hard`; seeds differ in a few."""

    def right(item: Item, seed: int) -> bool:
        draw = np.random.default_rng([int(item.id[1:]), salt, seed])
        own = np.random.default_rng(int(item.id[1:])).random()
        return own + 0.1 * draw.standard_normal() < (share if item.benchmark == "easy" else 0.5) + shift

    return right


def compared(**changed: Any) -> dict[tuple[str, str], dict[str, Any]]:
    rows = [
        *figures("none", "accuracy_norm", ITEMS, noisy(0.8), (0,)),
        *(row for n, arm in enumerate(PARAMS.arms) for row in figures(arm, "accuracy_norm", ITEMS, changed.get(arm, noisy(0.8, 0, n)))),
    ]  # fmt: skip
    return {(row["metric"], row["control"]): row for row in comparisons(rows, ITEMS, PARAMS)}


def test_an_arm_that_knows_the_answers_wins_and_says_so() -> None:
    rows = compared(released=lambda item, seed: item.benchmark == "easy")
    row = rows["accuracy_norm", "random"]
    assert row["low"] > 0 and row["chance"] < 0.05 and row["headline"] and row["seeds"] == 3
    assert "it is better in right answers" in row["sentence"]
    assert row["benchmarks"] == ["easy"] and row["items"] == 120 and row["clusters"] == 60
    assert not rows["accuracy_norm", "none"]["headline"]


def test_an_arm_that_unlearned_them_loses() -> None:
    row = compared(random=lambda item, seed: True)["accuracy_norm", "random"]
    assert row["high"] < 0 and "it is worse" in row["sentence"]


def test_no_difference_is_a_sentence_with_an_interval_too() -> None:
    row = compared()["accuracy_norm", "random"]
    assert row["low"] < 0 < row["high"] and row["chance"] > 0.05
    assert "no difference was found" in row["sentence"] and "corrected for 3 comparisons" in row["sentence"]


def test_of_shares_that_two_seeds_tell_nothing_of_the_interval_is_all_that_two_shares_can_differ_by() -> None:
    apart = {"released": lambda item, seed: seed, "random": lambda item, seed: 1 - seed}
    rows = [row for arm, right in apart.items() for row in figures(arm, "ended", OPEN, right, (0, 1))]
    rows += figures("none", "ended", OPEN, lambda item, seed: 0, (0,))
    (row,) = (one for one in comparisons(rows, OPEN, PARAMS) if one["control"] == "random")
    assert (row["low"], row["high"]) == (-1.0, 1.0) and "(-100 to +100, corrected" in row["sentence"]


def test_a_loss_is_better_when_it_is_lower_and_seeds_that_were_cut_are_told() -> None:
    level = {"released": 1.0, "random": 1.2, "none": 1.5}
    rows = [
        row
        for arm, nll in level.items()
        for row in figures(arm, "nll", OPEN, lambda item, seed, nll=nll: nll + 0.01 * (int(item.id[1:]) % 5) + 0.001 * seed, (0,) if arm == "none" else (0, 1))
    ]  # fmt: skip
    found = {row["control"]: row for row in comparisons(rows, OPEN, PARAMS)}
    assert (
        found["random"]["difference"] == pytest.approx(-0.2) and "it is better in loss" in found["random"]["sentence"]
    )
    assert "2 seeds of 3 planned" in found["random"]["sentence"]
    assert "difference" not in found["high_only"]
    assert "was not compared" in found["high_only"]["sentence"] and found["high_only"]["seeds"] == 0


def test_where_the_base_only_guesses_no_right_answers_are_compared() -> None:
    rows = [
        row
        for arm in ("none", *PARAMS.arms)
        for row in figures(arm, "accuracy_norm", ITEMS, lambda item, seed: int(item.id[1:]) % 2)
    ]
    assert comparisons(rows, ITEMS, PARAMS) == []
    rows += [row for arm in ("none", *PARAMS.arms) for row in figures(arm, "nll", OPEN, lambda item, seed: 1.0)]
    found = comparisons(rows, [*ITEMS, *OPEN], PARAMS)
    assert {row["metric"] for row in found} == {"nll"}
    (headline,) = (row for row in found if row["headline"])
    assert (
        "no difference was found" in headline["sentence"]
        and "On no benchmark does it beat guessing" in headline["sentence"]
    )


def test_arms_that_do_not_differ_are_told_apart_in_no_more_than_one_of_twenty_lakes() -> None:
    """Effects of items, of clusters, of seeds and of both; a rate of 5 % over 400 lakes, two standard errors allowed."""
    draw, lakes, outside = np.random.default_rng(7), 400, 0
    clusters = np.arange(60) // 2
    for _ in range(lakes):
        of_cluster = draw.standard_normal(30)[clusters]
        gains = 0.3 * of_cluster + draw.standard_normal((3, 60)) + 0.15 * draw.standard_normal((3, 1))
        test = over_seeds(gains, clusters, 100, 0)
        outside += test.chance <= 0.05
        assert (test.least(0.025) > 0 or test.most(0.025) < 0) == (test.chance <= 0.05)
    assert outside / lakes <= 0.05 + 2 * (0.05 * 0.95 / lakes) ** 0.5


def plain(gains: Any, clusters: Any, resamples: int, seed: int) -> tuple[float, float, float]:
    """Mean, error and degrees of freedom, cluster by cluster in Python."""
    seeds, items = gains.shape
    of_item = [sum(gains[s][i] for s in range(seeds)) / seeds for i in range(items)]
    groups = [[of_item[i] for i in range(items) if clusters[i] == c] for c in range(max(clusters) + 1)]
    draw, means = np.random.default_rng(seed), []
    for first in range(0, resamples, 50):
        for drawn in draw.integers(len(groups), size=(min(50, resamples - first), len(groups))):
            values = [value for c in drawn for value in groups[c]]
            means.append(sum(values) / len(values))
    count, mean = len(groups), sum(means) / len(means)
    by_items = sum((one - mean) ** 2 for one in means) / len(means) * count / (count - 1)
    of_seed = [sum(row) / items for row in gains]
    centre = sum(of_seed) / seeds
    by_seeds = sum((one - centre) ** 2 for one in of_seed) / (seeds - 1) / seeds
    total = by_items + by_seeds
    return centre, total**0.5, total**2 / (by_items**2 / (count - 1) + by_seeds**2 / (seeds - 1))


def test_the_interval_is_that_of_a_plain_reimplementation() -> None:
    gains, clusters = np.random.default_rng(3).standard_normal((3, 20)), np.arange(20) // 3
    mean, error, freedom = plain(gains, clusters, 120, 5)
    found = over_seeds(gains, clusters, 120, 5)
    assert (found.mean, found.error, found.freedom) == pytest.approx((mean, error, freedom))
    assert found.most(0.01) == pytest.approx(mean + student.isf(0.01, freedom) * error)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
@settings(max_examples=50)
def test_holm_passes_what_its_definition_passes(chances: list[float]) -> None:
    passed, left = set[int](), sorted(range(len(chances)), key=lambda at: chances[at])
    while left and chances[left[0]] <= 0.05 / len(left):
        passed.add(left.pop(0))
    found = holm(chances, 0.05)
    assert {at for at, (chance, _) in enumerate(found) if chance <= 0.05} == passed
    assert {at for at, (_, rate) in enumerate(found) if chances[at] <= rate} == passed
