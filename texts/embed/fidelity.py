"""How much of a teacher's sense of likeness another embedder keeps: neighbours and answers found, judged by the teacher's vectors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NEAREST = 5
LEAST_TEXTS = 50  # fewer are too close to all being neighbours of one another to say anything

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Fidelity:
    """Mean cosine, by the teacher, of a text's five nearest others: as the embedder finds them and as the teacher does.

    overlap: the share of the embedder's five that are the teacher's too.
    """

    texts: int
    neighbour_cosine: float
    teacher_cosine: float
    overlap: float

    @property
    def share(self) -> float:
        """The embedder's mean cosine as a share of the teacher's."""
        return self.neighbour_cosine / self.teacher_cosine if self.teacher_cosine > 0 else 1.0


def fidelity(embedder: Vectors, teacher: Vectors, of: NDArray[np.int64] | None = None) -> Fidelity:
    """The fidelity over rows of unit vectors, or over the rows `of` them, whose neighbours are sought among all.

    Every pair is compared: give it a sample. Raises ValueError for fewer than seven rows.
    """
    if len(teacher) < NEAREST + 2:
        raise ValueError(f"fidelity needs more than {NEAREST + 1} texts, not {len(teacher)}")
    rows = np.arange(len(teacher)) if of is None else of
    likeness = teacher[rows] @ teacher.T
    found, wanted = _nearest(embedder, rows), _nearest(teacher, rows)
    common = (found[:, :, None] == wanted[:, None, :]).any(axis=2)
    return Fidelity(
        len(rows),
        float(np.take_along_axis(likeness, found, axis=1).mean()),
        float(np.take_along_axis(likeness, wanted, axis=1).mean()),
        float(common.mean()),
    )


def recall(questions: Vectors, answers: Vectors) -> float:
    """R@1: the share of questions whose own answer, in the same row, is the nearest of all answers."""
    return float(((questions @ answers.T).argmax(axis=1) == np.arange(len(questions))).mean())


def _nearest(vectors: Vectors, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    likeness = vectors[rows] @ vectors.T
    likeness[np.arange(len(rows)), rows] = -np.inf
    return np.argpartition(-likeness, NEAREST - 1, axis=1)[:, :NEAREST]
