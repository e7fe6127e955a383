"""The training loop of the student embedder: token vectors and a linear map that imitate given unit vectors.

A plain loop over tokens counted once, not sentence-transformers' trainer: docs/decisions/0003-student-embedder.md says why.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from texts.embed.static import StaticModel

if TYPE_CHECKING:
    from collections.abc import Sequence

Vectors = NDArray[np.float32]
_RIDGE = 1e-2  # of the number of texts: enough to hold directions that hardly occur


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to train; `likeness_weight` is the weight of the loss over pairs beside the loss over texts."""

    epochs: int
    batch_size: int
    learning_rate: float
    likeness_weight: float
    seed: int


@dataclass(frozen=True)
class Lessons:
    """Texts as token ids one after another, where each begins and ends, and the unit vectors to imitate, one a text."""

    ids: torch.Tensor
    offsets: NDArray[np.int64]
    wanted: torch.Tensor

    def batch(self, places: NDArray[np.int64]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The ids of the texts at these places, where each begins among them, and their wanted vectors."""
        parts = [self.ids[self.offsets[place] : self.offsets[place + 1]] for place in places]
        starts = np.cumsum([0, *(len(part) for part in parts[:-1])])
        return torch.cat(parts), torch.from_numpy(starts), self.wanted[torch.from_numpy(places)]


def imitated(
    start: StaticModel, texts: "Sequence[str]", wanted: Vectors, schedule: Schedule, told: Callable[[int, int], None]
) -> tuple[Vectors, list[float]]:
    """Token vectors, shape (vocabulary, dimension of `wanted`), and the mean loss of each epoch; one result for one seed.

    Tokens that no text has move with the linear map only. `told` is called with (steps done, steps).
    """
    torch.manual_seed(schedule.seed)
    lessons = _lessons(start, texts, wanted)
    tokens = torch.nn.Parameter(torch.from_numpy(start.weights.copy()))
    turn = torch.nn.Parameter(torch.from_numpy(ridge(start.encode(texts), wanted)))
    optimizers = [
        torch.optim.SparseAdam([tokens], schedule.learning_rate),
        torch.optim.Adam([turn], schedule.learning_rate),
    ]
    orders = list(_orders(len(lessons.wanted), schedule))
    losses: list[float] = []
    for step, places in enumerate(orders, 1):
        ids, starts, goal = lessons.batch(places)
        bags = torch.nn.functional.embedding_bag(ids, tokens, starts, mode="mean", sparse=True)
        loss = _loss(torch.nn.functional.normalize(bags @ turn), goal, schedule.likeness_weight)
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
        losses.append(loss.item())
        told(step, len(orders))
    with torch.no_grad():
        return (tokens @ turn).numpy(), [float(part.mean()) for part in np.array_split(losses, schedule.epochs)]


def ridge(rows: Vectors, wanted: Vectors) -> Vectors:
    """The linear map from `rows` to `wanted` with least squared error, held small; shape (dimension, dimension)."""
    gram = rows.T @ rows + _RIDGE * len(rows) / rows.shape[1] * np.eye(rows.shape[1], dtype=np.float32)
    return np.linalg.solve(gram, rows.T @ wanted).astype(np.float32)


def _loss(found: torch.Tensor, wanted: torch.Tensor, likeness_weight: float) -> torch.Tensor:
    """How far each text is from its place, and each pair of the batch from its likeness."""
    apart = 1 - (found * wanted).sum(dim=1).mean()
    return apart + likeness_weight * (found @ found.T - wanted @ wanted.T).square().mean()


def _lessons(start: StaticModel, texts: "Sequence[str]", wanted: Vectors) -> Lessons:
    ids, offsets = start.tokens(texts)
    filled = np.flatnonzero(np.diff(offsets))  # a text without a token teaches nothing
    parts: Any = [ids[offsets[place] : offsets[place + 1]] for place in filled]
    bounds = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
    return Lessons(torch.from_numpy(np.concatenate(parts).astype(np.int64)), bounds, torch.from_numpy(wanted[filled]))


def _orders(count: int, schedule: Schedule) -> Iterator[NDArray[np.int64]]:
    """The places of each batch, every epoch in another order."""
    random = np.random.default_rng(schedule.seed)
    for _ in range(schedule.epochs):
        order = random.permutation(count)
        yield from (order[start : start + schedule.batch_size] for start in range(0, count, schedule.batch_size))
