"""Static embedders with random weights: folders as sentence-transformers writes them, made without it."""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from texts.embed.embedder import open_embedder


def static_folder(folder: Path, seed: int) -> Path:
    """A folder with the packaged model's tokens and vectors of eight random numbers each."""
    folder.mkdir(parents=True)
    told = json.loads((open_embedder().folder / "tokenizer.json").read_text(encoding="utf-8"))
    plain = {"added_tokens": [], "post_processor": None, "padding": None, "truncation": None}
    (folder / "tokenizer.json").write_text(json.dumps(told | plain))
    weights = np.random.default_rng(seed).normal(size=(len(told["model"]["vocab"]), 8)).astype(np.float32)
    save_file({"embedding.weight": weights}, folder / "model.safetensors")
    module = {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.StaticEmbedding"}
    (folder / "modules.json").write_text(json.dumps([module]))
    return folder
