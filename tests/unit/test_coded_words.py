"""Words as numbers say what the words themselves say, text by text."""

from hypothesis import given
from hypothesis import strategies as st

from texts.coded_words import coded

_TEXTS = st.lists(st.lists(st.sampled_from(["a", "A", "b", "bee", "c"]), max_size=12), max_size=8)


@given(_TEXTS)
def test_counts_are_those_of_each_text_by_itself(texts: list[list[str]]) -> None:
    words = coded(texts)
    assert words.count().tolist() == [*map(len, texts)]
    assert words.distinct().count().tolist() == [len(set(text)) for text in texts]
    assert words.count(words.where(str.isupper)).tolist() == [text.count("A") for text in texts]
    assert words.only(words.where("bee".__eq__)).count().tolist() == [text.count("bee") for text in texts]


@given(_TEXTS)
def test_words_that_are_written_alike_become_one(texts: list[list[str]]) -> None:
    lowered = coded(texts).mapped(str.lower).distinct()
    assert lowered.count().tolist() == [len({word.lower() for word in text}) for text in texts]


@given(_TEXTS)
def test_trigrams_do_not_reach_from_one_text_into_the_next(texts: list[list[str]]) -> None:
    plain = [len(set(zip(text, text[1:], text[2:], strict=False))) for text in texts]
    assert coded(texts).count_distinct_trigrams().tolist() == plain


def test_two_texts_of_seven_words() -> None:
    found = coded([["The", "cat", "saw", "the", "cat"], ["the", "dog"]])
    assert found.words == ["The", "cat", "saw", "the", "dog"]
    assert found.code.tolist() == [0, 1, 2, 3, 1, 3, 4] and found.row.tolist() == [0, 0, 0, 0, 0, 1, 1]
    assert found.count().tolist() == [5, 2] and found.mapped(str.lower).distinct().count().tolist() == [3, 2]
