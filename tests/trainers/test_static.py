"""Static embedders: an ordinary SentenceTransformer folder, read without torch, that any process makes alike."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from texts.embed.embedder import Embedder, open_embedder
from texts.embed.static import read_static
from texts.embed.static_from_teacher import (
    bare_tokenizer,
    rarity_weights,
    save,
    static_folder,
    token_vectors,
    without_common_directions,
)

TEXTS = ["How do I bake bread?", "bake a loaf of bread", "Who won the cup?", "naïve 日本", ""]


@pytest.fixture(scope="module")
def teacher(small_teacher: Path) -> Any:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(small_teacher), device="cpu")


def test_a_distilled_folder_is_made_once_and_gives_sentence_transformers_own_vectors(
    teacher: Any, tmp_path: Path
) -> None:
    from sentence_transformers import SentenceTransformer

    folder = static_folder("digest", lambda: teacher, tmp_path)
    assert static_folder("digest", lambda: pytest.fail("made twice"), tmp_path) == folder
    wanted = SentenceTransformer(str(folder), device="cpu").encode(TEXTS, normalize_embeddings=True)
    made = Embedder("static", folder)
    found = made.encode(TEXTS)
    assert found.shape == (5, 16) and found.dtype == np.float32
    assert np.allclose(found[:-1], wanted[:-1], atol=1e-6)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6), "a text without a token has a unit vector as well"
    assert np.array_equal(made.encode(TEXTS[::-1])[::-1], found) and np.array_equal(made.encode(TEXTS[:1]), found[:1])


def test_the_vector_of_a_token_is_what_the_teacher_says_of_it_alone(teacher: Any) -> None:
    found = token_vectors(teacher)
    bread = teacher.tokenizer.convert_tokens_to_ids("bread")
    assert np.allclose(found[bread], teacher.encode("bread", normalize_embeddings=True), atol=1e-5)


def test_a_rare_word_weighs_more_and_ranks_begin_at_the_first_word() -> None:
    weights = rarity_weights(["[CLS]", "!", "the", "of", "##s", "glacier"])
    assert weights[0] == weights[1] == weights[2] < weights[3] == weights[4] < weights[5] < 1


def test_what_all_tokens_have_in_common_is_gone() -> None:
    random = np.random.default_rng(7)
    common = random.normal(size=(3, 12)) * 20
    found = without_common_directions(
        (5 + random.normal(size=(400, 3)) @ common + random.normal(size=(400, 12))).astype(np.float32)
    )
    assert np.allclose(found.mean(axis=0), 0, atol=1e-4)
    assert np.linalg.eigvalsh(found.T @ found / 400)[-1] < 2, "the loud directions are still there"


def test_two_processes_that_write_one_folder_leave_one_whole(teacher: Any, tmp_path: Path) -> None:
    tokenizer, weights = bare_tokenizer(teacher), np.ones((30522, 4), np.float32)
    for _ in range(2):
        save(tokenizer, weights, tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_another_model_is_no_static_one(tmp_path: Path) -> None:
    assert read_static(open_embedder().folder) is None
    assert read_static(tmp_path) is None
