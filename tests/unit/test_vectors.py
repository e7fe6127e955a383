"""Vectors in whole numbers and their cells: exact whatever the shapes, kept by int16 bytes, assigned alike in any batch."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_jobs.columnar import cells, vectors
from spark_jobs.columnar.cells import Cells, build_cells, split_crowded
from spark_jobs.columnar.vectors import from_int16_bytes, scaled, to_int16_bytes, unit
from spark_jobs.curate import neighbours
from texts.licences import CLASSES, together


def _rows(count: int, dimension: int, seed: int = 7) -> np.ndarray:
    return scaled(unit(np.random.default_rng(seed).normal(size=(count, dimension))))


@pytest.mark.parametrize("module", [vectors, cells, neighbours], ids=lambda module: module.__name__)
def test_the_worked_examples_hold(module: object) -> None:
    failed, tried = doctest.testmod(module)  # pyright: ignore[reportArgumentType]
    assert tried > 0 and failed == 0


@given(st.integers(0, 2**32), st.sampled_from([2, 33, 384, 1_024]))
def test_products_in_single_precision_are_exact(seed: int, dimension: int) -> None:
    rows = _rows(9, dimension, seed)
    rows[0] = scaled(np.eye(dimension)[0])  # the longest sums are those of a row with itself
    exact = rows.astype(np.int64) @ rows.astype(np.int64).T
    assert ((rows @ rows.T).astype(np.int64) == exact).all()
    assert exact.max() < 2**24


def test_int16_bytes_keep_every_row_and_any_slice() -> None:
    rows = _rows(10, 48)
    column = to_int16_bytes(rows)
    assert (from_int16_bytes(column) == rows).all()
    assert (from_int16_bytes(column.slice(3, 4)) == rows[3:7]).all()


@pytest.mark.parametrize("levels", [1, 2])
def test_a_row_goes_to_the_same_cell_in_any_batch(levels: int) -> None:
    rows = _rows(500, 16)
    trained = build_cells(rows, 20, levels)
    together_assigned = trained.assign(rows)
    batches = [trained.assign(rows[start : start + 7]) for start in range(0, 500, 7)]
    assert (np.concatenate(batches) == together_assigned).all()
    assert len(np.unique(together_assigned)) > 10 and together_assigned.max() < len(trained)


def test_the_nearest_cells_are_in_order_and_begin_with_the_own_one_of_a_flat_file() -> None:
    rows = _rows(300, 16)
    flat = build_cells(rows, 12, levels=1)
    nearest = flat.nearest(rows, 3)
    products = np.take_along_axis(rows @ np.concatenate(flat.leaves).T, nearest, axis=1)
    assert (nearest[:, 0] == flat.assign(rows)).all() and (np.diff(products, axis=1) <= 0).all()


def test_one_cell_holds_every_row() -> None:
    rows = _rows(5, 8)
    assert Cells.single().assign(rows).tolist() == [0] * 5
    assert Cells.single().nearest(rows, 3).tolist() == [[0]] * 5


def test_crowded_cells_are_split_even_where_rows_are_equal() -> None:
    same = scaled(np.ones((100, 4)) / 2)
    parts = list(split_crowded(same, np.arange(100), 30))
    assert max(map(len, parts)) <= 30
    assert sorted(np.concatenate(parts).tolist()) == list(range(100))


def test_fused_texts_are_under_all_their_licences() -> None:
    assert together(["MIT", "CC-BY-4.0", "MIT"]) == "CC-BY-4.0 AND MIT"
    assert together(["GPL-2.0-only OR MIT"]) == "GPL-2.0-only OR MIT"
    assert together(["GPL-2.0-only OR MIT", "MIT"]) == "(GPL-2.0-only OR MIT) AND MIT"
    assert CLASSES["CC-BY-SA-4.0"] != CLASSES["CC-BY-4.0"] and "GPL-3.0-only" not in CLASSES
