"""The training loop of the student embedder: token vectors and a linear map, fitted so that texts get given unit vectors.

A plain loop over texts that are tokenised once, not sentence-transformers' trainer: docs/decisions/0003-student-embedder.md says why.
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
_RIDGE = 1e-2  # of the number of texts: enough to bound the map in directions that hardly occur


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to train; `likeness_weight` is the weight of the loss over pairs beside the loss over texts."""

    epochs: int
    batch_size: int
    learning_rate: float
    likeness_weight: float
    seed: int


@dataclass(frozen=True)
class TrainingTexts:
    """Texts as token ids, one text after another, and the unit vectors to learn.

    ids: int64, shape (tokens,). offsets: where each text begins and ends, int64, shape (texts + 1,). targets: float32,
    shape (texts, dimension).
    """

    ids: torch.Tensor
    offsets: NDArray[np.int64]
    targets: torch.Tensor

    def batch(self, places: NDArray[np.int64]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The ids of the texts at these places, where each text begins among them, and their targets."""
        parts = [self.ids[self.offsets[place] : self.offsets[place + 1]] for place in places]
        starts = np.cumsum([0, *(len(part) for part in parts[:-1])])
        return torch.cat(parts), torch.from_numpy(starts), self.targets[torch.from_numpy(places)]


def train_student(
    start: StaticModel,
    texts: "Sequence[str]",
    targets: Vectors,
    schedule: Schedule,
    progress: Callable[[int, int], None],
) -> tuple[Vectors, list[float]]:
    """Token vectors, shape (vocabulary, dimension of `targets`), and the mean loss of each epoch; the same for the same seed.

    `targets`, shape (texts, dimension), are the vectors that the texts should get. Tokens that no text has move with the linear
    map only. `progress` is called with (steps done, steps).
    """
    torch.manual_seed(schedule.seed)
    training = _training_texts(start, texts, targets)
    tokens = torch.nn.Parameter(torch.from_numpy(start.weights.copy()))
    linear = torch.nn.Parameter(torch.from_numpy(ridge(start.encode(texts), targets)))
    # a batch touches few tokens: SparseAdam updates only those
    optimizers = [
        torch.optim.SparseAdam([tokens], schedule.learning_rate),
        torch.optim.Adam([linear], schedule.learning_rate),
    ]
    batches = list(_batches(len(training.targets), schedule))
    losses: list[float] = []
    for step, places in enumerate(batches, 1):
        ids, starts, wanted = training.batch(places)
        means = torch.nn.functional.embedding_bag(ids, tokens, starts, mode="mean", sparse=True)
        loss = _loss(torch.nn.functional.normalize(means @ linear), wanted, schedule.likeness_weight)
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
        losses.append(loss.item())
        progress(step, len(batches))
    with torch.no_grad():
        return (tokens @ linear).numpy(), [float(part.mean()) for part in np.array_split(losses, schedule.epochs)]


def ridge(rows: Vectors, targets: Vectors) -> Vectors:
    """The linear map from `rows`, shape (texts, n), to `targets`, shape (texts, m), by ridge regression; shape (n, m)."""
    gram = rows.T @ rows + _RIDGE * len(rows) / rows.shape[1] * np.eye(rows.shape[1], dtype=np.float32)
    return np.linalg.solve(gram, rows.T @ targets).astype(np.float32)


def _loss(vectors: torch.Tensor, targets: torch.Tensor, likeness_weight: float) -> torch.Tensor:
    """Mean cosine distance of each text from its target, plus the weighted mean squared error of the cosines of all pairs."""
    distance = 1 - (vectors * targets).sum(dim=1).mean()
    return distance + likeness_weight * (vectors @ vectors.T - targets @ targets.T).square().mean()


def _training_texts(start: StaticModel, texts: "Sequence[str]", targets: Vectors) -> TrainingTexts:
    """The texts that have a token: only these have token vectors to train."""
    ids, offsets = start.tokens(texts)
    filled = np.flatnonzero(np.diff(offsets))
    parts: Any = [ids[offsets[place] : offsets[place + 1]] for place in filled]
    bounds = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
    flat = torch.from_numpy(np.concatenate(parts).astype(np.int64))
    return TrainingTexts(flat, bounds, torch.from_numpy(targets[filled]))


def _batches(count: int, schedule: Schedule) -> Iterator[NDArray[np.int64]]:
    """The places of the texts of each batch, in another order in every epoch."""
    random = np.random.default_rng(schedule.seed)
    for _ in range(schedule.epochs):
        order = random.permutation(count)
        yield from (order[start : start + schedule.batch_size] for start in range(0, count, schedule.batch_size))
