"""The search for the nearest records of a library."""

import numpy as np
import pyarrow as pa

from spark_jobs.columnar.vectors import scaled, to_int16_bytes, unit
from spark_jobs.curate.neighbours import Library


def library(names: list[str], vectors: np.ndarray, rows_per_cell: int) -> Library:
    columns = {"id": names, "score": np.arange(len(names), dtype=float), "vector": to_int16_bytes(scaled(vectors))}
    return Library.of(pa.table(columns).take(np.random.default_rng(1).permutation(len(names))), rows_per_cell)


def test_neighbours_are_the_exact_ones_where_cells_are_probed() -> None:
    draw = np.random.default_rng(7)
    centres = np.repeat(unit(draw.normal(size=(30, 32))), 10, axis=0)
    vectors = unit(centres + 0.35 * unit(draw.normal(size=centres.shape)))
    vectors = vectors[draw.permutation(300)]  # ids are hashes: their order says nothing about their place
    names = [f"rec_{n:03}" for n in range(300)]
    found = library(names, vectors, 60)
    assert len(found.members) == 5 and found.scores.tolist() == list(range(300))
    near, cosines = found.nearest(np.array(names, object), scaled(vectors), 3)
    exact = vectors @ vectors.T
    np.fill_diagonal(exact, -1)
    best = np.argsort(-exact, axis=1)[:, :3]
    assert (near == best).mean() >= 0.98
    assert np.abs(cosines - np.take_along_axis(exact, near, axis=1)).max() < 1e-3
    assert not (near == np.arange(300)[:, None]).any(), "no record is its own neighbour"


def test_of_equally_near_records_the_smaller_ids_come_first() -> None:
    found = library([*"abcd"], np.tile([1.0, 0.0], (4, 1)), 10)
    near, _ = found.nearest(np.array([*"bz"], object), scaled(np.array([[1.0, 0.0], [0.8, 0.6]])), 3)
    assert near.tolist() == [[0, 2, 3], [0, 1, 2]]
    assert found.has(np.array([*"bz"], object)).tolist() == [True, False]


def test_a_library_of_one_or_none_has_few_or_no_neighbours() -> None:
    lonely = library(["a"], np.array([[1.0, 0.0]]), 10)
    near, _ = lonely.nearest(np.array([*"ab"], object), scaled(np.array([[1.0, 0.0], [0.0, 1.0]])), 2)
    assert near.tolist() == [[-1, -1], [0, -1]]
    empty = library([], np.zeros((0, 2)), 10)
    assert empty.nearest(np.array(["a"], object), scaled(np.array([[1.0, 0.0]])), 2)[0].tolist() == [[-1, -1]]
