"""What rewards know beside a completion and its row: an embedder, and the rated items of MIXTURE."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow.dataset as ds

from lake.errors import as_user_error
from lake.settings import settings
from texts.embed.embedder import Embedder, open_embedder
from texts.errors import EmbedderError
from trainers.rewards.knn_bayes import KnnBayes
from trainers.rewards.library import Rated, Vectors, by_type, rated_items
from trainers.rewards.quality_judge import QualityJudge, best_judge
from trainers.rewards.windows import whole_vectors


@dataclass(frozen=True)
class Learned:
    """What rewards learned from the rated items, and another process need not learn again."""

    judge: QualityJudge | None = None
    libraries: Mapping[str, KnnBayes] | None = None


@dataclass(frozen=True)
class Basis:
    """Made when a reward first asks for it, and then kept. embedder: its name. library_items: the most rated items that are looked at.

    learned: what is known of them already.
    """

    mixture: ds.Dataset
    embedder: str
    library_items: int
    learned: Learned = Learned()

    def taught(self, rewards: Container[str]) -> Learned:
        """What these rewards have learned."""
        return Learned(
            self.judge if "quality" in rewards else None, self.libraries if "published_quality" in rewards else None
        )

    @cached_property
    def opened(self) -> Embedder:
        """The embedder; UserError where there is none of this name."""
        with as_user_error(EmbedderError):
            return open_embedder(self.embedder, settings().cache)

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """The unit vectors of whole texts, shape (texts, dimension)."""
        return whole_vectors(self.opened, texts)

    @cached_property
    def items(self) -> list[Rated]:
        """The rated items."""
        return rated_items(self.mixture, self.library_items)

    @cached_property
    def judge(self) -> QualityJudge:
        """The judge that foretells held-out ratings best; StageFailed where none beats a constant."""
        return self.learned.judge or best_judge(self.items, self.vectors)

    @cached_property
    def libraries(self) -> Mapping[str, KnnBayes]:
        """A library of each item type."""
        if self.learned.libraries is not None:
            return self.learned.libraries
        vectors = self.vectors([item.text for item in self.items])
        classes = np.array([item.rating for item in self.items], np.int64)
        return {kind: KnnBayes.of(vectors[places], classes[places]) for kind, places in by_type(self.items).items()}
