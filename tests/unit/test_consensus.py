"""DS2's estimate on planted noise: the matrix that was planted comes back, and ratings that it spoilt are found."""

import numpy as np
import pytest
from numpy.typing import NDArray

from spark_jobs.curate.consensus import CLASSES, Confusion, agreement, estimated, limits, triples, votes

_SHARES = np.array([0.1, 0.15, 0.3, 0.25, 0.15, 0.05])
# a judge that is off by one point more often than by two, and hardly ever gives the best score
_SHY = np.array([
    [0.6, 0.3, 0.1, 0.0, 0.0, 0.0], [0.1, 0.6, 0.25, 0.05, 0.0, 0.0], [0.05, 0.15, 0.55, 0.2, 0.05, 0.0],
    [0.0, 0.05, 0.2, 0.6, 0.15, 0.0], [0.0, 0.0, 0.05, 0.25, 0.65, 0.05], [0.0, 0.0, 0.1, 0.1, 0.4, 0.4],
])  # fmt: skip
_EVEN = np.full((CLASSES, CLASSES), 0.05) + 0.7 * np.eye(CLASSES)


def planted(
    matrix: NDArray[np.float64], alike: float = 1.0, rows: int = 6_000, k: int = 10
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """True scores, ratings by `matrix`, each record's k neighbours and their cosines.

    Twenty records of a place have one true score, but for a share 1 - alike that have any.
    """
    draw = np.random.default_rng(7)
    place = np.arange(rows) // 20
    of_place = draw.choice(CLASSES, size=rows // 20, p=_SHARES)
    true = np.where(draw.random(rows) < alike, of_place[place], draw.choice(CLASSES, size=rows, p=_SHARES))
    rated = (draw.random((rows, 1)) > matrix[true].cumsum(axis=1)).sum(axis=1).clip(max=CLASSES - 1)
    others = draw.permuted(np.tile(np.arange(1, 20), (rows, 1)), axis=1)[:, :k]
    neighbours = 20 * place[:, None] + (np.arange(rows)[:, None] + others) % 20
    return true, rated, neighbours, np.sort(draw.uniform(0.6, 0.9, (rows, k)), axis=1)[:, ::-1]


@pytest.mark.parametrize("matrix", [_SHY, _EVEN, np.eye(CLASSES)])
def test_a_planted_matrix_is_found_and_what_it_spoilt_mended(matrix: NDArray[np.float64]) -> None:
    true, rated, neighbours, cosines = planted(matrix)
    counted = triples(rated, rated[neighbours[:, 0]], rated[neighbours[:, 1]])
    found = estimated(counted)
    common = _SHARES >= 0.1
    assert np.abs(found.transition - matrix).sum(axis=1)[common].max() < 0.3, "of at most 2 a row"
    assert np.abs(found.prior - np.bincount(true, minlength=CLASSES) / len(true)).max() < 0.03
    said = votes(rated, rated[neighbours], cosines)
    wrong = (said.fit <= limits(found, rated, said.fit)[rated]) & (said.confidence >= 0.5)
    mended = np.where(wrong, said.suggested, rated)
    raw, now = (float(np.abs(scores - true).mean()) for scores in (rated, mended))
    assert now <= 0.6 * raw
    # a matrix of neighbours' ratings, which the reference code of LM-Mixup takes for it, is twice as far off or more
    beside = counted.sum(axis=2) / counted.sum(axis=(1, 2))[:, None]
    far, near = (np.abs(one - matrix).sum(axis=1)[common].mean() for one in (beside, found.transition))
    assert near <= far / 2 + 1e-6


def test_agreement_is_that_of_neighbours_not_of_common_scores() -> None:
    draw = np.random.default_rng(7)
    any_three = draw.choice(CLASSES, size=(3, 6_000), p=_SHARES)
    assert abs(agreement(triples(*any_three))) < 0.03
    same = any_three[0]
    assert agreement(triples(same, same, same)) == pytest.approx(1)
    _, rated, neighbours, _ = planted(_SHY, alike=0.5)
    half = agreement(triples(rated, rated[neighbours[:, 0]], rated[neighbours[:, 1]]))
    _, rated, neighbours, _ = planted(_SHY)
    assert 0.03 < half < 0.5 * agreement(triples(rated, rated[neighbours[:, 0]], rated[neighbours[:, 1]]))
    assert agreement(triples(*np.zeros((3, 5), np.int64))) == 0, "where all have one score, nothing can be told"


def test_votes_are_weighed_by_nearness() -> None:
    own, cosines = np.array([0, 3]), np.array([[0.9, 0.8, 0.1], [0.9, 0.8, -0.4]])
    said = votes(own, np.array([[2, 2, 5], [3, 3, 1]]), cosines)
    assert said.suggested.tolist() == [2, 0]
    assert said.confidence.tolist() == pytest.approx([1.7 / 2.8, 0.0])  # itself votes with 2 * 0.9 - 0.8
    assert said.fit.tolist() == pytest.approx([1 / np.sqrt(1 + 1.7**2 + 0.1**2), 1.0])


def test_so_many_of_a_class_are_wrong_as_the_matrix_says() -> None:
    confusion = Confusion(_EVEN, np.full(CLASSES, 1 / CLASSES))
    assert confusion.error_shares() == pytest.approx(np.full(CLASSES, 0.25))
    fit = np.tile(np.linspace(0, 1, 101), 2)
    own = np.repeat([0, 4], 101)
    assert limits(confusion, own, fit).tolist() == pytest.approx([0.25, -1, -1, -1, 0.25, -1])
