"""A random chat model of a few hundred thousand weights: it speaks noise, but loads, trains and answers in a second or two."""

from collections.abc import Iterable
from pathlib import Path

from trainers.evaluation_params import Architecture
from trainers.tiny import model_from, tokenizer_from


def write_tiny_chat(folder: Path, texts: Iterable[str], vocabulary: int, positions: int) -> None:
    """Writes a checkpoint whose tokenizer learned from `texts`; the same for the same texts."""
    shape = Architecture(hidden_size=96, layers=2, heads=3, vocabulary=vocabulary, positions=positions)
    tokenizer = tokenizer_from(texts, vocabulary, positions)
    model_from(shape, tokenizer, seed=7).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
