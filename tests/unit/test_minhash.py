"""MinHash arithmetic: words, shingles, sets, exact Jaccard, and the recall that the bands promise."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_jobs.columnar import word_hashes as runs
from spark_jobs.dedupe import minhash
from spark_jobs.dedupe.candidates import fingerprint

TEXTS = st.lists(st.text(alphabet="ab 12,.éД水\n", max_size=40), min_size=1, max_size=8)


def _words(*texts: str) -> runs.Ragged:
    return runs.words(pa.array(texts, pa.string()))[0]


def _keys(texts: list[str]) -> list[tuple[int, ...]]:
    return [tuple(key) for key in runs.exact_keys(pa.array(texts, pa.string())).tolist()]


def _row(ragged: runs.Ragged, row: int) -> list[int]:
    return ragged.values[ragged.offsets[row] : ragged.offsets[row + 1]].tolist()


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Hello, World!", "hello world"),
        ("ＡＢＣ １２", "abc 12"),
        ("ÉCOLE\tfermée.", "école fermée"),
        ("a  b\n\nc", "a b c"),
        ("٣ apples, naïve—ly", "3 apples naïve ly"),
    ],
)
def test_case_width_spaces_and_punctuation_do_not_count(left: str, right: str) -> None:
    found = _words(left, right)
    assert _row(found, 0) == _row(found, 1)


def test_scripts_without_spaces_count_characters() -> None:
    assert _words("水は青い", "water is blue", "", "!?").lengths.tolist() == [4, 3, 0, 0]


def test_a_row_is_the_same_alone_and_among_others() -> None:
    texts = ["", "x", "a b", "é", "水 a", "x" * 1000, "1 2", "", "tail"]
    together = runs.words(pa.array(texts))
    for place, text in enumerate(texts):
        alone, numbers = runs.words(pa.array([text]))
        assert _row(together[0], place) == _row(alone, 0)
        assert together[1][place] == numbers[0]
    assert together[0].lengths.tolist() == [0, 1, 2, 1, 2, 4, 2, 0, 1]


def test_words_that_differ_in_any_byte_differ() -> None:
    found = {
        key
        for length in range(1, 40)
        for at in range(length)
        for key in _row(_words("a" * at + "b" + "a" * (length - at - 1)), 0)
    }
    assert len(found) == sum(range(1, 40))


def test_marks_belong_to_their_word() -> None:
    assert _words("हिन्दी में").lengths.tolist() == [2]


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("7 apples and 12 pears", "12 pears, 7 apples", True),
        ("7 apples", "8 apples", False),
        ("1 1 2", "1 2 2", False),
        ("x12", "y 12", True),
    ],
)
def test_numbers_are_compared_as_a_multiset(left: str, right: str, same: bool) -> None:
    _, numbers = runs.words(pa.array([left, right]))
    assert bool(numbers[0] == numbers[1]) is same


def test_operators_keep_exact_keys_apart() -> None:
    plus, minus, spaced = _keys(["What is 2 + 2?", "What is 2 - 2?", "what is 2 +  2"])
    assert plus == spaced != minus


@given(TEXTS)
def test_equal_exact_keys_mean_equal_words(texts: list[str]) -> None:
    doubled = pa.array(texts + [text.upper() + " ." for text in texts])
    keys, found = _keys(doubled.to_pylist()), runs.words(doubled)[0]
    for left in range(len(keys)):
        for right in range(left):
            if keys[left] == keys[right]:
                assert _row(found, left) == _row(found, right)


@given(TEXTS, st.integers(1, 4))
def test_shingles_are_the_windows_of_each_row(texts: list[str], size: int) -> None:
    tokens = _words(*texts)
    grams = minhash.shingles(tokens, size)
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
    left, right = (minhash.distinct(_ragged([pair[side] for pair in pairs])) for side in (0, 1))
    expected = [len(a & b) / len(a | b) if a | b else 1.0 for a, b in pairs]
    assert minhash.jaccard(left, right).tolist() == pytest.approx(expected)


def test_a_batch_too_long_for_its_numbering_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 16384"):
        minhash.distinct(_ragged([{1}] * (minhash.MAX_BATCH + 1)))


@pytest.mark.parametrize(("similarity", "least"), [(0.7, 0.97), (0.8, 0.995)])
def test_bands_find_what_they_promise(similarity: float, least: float) -> None:
    shared, own = round(200 * similarity), round(200 * (1 - similarity) / 2)
    values = runs.mix(np.arange(400 * (shared + 2 * own), dtype=np.uint64)).reshape(400, -1)
    left, right = values[:, : shared + own], np.hstack([values[:, :shared], values[:, shared + own :]])
    keys = [minhash.band_keys(_rectangle(side), np.zeros(400, np.uint64)) for side in (left, right)]
    assert (keys[0] == keys[1]).any(axis=1).mean() >= least


def test_a_guard_keeps_equal_rows_apart() -> None:
    grams = minhash.shingles(_words("one two three four five"))
    first, second = (minhash.band_keys(grams, np.array([guard], np.uint64)) for guard in (1, 2))
    assert not np.isin(first, second).any()


def _ragged(rows: list[set[int]]) -> runs.Ragged:
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    values = np.array([value for row in rows for value in sorted(row)], np.uint64)
    return runs.Ragged(runs.mix(values + np.uint64(1)), offsets)


def _rectangle(values: np.ndarray) -> runs.Ragged:
    return runs.Ragged(values.ravel(), np.arange(len(values) + 1, dtype=np.int64) * values.shape[1])


def test_a_last_prompt_that_is_the_prompt_need_not_be_given() -> None:
    rows = pa.RecordBatch.from_pydict(
        {"id": ["rec_" + "0" * 24] * 2, "source": ["a"] * 2, "prompt": ["Two words", "é"]}
    )
    rows = rows.append_column("answer", pa.array(["Yes, two.", None], pa.string()))
    told, spared = (
        fingerprint(rows.append_column("last_prompt", column), (), True)
        for column in (rows["prompt"], pa.nulls(2, pa.string()))
    )
    other = fingerprint(rows.append_column("last_prompt", pa.array(["Three", None])), (), True)
    assert told.equals(spared)
    assert other["turns"].equals(told["turns"])
    assert other["ending"][0] != told["ending"][0] and other["ending"][1] == told["ending"][1]
