"""The judge behind the reward quality: chosen on held-out ratings, calibrated, and refused where it knows nothing."""

import random
from multiprocessing.reduction import ForkingPickler
from typing import Any

import numpy as np
import pytest
from word_basis import WordBasis

from lake.errors import StageFailed
from trainers.rewards import Basis, Learned
from trainers.rewards.knn_bayes import KnnBayes
from trainers.rewards.library import Rated, nearest
from trainers.rewards.quality_judge import best_judge

GOOD = ("glacier", "moraine", "basalt", "isotope", "erosion", "sediment")
BAD = ("thing", "stuff", "something", "maybe", "whatever", "somehow")


def items(rows: int, told: float, seed: int = 7) -> list[Rated]:
    """Two texts a row, of good words and of bad ones; a share `told` of the ratings follows the words, the others a coin."""
    drawn = random.Random(seed)
    made: list[Rated] = []
    for row in range(rows):
        for vocabulary, rating in ((GOOD, 5), (BAD, 1)):
            rated = rating if drawn.random() < told else drawn.choice((1, 5))
            made.append(Rated(f"row-{row}", "qa", " ".join(drawn.choices(vocabulary, k=8)), rated))
    return made


def test_ratings_that_follow_the_words_are_foretold_by_neighbours_and_calibrated() -> None:
    judge = best_judge(items(400, told=0.6), WordBasis().vectors)
    assert judge.name == "neighbours" and 0 < judge.low < judge.skill
    fresh = items(300, told=0.6, seed=8)
    given = np.array(judge.probability(*asked(fresh), WordBasis().vectors))
    likely = given > 0.5
    for part in (likely, ~likely):
        share = np.mean([one.rating == 5 for one, chosen in zip(fresh, part, strict=True) if chosen])
        assert given[part].mean() == pytest.approx(share, abs=0.08)


def asked(rated: list[Rated]) -> tuple[list[str], list[str]]:
    return [one.item_type for one in rated], [one.text for one in rated]


def test_what_was_learned_is_told_to_another_process_and_not_learned_again() -> None:
    basis, texts = WordBasis(), asked(items(5, told=1.0))
    told = Learned(
        best_judge(items(200, told=1.0), basis.vectors),
        {"qa": KnnBayes.of(np.eye(4, dtype=np.float32), np.array([0, 4, 4, 5]))},
    )
    loads: Any = ForkingPickler.loads
    given: Learned = loads(ForkingPickler.dumps(told))
    elsewhere = Basis(None, "an embedder that there is not", 50, given)  # type: ignore[arg-type]
    assert told.judge and elsewhere.judge.probability(*texts, basis.vectors) == told.judge.probability(
        *texts, basis.vectors
    )
    assert elsewhere.libraries["qa"].expected(np.eye(4, dtype=np.float32)).shape == (4,)
    assert elsewhere.taught({"quality"}) == Learned(elsewhere.judge) and elsewhere.taught({"coverage"}) == Learned()


def test_ratings_by_a_coin_are_refused() -> None:
    with pytest.raises(StageFailed, match=r"better than a constant: Brier skill rubric .* neighbours"):
        best_judge(items(200, told=0.0), WordBasis().vectors)


@pytest.mark.parametrize("known", [[], items(1, told=1.0), [one for one in items(100, told=1.0) if one.rating == 5]])
def test_too_few_ratings_or_all_alike_are_refused(known: list[Rated]) -> None:
    with pytest.raises(StageFailed, match="too few, or too much alike"):
        best_judge(known, WordBasis().vectors)


def test_a_type_without_rated_items_gets_the_share_among_all() -> None:
    judge = best_judge(items(200, told=1.0), WordBasis().vectors)
    assert len(set(judge.probability(["paragraph"] * 2, [" ".join(GOOD), " ".join(BAD)], WordBasis().vectors))) == 1


def test_the_nearest_are_those_of_the_greatest_cosine() -> None:
    vectors = np.random.default_rng(7).normal(size=(1_500, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    places, cosines = nearest(vectors, vectors, 5)
    assert (places[:, 0] == np.arange(1_500)).all() and (np.diff(cosines, axis=1) <= 0).all()
    slowly = sorted(range(1_500), key=lambda at: -float(vectors[3] @ vectors[at]))[:5]
    assert places[3].tolist() == slowly
