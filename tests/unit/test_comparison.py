"""The comparison of two models on the same items, and its error rate over many of them."""

import numpy as np
import pytest

from trainers.comparison import clustered, compared, spent


def test_twenty_equal_challengers_are_promoted_in_no_more_lakes_than_stated() -> None:
    lakes, passages, draw = 200, 40, np.random.default_rng(11)
    clusters = np.tile(np.arange(passages), 3)
    fallen = careless = 0
    for _ in range(lakes):
        champion = draw.normal(0, 0.1, passages)  # the same answers of the one in service each time
        found = [
            # items of one passage are answered well or badly together
            compared(
                np.tile(draw.normal(0, 0.1, passages) - champion, 3) + draw.normal(0, 0.05, 120),
                clusters,
                100,
                7,
            )
            for _ in range(20)
        ]
        fallen += any(one.least(spent(0.05, number)) > 0 for number, one in enumerate(found, start=1))
        careless += any(one.least(0.025) > 0 for one in found)
    assert fallen <= 18, "5 % of 200 are 10; more than 18 come by chance once in 170"
    assert careless >= 30, "at 2.5 % a try many more lakes fall: the test can fail"


def test_the_error_is_that_of_cluster_means() -> None:
    draw = np.random.default_rng(2)
    apart = compared(differences := draw.normal(0.1, 0.5, 300), np.arange(300), 4_000, 7)
    assert apart.mean == pytest.approx(differences.mean())
    assert apart.error == pytest.approx(differences.std(ddof=1) / 300**0.5, rel=0.05)
    # five copies of each are no more evidence than one
    copied = compared(np.tile(differences, 5), np.tile(np.arange(300), 5), 4_000, 7)
    assert (copied.mean, copied.clusters) == (pytest.approx(apart.mean), 300)
    assert copied.error == pytest.approx(apart.error, rel=0.05)
    assert apart.least(0.025) < apart.mean < apart.most(0.025)
    assert apart.least(0.0001) < apart.least(0.025)


def test_clusters_of_different_sizes_weigh_by_their_items() -> None:
    found = compared(np.array([1.0, 0.0, 0.0, 0.0]), np.array([0, 1, 1, 1]), 200, 7)
    assert found.mean == 0.25 and found.clusters == 2


def test_one_cluster_proves_nothing() -> None:
    assert compared(np.ones(9), np.zeros(9, int), 100, 7).least(0.05) == -np.inf


def test_the_chances_of_any_number_of_tests_add_up_to_the_rate() -> None:
    assert sum(spent(0.05, number) for number in range(1, 10_000)) == pytest.approx(0.05, rel=1e-3)
    assert spent(0.05, 1) == 0.025


def test_items_go_together_through_others() -> None:
    found = clustered({"a": ["p"], "b": ["p", "q"], "c": ["q"], "d": ["r"]})
    assert found["a"] == found["b"] == found["c"] != found["d"]
