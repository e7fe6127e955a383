"""Shingles are the windows of each row, and Jaccard similarity of their sets is exact."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_jobs.columnar.hashes import mix
from spark_jobs.columnar.ragged import Ragged
from spark_jobs.columnar.shingles import MAX_BATCH, jaccard, shingle_sets, shingles
from spark_jobs.columnar.word_hashes import word_hashes

TEXTS = st.lists(st.text(alphabet="ab 12,.éД水\n", max_size=40), min_size=1, max_size=8)


@given(TEXTS, st.integers(1, 4))
def test_shingles_are_the_windows_of_each_row(texts: list[str], size: int) -> None:
    tokens = word_hashes(pa.array(texts, pa.string()))
    grams = shingles(tokens, size)
    seen: dict[tuple[int, ...], int] = {}
    for row in range(len(texts)):
        own = _row(tokens, row)
        windows = [tuple(own[start : start + size]) for start in range(len(own) - size + 1)]
        assert len(windows) == grams.lengths[row]
        for window, gram in zip(windows, _row(grams, row), strict=True):
            assert seen.setdefault(window, gram) == gram
    assert len(set(seen.values())) == len(seen)


@given(st.lists(st.tuples(st.sets(st.integers(0, 30)), st.sets(st.integers(0, 30))), min_size=1, max_size=20))
def test_jaccard_is_exact(pairs: list[tuple[set[int], set[int]]]) -> None:
    left, right = (shingle_sets(_ragged([pair[side] for pair in pairs])) for side in (0, 1))
    expected = [len(a & b) / len(a | b) if a | b else 1.0 for a, b in pairs]
    assert jaccard(left, right).tolist() == pytest.approx(expected)


def test_a_batch_too_long_for_its_numbering_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 16384"):
        shingle_sets(_ragged([{1}] * (MAX_BATCH + 1)))


def _row(ragged: Ragged, row: int) -> list[int]:
    return ragged.values[ragged.offsets[row] : ragged.offsets[row + 1]].tolist()


def _ragged(rows: list[set[int]]) -> Ragged:
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    values = np.array([value for row in rows for value in sorted(row)], np.uint64)
    return Ragged(mix(values + np.uint64(1)), offsets)
