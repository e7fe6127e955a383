"""A basis of rewards without a model: texts are placed by their words, and quality is told by the rubric."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import pyarrow.dataset as ds

from texts import rubric
from texts.words import words
from trainers.rewards import Basis
from trainers.rewards.library import Vectors
from trainers.rewards.quality_judge import QualityJudge


class WordBasis(Basis):
    """Two texts are as near as their words."""

    def __init__(self, mixture: ds.Dataset | None = None) -> None:
        super().__init__(mixture, "words", 1_000)  # type: ignore[arg-type]

    def vectors(self, texts: Sequence[str]) -> Vectors:
        made = np.full((len(texts), 512), 1e-6, np.float32)
        for place, text in enumerate(texts):
            for word in words(text):
                made[place, sum(map(ord, word)) * 31 % 512] += 1
        return made / np.linalg.norm(made, axis=1, keepdims=True)

    @cached_property
    def judge(self) -> QualityJudge:
        return QualityJudge(
            "rubric", 1.0, 1.0, lambda kinds, texts, encode: np.array(rubric.scores(list(texts))), 2.0, -7.0
        )
