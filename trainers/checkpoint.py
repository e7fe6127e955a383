"""Checkpoints on disk: safetensors weights, configuration and tokenizer, named by a digest of their files."""

import hashlib
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase


def save(model: Any, tokenizer: PreTrainedTokenizerBase, folder: Path) -> str:
    """The digest of the checkpoint written to `folder`; adapters are merged into the weights first."""
    whole = model.merge_and_unload() if hasattr(model, "merge_and_unload") else model
    whole.save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)
    return digest(folder)


def digest(folder: Path) -> str:
    """64 hex digits: sha256 over the names and contents of the files directly in `folder`, by name."""
    total = hashlib.sha256()
    for file in sorted(path for path in folder.iterdir() if path.is_file()):
        with file.open("rb") as stream:
            total.update(f"{file.name}\0{hashlib.file_digest(stream, 'sha256').hexdigest()}\n".encode())
    return total.hexdigest()


def load(base: str) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The model, in single precision, and the tokenizer at `base`, a folder or a hub name."""
    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    return model, tokenizer


def weight_change(before: Path, after: Path) -> float:
    """The relative L2 distance between two checkpoints of one architecture: |after - before| / |before|."""
    moved, size = 0.0, 0.0
    for file in sorted(before.glob("*.safetensors")):
        old, fresh = load_file(file), load_file(after / file.name)
        moved += sum(float((fresh[name].float() - weight.float()).square().sum()) for name, weight in old.items())
        size += sum(float(weight.float().square().sum()) for weight in old.values())
    return (moved / size) ** 0.5
