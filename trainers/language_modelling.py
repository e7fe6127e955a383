"""How surprised a chat model is by answers, and its training to be less so: what the evaluation's arms are trained and measured with.

A prompt is read once, whatever the number of answers to it that are scored: each sees the prompt and itself. Logits are computed for the
tokens of answers alone. Rows are sorted by length and padded behind their end; a loss does not hang on the other rows of its batch, up to
the rounding of the weights' type.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import torch
from torch.nn.functional import cross_entropy

_MARK = "\x00"  # stands for the prompt where the template is taken apart; no chat template holds it
_SCORED_TOKENS = 2_048  # of one pass, padding included: bounds its memory


@dataclass(frozen=True)
class Row:
    """The token ids of a prompt, in the model's chat template, and those of one or more answers to it."""

    prompt: list[int]
    answers: tuple[list[int], ...]

    def __len__(self) -> int:
        return len(self.prompt) + sum(map(len, self.answers))


class Chat:
    """Texts as token ids in a model's chat template."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        turn = [{"role": "user", "content": _MARK}]
        rendered: str = tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)
        self._before, self._after = (self._plain(part, control=True) for part in rendered.split(_MARK))

    def row(self, prompt: str, answers: Sequence[str], ended: bool = False) -> Row:
        """The prompt and its answers. ended: each answer also has the mark that ends it, so that stopping is learned."""
        end = [self._tokenizer.eos_token_id] if ended else []
        told = tuple([*self._plain(answer), *end] for answer in answers)
        return Row([*self._before, *self._plain(prompt), *self._after], told)

    def _plain(self, text: str, control: bool = False) -> list[int]:
        # a control token that a text spells out is read as its letters, and speaks for nobody
        return self._tokenizer(text, add_special_tokens=False, split_special_tokens=not control)["input_ids"]


def batches(rows: Sequence[Row], budget: int, size: int, seed: int) -> list[list[Row]]:
    """The rows in turn, from the first again after the last, until `budget` tokens are read, in batches of about `size` tokens.

    Equal budgets are equal to the token, since the last row is cut, and where no row is longer than `size` they are as many batches. Rows of like
    length are together; the order of batches is random, by the seed.

    >>> given = batches([Row([1], ([2, 3],)), Row([4, 5, 6], ([7],))], budget=9, size=4, seed=0)
    >>> sorted(sum(map(len, batch)) for batch in given)
    [4, 5]
    """
    read: list[Row] = []
    for row in cycle(rows):
        read.append(row if len(row) <= budget else _cut(row, budget))
        budget -= len(read[-1])
        if not budget:
            break
    read.sort(key=len)
    found: dict[int, list[Row]] = {}
    total = 0
    for row in read:
        found.setdefault(total // size, []).append(row)
        total += len(row)
    shuffled = list(found.values())
    random.Random(seed).shuffle(shuffled)
    return shuffled


def _cut(row: Row, tokens: int) -> Row:
    prompt = row.prompt[:tokens]
    return Row(prompt, (row.answers[0][: tokens - len(prompt)],))


def train(model: Any, given: Sequence[Sequence[Row]], learning_rate: float) -> None:
    """One update of AdamW a batch, of those weights that are to be trained, on the mean loss of the batch's answer tokens."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimiser = torch.optim.AdamW(weights, lr=learning_rate, betas=(0.9, 0.95))
    model.train()
    for batch in given:
        losses = torch.cat([answer for row in token_losses(model, batch) for answer in row])
        if len(losses):  # a cut row may have lost its answer
            losses.mean().backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimiser.step()
            optimiser.zero_grad()


@torch.inference_mode()
def answer_losses(model: Any, rows: Sequence[Row]) -> list[list[float]]:
    """The summed loss, in nats, of each answer of each row."""
    model.eval()
    found: dict[int, list[float]] = {}
    for places in _by_length(rows):
        losses = token_losses(model, [rows[place] for place in places])
        found |= {at: [float(one.double().sum()) for one in row] for at, row in zip(places, losses, strict=True)}
    return [found[at] for at in range(len(rows))]


def _by_length(rows: Sequence[Row]) -> Iterator[list[int]]:
    longest_first = sorted(range(len(rows)), key=lambda at: -len(rows[at]))
    while longest_first:
        room = max(1, _SCORED_TOKENS // max(1, len(rows[longest_first[0]])))
        yield longest_first[:room]
        longest_first = longest_first[room:]


def token_losses(model: Any, rows: Sequence[Row]) -> list[tuple[torch.Tensor, ...]]:
    """The loss, in nats, of each token of each answer of each row.

    Two answers to one prompt lie one behind the other; each is predicted from the prompt's last token on, and sees nothing of the other:

        row            u u p p a a b b b     prompt, answers of two and three tokens
        part           0 0 0 0 1 1 2 2 2     a token sees part 0 and its own
        position       0 1 2 3 4 5 4 5 6
        predicted by         3 4 | 3 6 7     the states, by their place in the row
    """
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    width = max(map(len, rows))
    ids, parts, positions = (torch.zeros((len(rows), width), dtype=torch.long) for _ in range(3))
    asked: list[int] = []
    for at, row in enumerate(rows):
        asked += _filled(row, ids[at], parts[at], positions[at], at * width)
    several = any(len(row.answers) > 1 for row in rows)
    seen = (
        {"attention_mask": _visible(parts, base.device), "position_ids": positions.to(base.device)} if several else {}
    )
    states = base.base_model(input_ids=ids.to(base.device), use_cache=False, **seen).last_hidden_state.flatten(0, 1)
    logits = base.get_output_embeddings()(states[torch.tensor(asked, device=base.device)])
    wanted = torch.tensor([token for row in rows for answer in row.answers for token in answer], device=base.device)
    losses = cross_entropy(logits.float(), wanted, reduction="none").cpu()
    told = iter(losses.split([len(answer) for row in rows for answer in row.answers]))
    return [tuple(next(told) for _ in row.answers) for row in rows]


def _filled(row: Row, ids: torch.Tensor, parts: torch.Tensor, positions: torch.Tensor, first: int) -> list[int]:
    """Writes a row into its place; returns the places of the states that predict its answers' tokens. first: the place of its first token."""
    start = len(row.prompt)
    ids[: len(row)] = torch.tensor([*row.prompt, *(token for answer in row.answers for token in answer)])
    positions[:start] = torch.arange(start)
    asked: list[int] = []
    at = start
    for number, answer in enumerate(row.answers, start=1):
        end = at + len(answer)
        parts[at:end], positions[at:end] = number, torch.arange(start, start + len(answer))
        asked += [first + start - 1, *range(first + at, first + end - 1)] if answer else []
        at = end
    return asked


def _visible(parts: torch.Tensor, device: Any) -> torch.Tensor:
    """Which token sees which, shape (rows, 1, width, width): those before it, of the prompt or of its own answer."""
    width = parts.shape[1]
    before = torch.ones((width, width), dtype=torch.bool).tril()
    same = (parts[:, None, :] == 0) | (parts[:, None, :] == parts[:, :, None])
    return (before & same)[:, None].to(device)
