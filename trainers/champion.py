"""Which distiller serves: the challenger only if it beats the champion beyond chance.

Paired bootstrap over held-out items (Efron 1979; percentile interval): both answered the same items, so what is resampled is the
difference of their scores on each item.
The score that decides is audited first on MIXTURE (trainers.audits); one that fails promotes nobody.
Not yet: several challengers, a champion that was itself promoted earlier; the extractive rules are the champion to beat.
"""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
from numpy.typing import NDArray
from pydantic import Field

from lake.harness.job import ArrowInputs, ArrowRows, JobContext, Params
from lake.tables import TABLES
from texts.audit import Audited
from trainers.audits import audited, promotion

CHAMPION_ENGINE = "rules"
_AUDITED = 60  # honest answers that the score is audited on
_RESAMPLES_AT_ONCE = 50  # bounds memory: this many times the items


class ChampionParams(Params):
    """How the interval is computed."""

    resamples: int = Field(default=2_000, ge=100, description="bootstrap resamples")
    confidence: float = Field(default=0.95, gt=0.5, lt=1, description="of the two-sided interval")
    minimum_items: int = Field(default=30, ge=2, description="fewer items answered by both: the champion stays")
    seed: int = Field(default=7, description="of the resamples")


def champion(inputs: ArrowInputs, params: ChampionParams, context: JobContext) -> ArrowRows:
    """One row of models/champion: the model that serves, both scores, the interval of their difference and one sentence."""
    answers = inputs["gold/heldout_answers"]
    trained = inputs["models/distiller_grpo"].to_table(columns=["uri"]).to_pylist()[0]
    serving, champion_scores = _scores(answers, ds.field("engine") == CHAMPION_ENGINE)
    challenger, challenger_scores = _scores(answers, ds.field("engine") != CHAMPION_ENGINE)
    items = sorted(champion_scores.keys() & challenger_scores.keys())
    old = np.array([champion_scores[item] for item in items])
    challenging = np.array([challenger_scores[item] for item in items])
    low, high = interval(challenging - old, params) if items else (0.0, 0.0)
    weakest = audited(promotion, inputs["gold/mixture"], _AUDITED)
    sound = weakest is not None and not weakest.failed
    # an interval that excludes zero: the burden of proof is the challenger's
    promoted = len(items) >= params.minimum_items and low > 0 and sound
    means = (float(challenging.mean()), float(old.mean())) if items else (0.0, 0.0)
    row: dict[str, Any] = {
        "model": challenger["model"] if promoted else serving["model"],
        "engine": challenger["engine"] if promoted else CHAMPION_ENGINE,
        "uri": trained["uri"] if promoted else None,
        "champion_score": means[1], "challenger": challenger["model"], "challenger_score": means[0],
        "difference": means[0] - means[1], "low": low, "high": high, "items": len(items),
        "audit_kind": weakest.kind if weakest else None, "audit_share": weakest.share if weakest else None,
        "audit_high": weakest.interval[1] if weakest else None, "promoted": promoted,
        "decision": _decision(means, (low, high), len(items), promoted, params) if sound else _unsound(weakest),
    }  # fmt: skip
    context.metrics.update(
        {
            name: float(row[name])
            for name in ("champion_score", "challenger_score", "difference", "low", "high", "items")
        }
    )
    yield "models/champion", pa.Table.from_pylist([row], schema=TABLES["models/champion"].schema)


def interval(differences: NDArray[np.float64], params: ChampionParams) -> tuple[float, float]:
    """The percentile interval of the mean difference over resampled items; the same for the same seed."""
    generator = np.random.default_rng(params.seed)
    means: list[NDArray[np.float64]] = []
    for first in range(0, params.resamples, _RESAMPLES_AT_ONCE):
        count = min(_RESAMPLES_AT_ONCE, params.resamples - first)
        drawn = generator.integers(len(differences), size=(count, len(differences)))
        means.append(differences[drawn].mean(axis=1))
    tail = (1 - params.confidence) / 2
    low, high = np.quantile(np.concatenate(means), [tail, 1 - tail])
    return float(low), float(high)


def _scores(answers: ds.Dataset, whose: ds.Expression) -> tuple[dict[str, Any], dict[str, float]]:
    """The answering model and engine, and its score by item; an answer that failed scores 0."""
    table = answers.to_table(columns=["item_id", "model", "engine", "score"], filter=whose).sort_by("item_id")
    rows = table.to_pylist()
    return dict(rows[0]) if rows else {"model": None, "engine": None}, {
        row["item_id"]: row["score"] or 0.0 for row in rows
    }


def _unsound(weakest: Audited | None) -> str:
    failed = weakest.told if weakest else "MIXTURE gives too few probes to tell"
    return f"The extractive rules serve: the score does not pass its audit; {failed}."


def _decision(
    means: tuple[float, float], bounds: tuple[float, float], items: int, promoted: bool, params: ChampionParams
) -> str:
    if items < params.minimum_items:
        return f"The extractive rules serve: only {items} held-out items were answered by both, and {params.minimum_items} are needed."
    figures = (
        f"over {items} held-out items it scores {means[0]:.3f} against {means[1]:.3f}, a difference of {means[0] - means[1]:+.3f} "
        f"({params.confidence:.0%} interval {bounds[0]:+.3f} to {bounds[1]:+.3f})"
    )
    if promoted:
        return f"The trained distiller serves: {figures}, which lies above zero."
    return f"The extractive rules serve: the trained distiller did not beat them; {figures}."
