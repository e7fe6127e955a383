"""Answers of a checkpoint by transformers, for the figures of a training stage; inference at scale is vLLM's."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase, set_seed
from transformers.generation.logits_process import LogitsProcessor, LogitsProcessorList

from texts.formats.distillation import format_score
from trainers.dataset import prompt_ids
from trainers.few_rows import FewRows

_BATCH = 32  # prompts


@dataclass(frozen=True)
class Decoding:
    """How an answer is drawn: greedily at temperature 0, else by sampling, the same for the same seed.

    frequency_penalty: what a token's logit loses each time the answer holds the token already, as vLLM has it; the prompt, from
    which an answer is meant to copy, does not count.
    """

    max_tokens: int
    temperature: float = 0.0
    seed: int = 7
    frequency_penalty: float = 0.0


class FrequencyPenalty(LogitsProcessor):
    """Lowers each logit by `penalty` times its token's count in what follows the first `prompt` tokens."""

    def __init__(self, penalty: float, prompt: int) -> None:
        self._penalty, self._prompt = penalty, prompt

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        """The lowered logits, shape (answers, vocabulary).

        >>> answers = torch.tensor([[5, 1, 1, 2]])  # the prompt is 5
        >>> FrequencyPenalty(0.5, prompt=1)(answers, torch.zeros(1, 4))
        tensor([[ 0.0000, -1.0000, -0.5000,  0.0000]])
        """
        held = input_ids[:, self._prompt :]
        lost = torch.full_like(held, -self._penalty, dtype=scores.dtype)
        return cast(torch.FloatTensor, scores.scatter_add(1, held, lost))


@dataclass(frozen=True)
class Written:
    """An answer without control tokens; ended: whether the model ended it by itself."""

    text: str
    ended: bool


def written_answers(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[list[dict[str, str]]],
    decoding: Decoding,
) -> list[str]:
    """The text of the answer to each prompt, in the order of `prompts`."""
    return [answer.text for answer in written(model, tokenizer, prompts, decoding)]


def written(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[list[dict[str, str]]],
    decoding: Decoding,
) -> list[Written]:
    """The answer to each prompt, in the order of `prompts`."""
    rendered = [prompt_ids(tokenizer, prompt) for prompt in prompts]
    # answers of similar prompts in one batch: little padding
    by_length = sorted(range(len(rendered)), key=lambda place: len(rendered[place]))
    answers: dict[int, Written] = {}
    model.eval()
    if decoding.temperature:
        set_seed(decoding.seed)
    for first in range(0, len(by_length), _BATCH):
        places = by_length[first : first + _BATCH]
        answers |= dict(
            zip(places, _batch(model, tokenizer, [rendered[place] for place in places], decoding), strict=True)
        )
    return [answers[place] for place in range(len(rendered))]


def _batch(model: Any, tokenizer: Any, rendered: list[list[int]], decoding: Decoding) -> list[Written]:
    # padding goes left, so that answers begin side by side
    inputs = tokenizer.pad({"input_ids": rendered}, padding_side="left", return_tensors="pt")
    sampling = (
        {"do_sample": True, "temperature": decoding.temperature, "top_k": 0}
        if decoding.temperature
        else {"do_sample": False}
    )
    ends = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    prompt = inputs["input_ids"].shape[1]
    penalty = FrequencyPenalty(decoding.frequency_penalty, prompt)
    with torch.inference_mode(), FewRows():
        output = model.generate(
            **inputs.to(model.device),
            max_new_tokens=decoding.max_tokens,
            logits_processor=LogitsProcessorList([penalty]),
            **sampling,
            **ends,
        )
    answers = output[:, prompt:]
    ended = (answers == tokenizer.eos_token_id).any(dim=1).tolist()
    return list(map(Written, tokenizer.batch_decode(answers, skip_special_tokens=True), ended))


def format_rate(answers: Sequence[str], item_types: Sequence[str]) -> float:
    """The share of answers that are one answer block holding one well-formed item of their type (0..1)."""
    return sum(format_score(text, kind) == 1.0 for text, kind in zip(answers, item_types, strict=True)) / len(answers)
