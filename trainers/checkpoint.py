"""Checkpoints on disk: safetensors weights, configuration and tokenizer, named by a digest of their files."""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from lake.ids import sha256_folder
from lake.models.named import model_folder


def save(model: Any, tokenizer: PreTrainedTokenizerBase, folder: Path) -> str:
    """The digest of the checkpoint written to `folder`; adapters are merged into the weights first."""
    whole = model.merge_and_unload() if hasattr(model, "merge_and_unload") else model
    whole.save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)
    return sha256_folder(folder)


def load(base: str) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The model, in single precision, and the tokenizer that params call `base` (lake.models.named)."""
    folder = model_folder(base)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    return model, tokenizer


def weight_change(before: Path, after: Path) -> float:
    """The relative L2 distance between two checkpoints of one architecture: |after - before| / |before|."""
    moved, size = 0.0, 0.0
    for file in sorted(before.glob("*.safetensors")):
        old, trained = load_file(file), load_file(after / file.name)
        moved += sum(float((trained[name].float() - weight.float()).square().sum()) for name, weight in old.items())
        size += sum(float(weight.float().square().sum()) for weight in old.values())
    return (moved / size) ** 0.5
