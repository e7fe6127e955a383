"""Next-token training on a few texts with a fixed token budget, and the loss on others: how trainers.downstream measures a set."""

import random
from collections.abc import Sequence
from itertools import chain, cycle, islice
from typing import Any, Protocol, cast

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

_BATCH = 16
_UNREAD = -100  # the label that transformers leaves out of the loss


class Budget(Protocol):
    """steps x batch x block tokens are read, whatever the number of texts."""

    @property
    def steps(self) -> int: ...
    @property
    def batch(self) -> int: ...
    @property
    def block(self) -> int: ...
    @property
    def learning_rate(self) -> float: ...


def train(
    model: Any, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], budget: Budget, seed: int
) -> PreTrainedModel:
    """The model after `budget.steps` AdamW updates on the shuffled texts, laid end to end and repeated until the budget is spent."""
    shuffled = random.Random(seed).sample(list(texts), len(texts))
    stream = cycle(chain.from_iterable(_tokens(tokenizer, text) for text in shuffled))
    optimiser = torch.optim.AdamW(model.parameters(), lr=budget.learning_rate, betas=(0.9, 0.95))
    model.train()
    for _ in range(budget.steps):
        tokens = (
            torch.tensor(list(islice(stream, budget.batch * budget.block)))
            .view(budget.batch, budget.block)
            .to(model.device)
        )
        model(input_ids=tokens, labels=tokens).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
    return model


@torch.inference_mode()
def loss_per_token(model: Any, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], block: int) -> float:
    """The mean negative log-likelihood (nats) of the tokens of the texts, each read up to `block` tokens."""
    model.eval()
    total, count = 0.0, 0
    rows = sorted((_tokens(tokenizer, text)[:block] for text in texts), key=len)  # little padding in a batch
    for start in range(0, len(rows), _BATCH):
        tokens, labels = _padded(rows[start : start + _BATCH], model.device)
        predicted = int((labels[:, 1:] != _UNREAD).sum())
        total += float(model(input_ids=tokens, labels=labels).loss) * predicted
        count += predicted
    return total / count


def _padded(rows: Sequence[list[int]], device: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens and labels, padded behind each row's end: a causal model's earlier tokens do not see what follows."""
    width = max(map(len, rows))
    tokens = [[*row, *[0] * (width - len(row))] for row in rows]
    labels = [[*row, *[_UNREAD] * (width - len(row))] for row in rows]
    return torch.tensor(tokens, device=device), torch.tensor(labels, device=device)


def _tokens(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    return [*tokenizer(text, add_special_tokens=False)["input_ids"], cast(int, tokenizer.eos_token_id)]
