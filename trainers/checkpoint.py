"""Checkpoints on disk: safetensors weights, configuration and tokenizer, named by a digest of their files.

Where only adapters are trained, the weights beneath them are held in bfloat16 if the hardware multiplies it: they do not move, and a step
takes a fraction of the time. Where all weights are trained they are held in single precision, as small updates would be lost otherwise.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from lake.ids import sha256_folder
from lake.models.named import model_folder
from texts.embed.embedder import device_and_dtype
from trainers.recipes import Lora


def save(model: Any, tokenizer: PreTrainedTokenizerBase, folder: Path, dtype: torch.dtype = torch.float32) -> str:
    """The digest of the checkpoint written to `folder` with weights of this type; adapters are merged in single precision first."""
    whole = model.float().merge_and_unload() if hasattr(model, "merge_and_unload") else model
    whole.to(dtype).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return sha256_folder(folder)


def load(base: str, dtype: torch.dtype = torch.float32) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The model, its weights of this type, and the tokenizer that params call `base` (lake.models.named)."""
    folder = model_folder(base)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
    return model, tokenizer


def frozen_dtype(lora: Lora | None) -> torch.dtype:
    """The type that weights are held in during training: single precision, unless adapters alone are trained."""
    return device_and_dtype()[1] if lora else torch.float32


def weight_change(before: Path, after: Path) -> float:
    """The relative L2 distance between two checkpoints of one architecture: |after - before| / |before|."""
    moved, size = 0.0, 0.0
    trained = dict(_weights(after))  # names alone are in memory: each tensor is read when it is asked for
    for name, read in _weights(before):
        weight = read().float()
        moved += float((trained[name]().float() - weight).square().sum())
        size += float(weight.square().sum())
    return (moved / size) ** 0.5


def _weights(folder: Path) -> Iterator[tuple[str, Callable[[], torch.Tensor]]]:
    """Each weight's name, and what reads it, in whichever file it is."""
    for file in sorted(folder.glob("*.safetensors")):
        weights: Any = safe_open(file, framework="pt")
        yield from ((name, partial(weights.get_tensor, name)) for name in weights.keys())  # noqa: SIM118 - no dictionary
