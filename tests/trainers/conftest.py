"""One fine-tuned toy checkpoint for all tests of this folder: importing TRL costs more than training it."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def toy_sft(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A recipe that fine-tunes a tiny random chat model."""
    import toy
    from tiny_chat import write_tiny_chat

    folder = tmp_path_factory.mktemp("tiny")
    write_tiny_chat(folder, toy.texts(), vocabulary=600, positions=512)
    return toy.SFT | {"base": str(folder)}


@pytest.fixture(scope="session")
def fine_tuned(toy_sft: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The row of models/distiller_sft and the metrics of the run that made it."""
    import toy

    from trainers.sft import SftParams, distiller

    context = toy.context(tmp_path_factory.mktemp("sft") / "artifacts")
    inputs = {"gold/mixture": toy.dataset("gold/mixture", toy.mixture_rows())}
    [(key, table)] = distiller(inputs, SftParams(recipe=toy_sft), context)  # type: ignore[arg-type]
    assert key == "models/distiller_sft"
    return {"row": table.to_pylist()[0], "metrics": context.metrics}


@pytest.fixture(scope="session")
def small_teacher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a model of the packaged one's shape with one small random layer: it means nothing, but costs nothing.

    What is made of it goes into a cache of its own.
    """
    import torch
    from transformers import BertConfig, BertModel

    from texts.embed.embedder import open_embedder

    folder = tmp_path_factory.mktemp("teacher") / "model"
    shutil.copytree(open_embedder().folder, folder, ignore=shutil.ignore_patterns("*.safetensors", "__pycache__"))
    torch.manual_seed(7)
    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    BertModel(BertConfig(**json.loads((folder / "config.json").read_text()) | small)).save_pretrained(folder)
    pooling = json.loads((folder / "1_Pooling" / "config.json").read_text())
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling | {"word_embedding_dimension": 16}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIXLAKE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield folder
