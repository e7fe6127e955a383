"""MinHash bands: the recall that they promise, guards, and the fingerprints that carry them."""

import numpy as np
import pyarrow as pa
import pytest

from spark_jobs.columnar.hashes import mix
from spark_jobs.columnar.ragged import Ragged
from spark_jobs.columnar.shingles import shingles
from spark_jobs.columnar.word_hashes import word_hashes
from spark_jobs.dedupe.minhash import band_keys


@pytest.mark.parametrize(("similarity", "least"), [(0.7, 0.97), (0.8, 0.995)])
def test_bands_find_what_they_promise(similarity: float, least: float) -> None:
    shared, own = round(200 * similarity), round(200 * (1 - similarity) / 2)
    values = mix(np.arange(400 * (shared + 2 * own), dtype=np.uint64)).reshape(400, -1)
    left, right = values[:, : shared + own], np.hstack([values[:, :shared], values[:, shared + own :]])
    keys = [band_keys(_rectangle(side), np.zeros(400, np.uint64)) for side in (left, right)]
    assert (keys[0] == keys[1]).any(axis=1).mean() >= least


def test_a_guard_keeps_equal_rows_apart() -> None:
    grams = shingles(word_hashes(pa.array(["one two three four five"])))
    first, second = (band_keys(grams, np.array([guard], np.uint64)) for guard in (1, 2))
    assert not np.isin(first, second).any()


def _rectangle(values: np.ndarray) -> Ragged:
    return Ragged(values.ravel(), np.arange(len(values) + 1, dtype=np.int64) * values.shape[1])
