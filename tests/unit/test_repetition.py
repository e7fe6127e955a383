"""Shares of distinct 3-grams, against a plain count over Python lists."""

import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_jobs.clean import repetition

WORD = re.compile(r"[\u4e00-\u9fff]|[^\W\u4e00-\u9fff]+")


def plain(text: str) -> tuple[int, float]:
    words = WORD.findall(text.lower())
    grams = list(zip(words, words[1:], words[2:], strict=False))
    return len(words), len(set(grams)) / len(grams) if grams else 1.0


@given(st.lists(st.text(alphabet="aB cÉ9_米饭。,\n-", max_size=40), min_size=1, max_size=8))
def test_shares_are_those_of_a_plain_count(texts: list[str]) -> None:
    words, shares = repetition.distinct_trigrams(pa.array(texts))
    assert list(zip(words.tolist(), shares.tolist(), strict=True)) == [plain(text) for text in texts]


def test_the_arrays_of_the_worked_example() -> None:
    characters = np.frombuffer("go on. go on, go on!\n做饭。\n\n".encode("utf-32-le"), np.uint32)
    kinds = np.take(repetition._kinds(), characters)
    assert "".join("GLA"[kind] for kind in kinds) == "LLGLLGGLLGLLGGLLGLLGG" + "AAGG" + "G"
    starts, ends = repetition._word_places(kinds)
    assert starts.tolist() == [0, 3, 7, 10, 14, 17, 21, 22]
    assert ends.tolist() == [2, 5, 9, 12, 16, 19, 22, 23]
    go, on, *_ = hashes = repetition._word_hashes(characters, starts, ends).tolist()
    assert hashes[:6] == [go, on] * 3 and len(set(hashes)) == 4


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Press the button and wait for the light. " * 10, True),
        ("先把米洗干净再煮。" * 8, True),
        ("Press the button. " * 3, False),
        (" ".join(str(number) for number in range(60)), False),
        ("", False),
    ],
)
def test_only_long_answers_that_go_round_are_repetitive(text: str, found: bool) -> None:
    assert repetition.repetitive(pa.array([text]), pa.array([""]), 40, 0.25).to_pylist() == [found]


def test_rows_do_not_depend_on_their_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = pa.array([f"{word} and {word} again " * (number % 40) for number, word in enumerate("abcdefgh" * 10)])
    prompts = pa.array([""] * len(texts))
    together = repetition.repetitive(texts, prompts, 40, 0.25)
    monkeypatch.setattr(repetition, "_BLOCK", 64)
    apart = pa.concat_arrays(
        [repetition.repetitive(texts.slice(row, 1), prompts.slice(row, 1), 40, 0.25) for row in range(len(texts))]
    )
    assert together.equals(apart) and together.equals(repetition.repetitive(texts, prompts, 40, 0.25))
    assert 0 < np.asarray(together).sum() < len(texts)


@pytest.mark.parametrize(
    ("prompt", "found"),
    [
        ("What do you want?", True),
        ("Write 'I shall not run' 40 times", False),
        ("Repeat after me until I say stop", False),
        ("What is the refrain of the song?", False),
        ("Schreibe es hundertmal, also wiederhole es", False),
    ],
)
def test_repetition_that_was_asked_for_is_an_answer(prompt: str, found: bool) -> None:
    answer = "I shall not run in the hall. " * 40
    assert repetition.repetitive(pa.array([answer]), pa.array([prompt]), 40, 0.25).to_pylist() == [found]
