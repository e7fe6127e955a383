"""How well a cheap embedder stands for its teacher: whether it finds the same neighbours, judged by the teacher's vectors.

Not to be confused with the support that a distilled item has in its members, which inference.acceptance asks for.

Example: seven texts whose teacher vectors lie on a circle at 0, 10, ... 60 degrees, and an embedder that swaps the last two.
For the first text the teacher finds those at 10, 20, 30, 40 and 50 degrees, the embedder those at 10, 20, 30, 40 and 60:

    teacher_cosine    mean of cos 10, 20, 30, 40, 50  = 0.840
    neighbour_cosine  mean of cos 10, 20, 30, 40, 60  = 0.811
    share             0.811 / 0.840                   = 0.966
    overlap           4 of 5                          = 0.8
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NEAREST = 5
LEAST_TEXTS = 50  # among fewer, most texts are neighbours of one another, whatever the embedder

Vectors = NDArray[np.float32]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Fidelity:
    """Mean teacher cosine of a text with its five nearest others: as the embedder finds them and as the teacher does.

    texts: how many were measured. overlap: the share of the embedder's five that are among the teacher's five, 0..1.
    """

    texts: int
    neighbour_cosine: float
    teacher_cosine: float
    overlap: float

    @property
    def share(self) -> float:
        """The embedder's mean cosine as a share of the teacher's."""
        return self.neighbour_cosine / self.teacher_cosine if self.teacher_cosine > 0 else 1.0


def fidelity(embedder: Vectors, teacher: Vectors, rows: Rows | None = None) -> Fidelity:
    """The fidelity of an embedder whose unit vectors, shape (texts, its dimension), stand beside the teacher's of the same texts.

    rows: the texts to measure, by default all; their neighbours are sought among all. Every measured text is compared with every
    text: give it a sample. Raises ValueError for fewer than seven texts.
    """
    if len(teacher) < NEAREST + 2:
        raise ValueError(f"fidelity needs more than {NEAREST + 1} texts, not {len(teacher)}")
    rows = np.arange(len(teacher)) if rows is None else rows
    cosines = teacher[rows] @ teacher.T
    found, best = _nearest(embedder, rows), _nearest(teacher, rows)
    common = (found[:, :, None] == best[:, None, :]).any(axis=2)
    return Fidelity(
        len(rows),
        float(np.take_along_axis(cosines, found, axis=1).mean()),
        float(np.take_along_axis(cosines, best, axis=1).mean()),
        float(common.mean()),
    )


def recall(questions: Vectors, answers: Vectors) -> float:
    """R@1: the share of questions, shape (n, dimension), whose own answer, in the same row, is the nearest of all answers."""
    return float(((questions @ answers.T).argmax(axis=1) == np.arange(len(questions))).mean())


def _nearest(vectors: Vectors, rows: Rows) -> Rows:
    """The five nearest other texts of each of the rows, in any order, shape (len(rows), 5)."""
    cosines = vectors[rows] @ vectors.T
    cosines[np.arange(len(rows)), rows] = -np.inf  # no text is its own neighbour
    return np.argpartition(-cosines, NEAREST - 1, axis=1)[:, :NEAREST]
