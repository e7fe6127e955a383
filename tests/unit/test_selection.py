"""What a row adds to the training set, and what fits into its quotas: against plain reckonings of the same."""

from collections import Counter

import numpy as np
import pytest

from spark_jobs.columnar.vectors import COSINE_ONE, scaled, unit
from spark_jobs.select.gain import Rows, coverage, long_tail
from spark_jobs.select.quotas import Room, taken

NOBODY = np.array([], np.int64)


def made(seed: int, count: int = 60, topics: int = 8) -> Rows:
    """Rows around a few topics, some of them equal, with scores of few values: many ties."""
    noise = np.random.default_rng(seed)
    centres = unit(noise.normal(size=(topics, 16)))
    vectors = centres[noise.integers(0, topics, count)] + noise.choice([0, 0.4], (count, 1)) * noise.normal(
        size=(count, 16)
    )
    return Rows(scaled(unit(vectors)), noise.choice([4.0, 4.5, 5.0], count))


def served(rows: Rows, released: list[int]) -> float:
    """F of the module, pair by pair."""
    products = np.maximum(rows.vectors.astype(np.float64) @ rows.vectors[released].T, 0) / COSINE_ONE
    return float((products * rows.scores[released] / 5).max(axis=1, initial=0).sum())


@pytest.mark.parametrize("seed", range(5))
def test_gains_are_those_of_taking_what_adds_most_again_and_again(seed: int) -> None:
    rows, released = made(seed), [3, 7]
    candidates = np.setdiff1d(np.arange(60), released)
    gains = coverage(rows, candidates, np.array(released))
    order = candidates[np.argsort(-gains, kind="stable")].tolist()
    for place, row in enumerate(order[:25]):
        before = served(rows, released)
        adds = {other: served(rows, [*released, other]) - before for other in order[place:]}
        assert adds[row] == pytest.approx(max(adds.values()), abs=1e-6)
        assert gains[np.flatnonzero(candidates == row)[0]] == pytest.approx(adds[row], abs=1e-6)
        released.append(row)


def test_of_equal_rows_the_first_is_taken_and_the_others_add_nothing() -> None:
    rows = Rows(scaled(np.ones((4, 1))), np.full(4, 4.5))
    assert coverage(rows, np.arange(4), NOBODY).tolist() == [3.6, 0, 0, 0]


def test_a_better_row_serves_better_and_a_row_far_from_all_is_served_by_itself() -> None:
    rows = Rows(scaled(np.array([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])), np.array([4.0, 5.0, 4.0]))
    assert coverage(rows, np.arange(3), NOBODY).tolist() == [0, 2, 0.8]


def test_the_order_of_rows_changes_no_gain_where_no_two_are_alike() -> None:
    rows = Rows(scaled(unit(np.random.default_rng(1).normal(size=(50, 12)))), np.linspace(4, 5, 50))
    turned = np.random.default_rng(2).permutation(50)
    other = Rows(rows.vectors[turned], rows.scores[turned])
    assert (coverage(other, np.arange(50), NOBODY) == coverage(rows, np.arange(50), NOBODY)[turned]).all()


def test_the_long_tail_is_the_mean_distance_to_the_fifteen_nearest_others() -> None:
    rows = made(4)
    cosines = rows.vectors @ rows.vectors.T / COSINE_ONE
    expected = [1 - np.sort(np.delete(cosines[row], row))[-15:].mean() for row in (5, 9, 30)]
    assert long_tail(rows, np.array([5, 9, 30]), NOBODY).tolist() == pytest.approx(expected, abs=1e-5)


def test_a_row_alone_in_its_cell_is_as_rare_as_can_be() -> None:
    alone = Rows(scaled(np.array([[1.0, 0.0]])), np.array([4.0]))
    assert long_tail(alone, np.array([0]), NOBODY).tolist() == [1]


@pytest.mark.parametrize("seed", range(20))
def test_no_quota_is_exceeded_and_each_kind_is_taken_from_its_best_on(seed: int) -> None:
    draw = np.random.default_rng(seed)
    rows = [
        (sorted(draw.choice(["a", "b", "c"], draw.integers(1, 3), replace=False).tolist()), str(draw.choice(["free", "shared"])), int(draw.integers(1, 9)))
        for _ in range(200)
    ]  # fmt: skip
    room = Room(budget=150, sources=70, licences={"shared": 40}, used={("source", "a"): 30})
    found = taken(rows, room)
    left = Counter({kind: count for kind, (count, _) in found.items()})
    used, total = Counter(room.used), 0
    for sources, licence, size in rows:
        if left[tuple(sources), licence] > 0:
            left[tuple(sources), licence] -= 1
            total += size
            used.update({("source", source): size for source in sources} | {("licence", licence): size})
    assert total <= 150 and used["licence", "shared"] <= 40
    assert all(used["source", source] <= 70 for source in "abc")


def test_nothing_worse_slips_in_behind_the_row_that_did_not_fit() -> None:
    rows = [(["a"], "free", 6), (["a"], "free", 6), (["a"], "free", 1), (["b"], "free", 1)]
    assert taken(rows, Room(10, 10, {})) == {
        (("a",), "free"): (1, "source_quota"),
        (("b",), "free"): (1, "over_budget"),
    }
    assert taken(rows, Room(10, 100, {})) == {
        (("a",), "free"): (1, "over_budget"),
        (("b",), "free"): (0, "over_budget"),
    }


def test_a_row_of_two_sources_needs_room_in_both() -> None:
    rows = [(["a"], "free", 2), (["a", "b"], "free", 1), (["b"], "free", 2)]
    assert taken(rows, Room(9, 2, {})) == {
        (("a",), "free"): (1, "over_budget"), (("a", "b"), "free"): (0, "source_quota"), (("b",), "free"): (1, "over_budget"),
    }  # fmt: skip
