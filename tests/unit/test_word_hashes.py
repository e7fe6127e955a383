"""Words and exact keys of whole batches: what counts as the same word, the same number, the same text."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_jobs.columnar.ragged import Ragged
from spark_jobs.columnar.word_hashes import exact_keys, word_hashes

TEXTS = st.lists(st.text(alphabet="ab 12,.éД水\n", max_size=40), min_size=1, max_size=8)


def _words(*texts: str) -> Ragged:
    return word_hashes(pa.array(texts, pa.string()))[0]


def _keys(texts: list[str]) -> list[tuple[int, ...]]:
    return [tuple(key) for key in exact_keys(pa.array(texts, pa.string())).tolist()]


def _row(ragged: Ragged, row: int) -> list[int]:
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
    together = word_hashes(pa.array(texts))
    for place, text in enumerate(texts):
        alone, numbers = word_hashes(pa.array([text]))
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
    _, numbers = word_hashes(pa.array([left, right]))
    assert bool(numbers[0] == numbers[1]) is same


def test_operators_keep_exact_keys_apart() -> None:
    plus, minus, spaced = _keys(["What is 2 + 2?", "What is 2 - 2?", "what is 2 +  2"])
    assert plus == spaced != minus


@given(TEXTS)
def test_equal_exact_keys_mean_equal_words(texts: list[str]) -> None:
    doubled = pa.array(texts + [text.upper() + " ." for text in texts])
    keys, found = _keys(doubled.to_pylist()), word_hashes(doubled)[0]
    for left in range(len(keys)):
        for right in range(left):
            if keys[left] == keys[right]:
                assert _row(found, left) == _row(found, right)
