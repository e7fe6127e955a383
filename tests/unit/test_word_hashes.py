"""Words of whole batches: what counts as the same word."""

import pyarrow as pa
import pytest

from spark_jobs.columnar.ragged import Ragged
from spark_jobs.columnar.word_hashes import word_hashes


def _words(*texts: str) -> Ragged:
    return word_hashes(pa.array(texts, pa.string()))


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
        assert _row(together, place) == _row(word_hashes(pa.array([text])), 0)
    assert together.lengths.tolist() == [0, 1, 2, 1, 2, 4, 2, 0, 1]


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
