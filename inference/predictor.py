"""A judge's ratings predicted from vectors and counted features: Bayesian ridge regression with an interval that holds.

The interval is split-conformal (Lei et al. 2018, "Distribution-Free Predictive Inference for Regression", arXiv 1604.04173), with the
regression's own standard deviation as the unit: of records drawn like the held-out ones, 90 % of the judge's ratings lie within the margin.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lake.ids import content_id, sha256_folder

Matrix = NDArray[np.float64]
LEVEL = 0.9  # of the judge's ratings lie within the margin
_RESAMPLES = 1_000
_LEAST_SCALE = 1e-6  # the deviation of a column that is the same in all rows is not always 0, but rounding
_ARRAYS, _SETTINGS = "predictor.safetensors", "predictor.json"


@dataclass(frozen=True)
class Fidelity:
    """How well held-out ratings are predicted.

    explained: 1 - squared error over that of always saying the mean of the fitted ratings; low: the lower end of its 95 % bootstrap
    interval. error: mean absolute error, in rating points.
    """

    heldout: int
    explained: float
    low: float
    error: float


@dataclass(frozen=True)
class Predictor:
    """centre, scale, coefficients: shape (columns,); covariance: that of the coefficients, shape (columns, columns).

    unit: the margin in standard deviations. made_for: what its columns and ratings are, which a record must share.
    """

    centre: Matrix
    scale: Matrix
    coefficients: Matrix
    covariance: Matrix
    intercept: float
    noise: float
    unit: float
    made_for: Mapping[str, str]

    @property
    def name(self) -> str:
        """The id of all that decides a prediction."""
        parts = (
            self.centre,
            self.scale,
            self.coefficients,
            self.covariance,
            np.array([self.intercept, self.noise, self.unit]),
        )
        return content_id("predictor", *(part.tobytes() for part in parts), json.dumps(self.made_for, sort_keys=True))

    def predict(self, rows: Matrix) -> tuple[Matrix, Matrix]:
        """The expected rating and its margin for each row, both of shape (rows,)."""
        scaled = (rows - self.centre) / self.scale
        spread = np.einsum("ij,jk,ik->i", scaled, self.covariance, scaled, optimize=True)
        # of rows that repeat one another it is 0 but for rounding, which may take it below
        deviation = np.sqrt(self.noise + np.maximum(spread, 0.0))
        return scaled @ self.coefficients + self.intercept, self.unit * deviation

    def calibrated(self, rows: Matrix, ratings: Matrix) -> Predictor:
        """The same with the margin that held-out rows ask for.

        Of nine errors in standard deviations 0.1, 0.2, ... 0.9 the margin is the ceil(10 * 0.9) = 9th: 0.9. A tenth record lies within it
        with a chance of 9 in 10, whatever the errors' distribution.
        """
        predicted, deviation = replace(self, unit=1.0).predict(rows)
        errors = np.sort(np.abs(ratings - predicted) / deviation)
        rank = int(np.ceil((len(errors) + 1) * LEVEL))
        return replace(self, unit=float(errors[min(rank, len(errors)) - 1]))

    def fidelity(self, rows: Matrix, ratings: Matrix) -> Fidelity:
        """How well it predicts the ratings of rows that it was not fitted on."""
        predicted, _ = self.predict(rows)
        squared = np.stack([(ratings - predicted) ** 2, (ratings - self.intercept) ** 2])
        drawn = np.random.default_rng(7).integers(len(ratings), size=(_RESAMPLES, len(ratings)))
        ours, constant = squared[:, drawn].sum(axis=2)
        low = np.percentile(1 - ours / np.maximum(constant, 1e-9), 2.5)
        explained = 1 - squared[0].sum() / max(squared[1].sum(), 1e-9)
        return Fidelity(len(ratings), float(explained), float(low), float(np.abs(ratings - predicted).mean()))

    def save(self, folder: Path) -> str:
        """Writes it as safetensors and JSON; the digest over both files."""
        from safetensors.numpy import save_file

        folder.mkdir(parents=True)
        settings = asdict(self)
        arrays = {name: settings.pop(name) for name in ("centre", "scale", "coefficients", "covariance")}
        save_file(arrays, folder / _ARRAYS)
        (folder / _SETTINGS).write_text(json.dumps(settings, indent=1, sort_keys=True), encoding="utf-8")
        return sha256_folder(folder)


def load(folder: Path) -> Predictor:
    """The predictor that was saved in `folder`."""
    from safetensors.numpy import load_file

    settings = json.loads((folder / _SETTINGS).read_text(encoding="utf-8"))
    return Predictor(**load_file(folder / _ARRAYS), **settings)


def fit(rows: Matrix, ratings: Matrix, made_for: Mapping[str, str]) -> Predictor:
    """The regression of ratings, shape (rows,), on rows of shape (rows, columns), with a margin of one standard deviation."""
    from sklearn.linear_model import BayesianRidge

    centre, scale = rows.mean(axis=0), rows.std(axis=0)
    scale = np.where(scale > _LEAST_SCALE, scale, 1.0)
    model = BayesianRidge().fit((rows - centre) / scale, ratings)
    return Predictor(
        centre, scale, np.asarray(model.coef_), np.asarray(model.sigma_), float(model.intercept_), 1 / float(model.alpha_), 1.0, made_for,
    )  # fmt: skip
