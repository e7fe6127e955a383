"""Vectors as whole numbers: exact whatever the shapes, kept by packing, placed alike in any batch; licences of fused texts."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spark_jobs.columnar.vectors import ONE, cells, packed, unit, unpacked, whole
from spark_jobs.group.greedy import likeness
from texts.licences import CLASSES, together


def _rows(count: int, dimension: int, seed: int = 7) -> np.ndarray:
    return whole(unit(np.random.default_rng(seed).normal(size=(count, dimension))))


@given(st.integers(0, 2**32), st.sampled_from([2, 33, 384, 1_024]))
def test_products_in_single_precision_are_exact(seed: int, dimension: int) -> None:
    rows = _rows(9, dimension, seed)
    rows[0] = whole(np.eye(dimension)[0])  # the longest sums are those of a row with itself
    exact = rows.astype(np.int64) @ rows.astype(np.int64).T
    assert ((rows @ rows.T).astype(np.int64) == exact).all()
    assert exact.max() < 2**24


def test_packing_keeps_every_row_and_any_slice() -> None:
    rows = _rows(10, 48)
    column = packed(rows)
    assert (unpacked(column) == rows).all()
    assert (unpacked(column.slice(3, 4)) == rows[3:7]).all()


def test_a_row_goes_to_the_same_cell_in_any_batch() -> None:
    rows = _rows(500, 16)
    tree = cells(rows, 20)
    together_placed = tree.place(rows)
    assert (
        np.concatenate([tree.place(rows[start : start + 7]) for start in range(0, 500, 7)]) == together_placed
    ).all()
    assert len(np.unique(together_placed)) > 10 and together_placed.max() < len(tree)


def test_cohesion_is_the_mean_cosine_of_all_pairs() -> None:
    rows = _rows(5, 24)
    found = likeness(rows, np.array([2, 3]))
    cosines = rows @ rows.T / ONE
    expected = [cosines[0, 1], cosines[2:, 2:][np.triu_indices(3, 1)].mean()]
    assert np.allclose(found.cohesion, expected, atol=1e-6)
    assert np.allclose(found.similarity[0], rows[0] @ unit(rows[0] + rows[1]) / np.linalg.norm(rows[0]), atol=1e-6)


def test_fused_texts_are_under_all_their_licences() -> None:
    assert together(["MIT", "CC-BY-4.0", "MIT"]) == "CC-BY-4.0 AND MIT"
    assert together(["GPL-2.0-only OR MIT"]) == "GPL-2.0-only OR MIT"
    assert together(["GPL-2.0-only OR MIT", "MIT"]) == "(GPL-2.0-only OR MIT) AND MIT"
    assert CLASSES["CC-BY-SA-4.0"] != CLASSES["CC-BY-4.0"] and "GPL-3.0-only" not in CLASSES
