"""How surprised a language model is by an answer: its mean loss on the answer's tokens, with the prompt and without it.

Of a pair the model reads the last `tokens` / 2 tokens of the prompt and the first `tokens` / 2 of the answer, between the marks of its
chat template. Without the prompt means after an empty one, so that nothing but the prompt differs. Pairs are sorted by length and computed in
batches of a bounded number of tokens; logits are computed for the answers' tokens alone. A loss does not hang on the other
pairs of its batch, up to the rounding of single precision: some 1e-6 of it.

Does not yet: keep the computed part of a template that all prompts share, or use several GPUs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModelForCausalLM, AutoTokenizer

Losses = NDArray[np.float64]
Dtype = Literal["float32", "bfloat16", "float16"]
_BATCH_TOKENS = 2_048  # of one pass, padding included: bounds its memory
_MARK = "\x00"  # stands for the prompt where the template is taken apart; no chat template holds it


class AnswerLosses:
    """A causal language model with a chat template, opened from a folder of safetensors: on the GPU if there is one."""

    def __init__(self, folder: Path, tokens: int, dtype: Dtype = "float32") -> None:
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        model: Any = AutoModelForCausalLM.from_pretrained(
            folder, dtype=getattr(torch, dtype), use_safetensors=True, attn_implementation="sdpa"
        )
        self._model = model.to(self._device).eval()
        self._tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        self._half = tokens // 2
        turn = [{"role": "user", "content": _MARK}]
        rendered: str = self._tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)
        self._before, self._after = self._tokenizer(rendered.split(_MARK), add_special_tokens=False)["input_ids"]

    def losses(self, prompts: Sequence[str], answers: Sequence[str]) -> Losses:
        """Mean loss of each answer after its prompt, in nats a token, shape (pairs,); NaN for an answer without a token."""
        return self._losses([ids[-self._half :] for ids in self._ids(prompts)], self._answer_ids(answers))

    def losses_alone(self, answers: Sequence[str]) -> Losses:
        """The same after an empty prompt."""
        return self._losses([[]] * len(answers), self._answer_ids(answers))

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        # split: a control token that a text spells out is read as its letters, and speaks for nobody
        options = {"add_special_tokens": False, "split_special_tokens": True}
        return self._tokenizer(list(texts), **options)["input_ids"] if texts else []

    def _answer_ids(self, answers: Sequence[str]) -> list[list[int]]:
        return [ids[: self._half] for ids in self._ids(answers)]

    def _losses(self, prompts: list[list[int]], answers: list[list[int]]) -> Losses:
        rows = [
            [*self._before, *prompt, *self._after, *answer] for prompt, answer in zip(prompts, answers, strict=True)
        ]
        found = np.full(len(rows), np.nan)
        for batch in _batches([len(row) if answer else 0 for row, answer in zip(rows, answers, strict=True)]):
            found[batch] = self._mean_losses([rows[at] for at in batch], [len(answers[at]) for at in batch])
        return found

    @torch.inference_mode()
    def _mean_losses(self, rows: list[list[int]], counts: list[int]) -> list[float]:
        """The mean loss over the last `counts` tokens of each row of ids.

        Rows are padded behind their end, which no token before it attends to. Position t predicts token t + 1:

            row          u u p p a a a     three answer tokens, at 4, 5 and 6
            asked        . . . x x x .     the states that predict them, at 3, 4 and 5
        """
        width = max(map(len, rows))
        ids = torch.zeros((len(rows), width), dtype=torch.long)
        asked = torch.zeros((len(rows), width), dtype=torch.bool)
        for at, (row, count) in enumerate(zip(rows, counts, strict=True)):
            ids[at, : len(row)] = torch.tensor(row)
            asked[at, len(row) - count - 1 : len(row) - 1] = True
        states = self._model.base_model(input_ids=ids.to(self._device), use_cache=False).last_hidden_state
        logits = self._model.get_output_embeddings()(
            states[asked.to(self._device)]
        )  # shape (answer tokens, vocabulary)
        following = ids.roll(-1, dims=1)[asked].to(self._device)
        losses = torch.nn.functional.cross_entropy(logits.float(), following, reduction="none").cpu()
        return [float(part.double().mean()) for part in losses.split(counts)]


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Positions of what has a length, alike lengths together, at most _BATCH_TOKENS a batch where its rows are padded to the longest.

    >>> [[lengths[at] for at in batch] for lengths in [[3000, 7, 0, 1000, 900, 5]] for batch in _batches(lengths)]
    [[3000], [1000, 900], [7, 5]]
    """
    longest_first = sorted((at for at, length in enumerate(lengths) if length), key=lambda at: -lengths[at])
    while longest_first:
        room = max(1, _BATCH_TOKENS // lengths[longest_first[0]])
        yield longest_first[:room]
        longest_first = longest_first[room:]
