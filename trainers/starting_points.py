"""What every arm of trainers.downstream starts from, as fresh for each as for the first."""

from collections.abc import Callable, Iterable
from typing import Any

from peft import get_peft_model
from transformers import AutoTokenizer, PreTrainedTokenizerBase, set_seed

from trainers import checkpoint, tiny
from trainers.evaluation_params import Architecture, EvaluationParams
from trainers.recipes import Lora
from trainers.trl_setup import lora_config


def starting_point(
    params: EvaluationParams, texts: Callable[[], Iterable[str]]
) -> tuple[Callable[[int], Any], PreTrainedTokenizerBase]:
    """A function from a seed to an untrained model, and the tokenizer; that of a model from scratch is trained on `texts`."""
    base = params.base
    if isinstance(base, Architecture):
        tokenizer = tiny.tokenizer_from(texts(), base.vocabulary, base.positions)
        return lambda seed: tiny.model_from(base, tokenizer, seed), tokenizer
    return lambda seed: _pretrained(base, params.lora, seed), AutoTokenizer.from_pretrained(base)


def _pretrained(base: str, lora: Lora | None, seed: int) -> Any:
    """The model that is named; adapters, where there are any, start as the seed says."""
    model, _ = checkpoint.load(base, checkpoint.frozen_dtype(lora))
    set_seed(seed)
    adapters = lora_config(lora, model.config.num_hidden_layers)
    return get_peft_model(model, adapters) if adapters else model
