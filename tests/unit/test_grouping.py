"""Grouping without Spark: the worked examples hold, sizes follow the published law, a cell is read the same however it is batched."""

import doctest

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.tables import TABLES
from lake.tables.schema import TEXTS
from spark_jobs.columnar.vectors import COSINE_ONE, scaled, unit
from spark_jobs.group import cell_search, columns, greedy
from spark_jobs.group.cell_search import tables_by_value
from spark_jobs.group.greedy import SizeDistribution, group_similarity
from spark_jobs.group.job import GroupParams


@pytest.mark.parametrize("module", [greedy, columns, cell_search], ids=lambda module: module.__name__)
def test_the_worked_examples_hold(module: object) -> None:
    failed, tried = doctest.testmod(module)  # pyright: ignore[reportArgumentType]
    assert tried > 0 and failed == 0


def test_a_searched_row_has_every_column_of_the_table() -> None:
    assert set(TABLES["silver/groups"].schema) <= set(columns.SEARCHED)


@given(st.lists(st.sets(st.sampled_from(["a.b", "a.c", "b", "a", "x"]), max_size=3), min_size=2, max_size=12))
def test_of_two_in_a_group_one_names_nothing_beyond_the_other(subjects: list[set[str]]) -> None:
    names = [row | {subject.split(".")[-1] for subject in row} for row in subjects]
    meet = greedy.of_one_subject(pa.array(list(map(sorted, subjects)), TEXTS))
    assert meet.tolist() == [[one <= other or other <= one for other in names] for one in names]
    close = np.where(meet & ~np.eye(len(meet), dtype=bool), np.float32(1), np.float32(-np.inf))
    sizes = SizeDistribution(least=2, most=5, mean=5.0, sd=0.0, seed=7)
    ids = [f"{n:02}" for n in range(len(names))]
    found = [[names[row] for row in rows] for rows in greedy.greedy_groups(ids, close, sizes)]
    assert all(one <= other or other <= one for members in found for one in members for other in members)


def test_a_row_written_before_subjects_were_told_names_nothing() -> None:
    assert greedy.of_one_subject(pa.array([None, ["a"], []], TEXTS)).all()


def test_sizes_follow_the_published_law() -> None:
    drawn = SizeDistribution(least=2, most=5, mean=3.0, sd=1.0, seed=7)
    sizes = np.bincount([drawn.capacity(f"rec_{n}") for n in range(20_000)], minlength=6) / 20_000
    assert sizes[2:].tolist() == pytest.approx([0.309, 0.383, 0.242, 0.067], abs=0.015)


def test_sizes_out_of_order_are_rejected() -> None:
    with pytest.raises(ValueError, match="must not be below"):
        GroupParams(least_size=4, most_size=3)


def test_cohesion_is_the_mean_cosine_of_all_pairs() -> None:
    rows = scaled(unit(np.random.default_rng(7).normal(size=(5, 24))))
    found = group_similarity(rows, np.array([2, 3]))
    cosines = rows @ rows.T / COSINE_ONE
    expected = [cosines[0, 1], cosines[2:, 2:][np.triu_indices(3, 1)].mean()]
    assert np.allclose(found.cohesion, expected, atol=1e-6)
    assert np.allclose(found.to_mean[0], rows[0] @ unit(rows[0] + rows[1]) / np.linalg.norm(rows[0]), atol=1e-6)


def test_a_sorted_stream_is_cut_the_same_whatever_its_batches() -> None:
    cells = np.repeat([3, 4, 9], [5, 1, 13])
    rows = pa.table({"cell": cells, "row": np.arange(len(cells))})
    found = [
        [
            (table["cell"][0].as_py(), table["row"].to_pylist())
            for table in tables_by_value(iter(rows.to_batches(size)), "cell", 6)
        ]
        for size in (1, 4, 100)
    ]
    assert found[0] == found[1] == found[2]
    assert [len(places) for _, places in found[0]] == [5, 1, 6, 6, 1]
