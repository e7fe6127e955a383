"""Agreement of two raters: as libraries compute it, with intervals that tell chance from agreement."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score

import texts.agreement
from texts.agreement import LEAST, MOST, agreement

rng = np.random.default_rng(3)
TRUTH = rng.integers(1, 11, 300)


def noisy(points: int) -> np.ndarray:
    return np.clip(TRUTH + rng.integers(-points, points + 1, len(TRUTH)), 1, 10)


@pytest.mark.parametrize("points", [0, 1, 4])
def test_figures_are_those_of_scipy_and_scikit_learn(points: int) -> None:
    other = noisy(points)
    found = agreement(TRUTH, other)
    assert found
    assert found.spearman == pytest.approx(spearmanr(TRUTH, other).statistic, abs=1e-4)
    labels = list(range(1, 11))
    kappa = cohen_kappa_score(TRUTH, other, weights="quadratic", labels=labels)
    assert found.kappa == pytest.approx(kappa, abs=1e-4)


def test_the_interval_holds_the_figure_and_leaves_zero_out_only_where_raters_agree() -> None:
    close, chance = agreement(TRUTH, noisy(2)), agreement(TRUTH, rng.permutation(TRUTH))
    assert close and chance
    for found in (close, chance):
        assert found.spearman_low <= found.spearman <= found.spearman_high
        assert found.kappa_low <= found.kappa <= found.kappa_high
    assert close.kappa_low > 0.5 and chance.kappa_low < 0 < chance.kappa_high


def test_the_same_ranks_on_another_scale_agree_in_rank_alone() -> None:
    found = agreement(TRUTH, (TRUTH + 1) // 2)
    assert found and found.spearman > 0.98 and found.kappa < 0.6


def test_the_deviation_is_that_of_one_rating_of_two() -> None:
    found = agreement([2, 8] * 20, [4, 6] * 20)
    assert found and found.deviation == pytest.approx(np.std([2, 4], ddof=1))


def test_few_records_or_a_rater_that_does_not_tell_apart_give_no_figure() -> None:
    few = LEAST - 1
    assert agreement(TRUTH[:few], TRUTH[:few]) is None and agreement(TRUTH[:LEAST], TRUTH[:LEAST])
    assert agreement(TRUTH, [5] * len(TRUTH)) is None and agreement([], []) is None


def test_many_records_are_looked_at_up_to_a_bound() -> None:
    many = np.tile(TRUTH, 10)
    found = agreement(many, many)
    assert found and found.records == MOST


def test_the_worked_example_is_true() -> None:
    found = doctest.testmod(texts.agreement)
    assert found.attempted > 0 and found.failed == 0
