"""How far two raters agree on the same records: rank correlation and weighted kappa with bootstrap intervals."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Ratings = NDArray[np.float64]
LEAST = 20  # pairs: of fewer, an interval says nothing
MOST = 2_000  # pairs looked at: more would only narrow intervals that are narrow already
_RESAMPLES = 1_000


class Agreement(NamedTuple):
    """Two raters of the same records; `low` and `high` are the ends of 95 % bootstrap intervals.

    spearman: correlation of the ranks, -1..1. kappa: Cohen's kappa with quadratic weights: 1 where all ratings are equal, 0 where they are
    as far apart as by chance. deviation: of one rating about the two raters' mean, in points.
    """

    records: int
    spearman: float
    spearman_low: float
    spearman_high: float
    kappa: float
    kappa_low: float
    kappa_high: float
    deviation: float


def agreement(one: ArrayLike, other: ArrayLike) -> Agreement | None:
    """How far two raters agree, place by place; None of fewer than LEAST records, or where a rater gave all of them the same.

    >>> agreement([1, 5, 9] * 10, [2, 5, 9] * 10).spearman
    1.0
    """
    pairs = np.array([one, other], float)[:, :MOST]
    if pairs.shape[1] < LEAST or (pairs.min(axis=1) == pairs.max(axis=1)).any():
        return None
    drawn = np.random.default_rng(7).integers(pairs.shape[1], size=(_RESAMPLES, pairs.shape[1]))
    found = [_with_interval(measure(*pairs), measure(*pairs[:, drawn])) for measure in (_spearman, _kappa)]
    deviation = float(np.sqrt(((pairs[0] - pairs[1]) ** 2).mean() / 2))
    return Agreement(pairs.shape[1], *found[0], *found[1], deviation)


def _with_interval(value: Any, resampled: Ratings) -> tuple[float, float, float]:
    low, high = np.nanpercentile(resampled, [2.5, 97.5])  # a sample of one rating repeated has no figure
    return round(float(value), 4), round(float(low), 4), round(float(high), 4)


def _spearman(one: Ratings, other: Ratings) -> Ratings:
    """Pearson's correlation of the ranks along the last axis."""
    centred = [_ranks(rater) - (rater.shape[-1] + 1) / 2 for rater in (one, other)]
    spread = np.sqrt((centred[0] ** 2).sum(axis=-1) * (centred[1] ** 2).sum(axis=-1))
    return _ratio((centred[0] * centred[1]).sum(axis=-1), spread)


def _ranks(ratings: Ratings) -> Ratings:
    return pd.DataFrame(np.atleast_2d(ratings)).rank(axis=1).to_numpy().reshape(ratings.shape)


def _kappa(one: Ratings, other: Ratings) -> Ratings:
    """1 - the mean squared difference over that of ratings paired at random: the quadratic weights' definition, without the table."""
    by_chance = one.var(axis=-1) + other.var(axis=-1) + (one.mean(axis=-1) - other.mean(axis=-1)) ** 2
    return 1 - _ratio(((one - other) ** 2).mean(axis=-1), by_chance)


def _ratio(part: Ratings, whole: Ratings) -> Ratings:
    return np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=np.asarray(whole) > 0)
