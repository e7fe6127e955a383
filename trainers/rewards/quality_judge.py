"""The quality reward's judge: the calibrated probability that a text would be rated 4 or more, by whichever of two judges foretells it best.

- `rubric`: from the rubric's score of the text;
- `neighbours`: from the share of rated 4 or more among its sixteen nearest rated items of its type, by their cosines.

Each gives one number, and a logistic regression turns it into a probability (Platt 1999). Of the rated items six tenths are the
neighbours, two tenths calibrate, two tenths measure; texts of one MIXTURE row stay together. The measure is the Brier skill: 1 less the mean
squared error over that of always saying the share among the calibrating ones. A judge whose interval, over MIXTURE rows, does not lie above 0 is no
better than that constant.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lake.errors import StageFailed
from lake.ids import sha256_text
from texts import rubric
from trainers.rewards.library import Rated, Vectors, by_type, nearest

HIGH = 4
_NEIGHBOURS = 16
_RESAMPLES = 500

Numbers = NDArray[np.float64]
Encode = Callable[[Sequence[str]], Vectors]
Evidence = Callable[[Sequence[str], Sequence[str], Encode], Numbers]


@dataclass(frozen=True)
class QualityJudge:
    """A calibrated judge, without the embedder, so that it can be told to another process.

    skill, low: its Brier skill on held-out ratings and the lower end of the interval at 95 %.
    """

    name: str
    skill: float
    low: float
    evidence: Evidence
    slope: float
    intercept: float

    def probability(self, item_types: Sequence[str], texts: Sequence[str], encode: Encode) -> list[float]:
        """How likely each text would be rated 4 or more, 0..1."""
        return _logistic(self.slope * self.evidence(item_types, texts, encode) + self.intercept).tolist()


def best_judge(items: Sequence[Rated], encode: Encode) -> QualityJudge:
    """The judge with the greatest skill; StageFailed where none beats a constant."""
    parts: list[list[Rated]] = [[], [], []]
    for item in items:
        tenth = int(sha256_text(item.origin)[:8], 16) % 10
        parts[0 if tenth < 6 else 1 if tenth < 8 else 2].append(item)
    library, calibrating, heldout = parts
    shares = {item.rating >= HIGH for item in calibrating}
    if not library or not heldout or len(shares) < 2:
        raise StageFailed(
            f"{len(items)} rated items are too few, or too much alike, to learn a quality reward from: {_LEFT}"
        )
    candidates = {"rubric": _by_rubric, "neighbours": _by_neighbours(library, encode)}
    judges = [_calibrated(name, evidence, encode, calibrating, heldout) for name, evidence in candidates.items()]
    best = max(judges, key=lambda judge: judge.skill)
    if best.low <= 0:
        told = ", ".join(f"{judge.name} {judge.skill:.2f} (at least {judge.low:.2f})" for judge in judges)
        raise StageFailed(f"no judge foretells held-out ratings better than a constant: Brier skill {told}: {_LEFT}")
    return best


_LEFT = "train without the reward quality, or give MIXTURE more items"


def _calibrated(
    name: str, evidence: Evidence, encode: Encode, calibrating: Sequence[Rated], heldout: Sequence[Rated]
) -> QualityJudge:
    from sklearn.linear_model import LogisticRegression

    given, high = _answers(evidence, encode, calibrating)
    model: Any = LogisticRegression(C=100.0).fit(given[:, None], high)
    judge = QualityJudge(name, 0.0, 0.0, evidence, float(model.coef_[0, 0]), float(model.intercept_[0]))
    asked, truth = _answers(evidence, encode, heldout)
    errors = (_logistic(judge.slope * asked + judge.intercept) - truth) ** 2
    constant = (high.mean() - truth) ** 2
    skill, low = _skill(errors, constant, [item.origin for item in heldout])
    return QualityJudge(name, skill, low, evidence, judge.slope, judge.intercept)


def _answers(evidence: Evidence, encode: Encode, items: Sequence[Rated]) -> tuple[Numbers, Numbers]:
    given = evidence([item.item_type for item in items], [item.text for item in items], encode)
    return given, np.array([item.rating >= HIGH for item in items], np.float64)


def _skill(errors: Numbers, constant: Numbers, origins: Sequence[str]) -> tuple[float, float]:
    """The Brier skill and the lower end of its bootstrap interval, drawn by origin."""
    names, place = np.unique(origins, return_inverse=True)
    ours, theirs = (np.bincount(place, weights=part, minlength=len(names)) for part in (errors, constant))
    drawn = np.random.default_rng(7).integers(len(names), size=(_RESAMPLES, len(names)))
    skills = 1 - ours[drawn].sum(axis=1) / np.maximum(theirs[drawn].sum(axis=1), 1e-9)
    return float(1 - ours.sum() / max(theirs.sum(), 1e-9)), float(np.percentile(skills, 2.5))


def _by_rubric(item_types: Sequence[str], texts: Sequence[str], encode: Encode) -> Numbers:
    return np.asarray(rubric.scores(list(texts)), np.float64)


def _by_neighbours(library: Sequence[Rated], encode: Encode) -> Evidence:
    vectors = encode([item.text for item in library])
    high = np.array([item.rating >= HIGH for item in library], np.float64)
    known = {kind: (vectors[places], high[places]) for kind, places in by_type(library).items()}
    return partial(_neighbours, known, float(high.mean()))


def _neighbours(
    known: dict[str, tuple[Vectors, Numbers]],
    share: float,
    item_types: Sequence[str],
    texts: Sequence[str],
    encode: Encode,
) -> Numbers:
    """The share of high ones among the nearest items, weighted by cosine; of a type without items the share among all."""
    found = np.full(len(texts), share)
    for kind in set(item_types) & known.keys():
        places = [at for at, one in enumerate(item_types) if one == kind]
        vectors, high = known[kind]
        near, cosines = nearest(encode([texts[at] for at in places]), vectors, _NEIGHBOURS)
        weights = np.maximum(cosines, 1e-6)
        found[places] = (weights * high[near]).sum(axis=1) / weights.sum(axis=1)
    return found


def _logistic(numbers: Numbers) -> Numbers:
    return 1 / (1 + np.exp(-np.clip(numbers, -60, 60)))
