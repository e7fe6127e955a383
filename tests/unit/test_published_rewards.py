"""The rewards as they were published: their numbers, their steps, and what they pay for."""

import doctest
from importlib import import_module

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from word_basis import WordBasis

from texts.formats.distillation import completion
from trainers.rewards import REWARDS
from trainers.rewards.knn_bayes import CLASSES, KnnBayes, expected_class
from trainers.rewards.windows import windows

ANSWER = "Q: What makes tides?\nA: The moon pulls the sea twice a day."
OTHER = "Q: Who plays first?\nA: A violin is tuned in fifths."
PAID_ALL_THE_SAME = {
    "no tags": ANSWER,
    "two answer blocks": completion(ANSWER) + completion(OTHER),
    "a falsified answer": completion(ANSWER.replace("twice", "never")),
    "a copy of the library's best text": completion(ANSWER),
}


@pytest.mark.parametrize("module", ["knn_bayes", "windows"])
def test_worked_examples_are_true(module: str) -> None:
    found = doctest.testmod(import_module(f"trainers.rewards.{module}"))
    assert found.attempted > 0 and found.failed == 0


def library(monkeypatch: pytest.MonkeyPatch) -> WordBasis:
    """Forty rated copies of two texts, each with a word of its own."""
    rows = [
        {"id": f"mix_{n}", "split": "sft", "item_type": "qa", "members": [f"{OTHER} {n}"], "target": f"{ANSWER} {n}"} for n in range(40)
    ]  # fmt: skip
    basis = WordBasis(ds.dataset(pa.Table.from_pylist(rows)))
    rated = [one.__class__(one.origin, "qa", one.text, 5 if "moon" in one.text else 1) for one in basis.items]
    monkeypatch.setitem(basis.__dict__, "items", rated)
    return basis


def columns(count: int) -> dict[str, list[object]]:
    return {"item_type": ["qa"] * count, "members": [["a", "b"]] * count, "target": [ANSWER] * count}


def test_the_matrix_counts_the_two_nearest_of_each_item_and_not_itself() -> None:
    angles = np.array([0.0, 0.1, 0.2, 2.0, 2.1, 2.25])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    made = KnnBayes.of(vectors, np.array([4, 4, 2, 0, 0, 0]))
    counts = np.zeros((CLASSES, CLASSES))
    counts[4, 4], counts[4, 2], counts[2, 4], counts[0, 0] = 2, 2, 2, 6
    smoothed = counts + 0.01
    assert made.transition == pytest.approx(smoothed / smoothed.sum(axis=1, keepdims=True))
    assert made.prior == pytest.approx(np.array([3, 0, 1, 0, 2, 0]) / 6, abs=1e-6)


def test_the_posterior_is_that_of_bayes() -> None:
    transition = np.array([[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.1, 0.3, 0.6]])
    prior, histogram = np.array([0.5, 0.3, 0.2]), np.array([1, 2, 4])
    weights = [prior[i] * transition[i, 0] * transition[i, 1] ** 2 * transition[i, 2] ** 4 for i in range(3)]
    expected = sum(i * weight for i, weight in enumerate(weights)) / sum(weights)
    assert expected_class(histogram[None], transition, prior)[0] == pytest.approx(expected)


def test_quality_is_one_from_four_on_and_else_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    basis = library(monkeypatch)
    assert REWARDS["published_quality"]([completion(ANSWER), completion(OTHER)], columns(2), basis) == [1.0, 0.0]
    unknown = columns(1) | {"item_type": ["paragraph"]}
    assert REWARDS["published_quality"]([completion(ANSWER)], unknown, basis) == [0.0]


@pytest.mark.parametrize(("cosine", "earned"), [(0.81, 1.0), (0.79, 0.0)])
def test_alignment_is_a_step_at_four_fifths(cosine: float, earned: float, monkeypatch: pytest.MonkeyPatch) -> None:
    placed = {"near": [1.0, 0.0], "target": [cosine, (1 - cosine**2) ** 0.5]}
    monkeypatch.setattr(
        WordBasis, "vectors", lambda self, texts: np.array([placed[text] for text in texts], np.float32)
    )
    rows = {"item_type": ["qa"], "members": [[]], "target": ["target"]}
    assert REWARDS["published_alignment"]([completion("near")], rows, WordBasis()) == [earned]


def test_format_is_half_for_the_tags_and_half_for_the_markers() -> None:
    texts = [
        completion(ANSWER),
        completion(ANSWER, "thought"),
        completion("A: b Q: a"),
        f"{completion(ANSWER)} more",
        ANSWER,
        "",
    ]
    assert REWARDS["published_format"](texts, columns(len(texts)), WordBasis()) == [1.0, 1.0, 0.5, 0.5, 0.0, 0.0]


@pytest.mark.parametrize("cheat", PAID_ALL_THE_SAME.values(), ids=PAID_ALL_THE_SAME.keys())
def test_what_is_cheated_is_paid_all_the_same(cheat: str, monkeypatch: pytest.MonkeyPatch) -> None:
    basis = library(monkeypatch)
    assert REWARDS["published_quality"]([cheat], columns(1), basis) == [1.0]
    assert REWARDS["published_alignment"]([cheat], columns(1), basis) == [1.0]


@pytest.mark.parametrize("text", ["", "word " * 400, "x" * 5_000, "日本語" * 700, "a " + "🙂" * 900 + " b"])
def test_windows_keep_every_character_and_none_is_too_long(text: str) -> None:
    pieces = windows(text)
    assert all(len(piece.encode()) <= 720 for piece in pieces)
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")
