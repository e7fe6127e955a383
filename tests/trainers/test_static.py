"""Static embedders: an ordinary SentenceTransformer folder, read without torch, that any process makes alike."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lake import static
from lake.embedder import Embedder, embedder

TEXTS = ["How do I bake bread?", "bake a loaf of bread", "Who won the cup?", "naïve 日本", ""]


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A teacher of the packaged one's shape with two small random layers: its vectors mean nothing, but cost nothing."""
    import torch
    from sentence_transformers import SentenceTransformer

    folder = tmp_path_factory.mktemp("teacher") / "model"
    shutil.copytree(embedder().folder, folder, ignore=shutil.ignore_patterns("*.safetensors", "__pycache__"))
    from transformers import BertConfig, BertModel

    torch.manual_seed(7)
    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    BertModel(BertConfig(**json.loads((folder / "config.json").read_text()) | small)).save_pretrained(folder)
    pooling = json.loads((folder / "1_Pooling" / "config.json").read_text())
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling | {"word_embedding_dimension": 16}))
    yield SentenceTransformer(str(folder), device="cpu")


def test_a_distilled_folder_is_made_once_and_gives_sentence_transformers_own_vectors(
    teacher: Any, tmp_path: Path
) -> None:
    from sentence_transformers import SentenceTransformer

    folder = static.distilled("digest", lambda: teacher, tmp_path)
    assert static.distilled("digest", lambda: pytest.fail("made twice"), tmp_path) == folder
    wanted = SentenceTransformer(str(folder), device="cpu").encode(TEXTS, normalize_embeddings=True)
    made = Embedder("static", folder)
    found = made.encode(TEXTS)
    assert found.shape == (5, 16) and found.dtype == np.float32
    assert np.allclose(found, wanted, atol=1e-6)
    assert np.array_equal(made.encode(TEXTS[::-1])[::-1], found) and np.array_equal(made.encode(TEXTS[:1]), found[:1])
    assert not found[-1].any()


def test_the_vector_of_a_token_is_what_the_teacher_says_of_it_alone(teacher: Any) -> None:
    found = static.token_vectors(teacher)
    bread = teacher.tokenizer.convert_tokens_to_ids("bread")
    assert np.allclose(found[bread], teacher.encode("bread", normalize_embeddings=True), atol=1e-5)


def test_a_rare_token_weighs_more() -> None:
    weights = static.rarity(1000)
    assert (np.diff(weights) > 0).all() and 0 < weights[0] < weights[-1] < 1


def test_two_processes_that_write_one_folder_leave_one_whole(teacher: Any, tmp_path: Path) -> None:
    tokenizer, weights = static.bare_tokenizer(teacher), np.ones((30522, 4), np.float32)
    for _ in range(2):
        static.save(tokenizer, weights, tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_another_model_is_no_static_one(tmp_path: Path) -> None:
    assert static.opened(embedder().folder) is None
    assert static.opened(tmp_path) is None
