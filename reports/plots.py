"""The main plot of each stage: what a reader of its table asks first. The UI and the report show the same ones.

A plot looks at the first 50,000 rows at most and its title says so when there are more.
"""

import base64
from collections.abc import Callable, Mapping

from lake.storage.store import Lake
from reports import before_after
from reports import model_plots as models
from reports import row_plots as rows
from reports.charts import Chart, render
from reports.view import View


def picture(stage_key: str, lake: Lake) -> str | None:
    """The main plot of a stage as PNG in base64; None for a stage whose table was never published or says nothing yet."""
    drawn = chart(stage_key, View(lake))
    return encoded(drawn) if drawn else None


def encoded(drawn: Chart) -> str:
    """A chart as PNG in base64."""
    return base64.b64encode(render(drawn)).decode("ascii")


def chart(name: str, view: View) -> Chart | None:
    """The chart of a stage key, or one of the report's own (`_STAGE_OF`); None where there is nothing to see."""
    stage, draw = _STAGE_OF.get(name, name), _CHARTS.get(name)
    return draw(view) if draw and view.has(stage) and (view.count(stage) or name in _FROM_SIDES) else None


_STAGE_OF = {
    "lengths": "silver/unique_instructions",
    "facts": "reports/evaluation",
    "scores": "gold/training_set",
    "sources": "gold/training_set",
    "languages": "gold/training_set",
    "facts_per_words": "reports/evaluation",
    "rewards": "models/distiller_grpo",
    "cheats": "models/distiller_grpo",
}
_FROM_SIDES = frozenset({"bronze/instructions", "bronze/passages", "silver/instructions", "silver/passages"})
_CHARTS: Mapping[str, Callable[[View], Chart | None]] = {
    "bronze/instructions": rows.by_source("bronze/instructions", "Raw instruction records"),
    "bronze/passages": rows.by_source("bronze/passages", "Raw passages"),
    "bronze/references": rows.references,
    "silver/instructions": rows.by_reason("silver/instructions_rejected", "Records that cleaning rejected, by reason"),
    "silver/passages": rows.by_reason("silver/passages_rejected", "Passages that cleaning rejected, by reason"),
    "silver/unique_instructions": rows.duplicates,
    "models/student_embedder": models.student,
    "silver/embeddings": rows.embeddings,
    "silver/ratings": rows.ratings,
    "silver/quality": rows.quality,
    "silver/groups": rows.groups,
    "silver/best_records": rows.best_records,
    "gold/mixture": rows.mixture,
    "models/distiller_sft": models.curves("models/distiller_sft", "Supervised fine-tuning", ("loss", "grad_norm")),
    "models/distiller_grpo": models.curves(
        "models/distiller_grpo",
        "GRPO",
        (
            "reward",
            "reward_std",
            "kl",
            "entropy",
            "frac_reward_zero_std",
            "completions/clipped_ratio",
            "evidence",
            "heldout_reward",
        ),
    ),
    "gold/heldout_answers": models.heldout,
    "models/champion": models.champion,
    "gold/distilled": rows.distilled,
    "gold/training_set": rows.training_set,
    "reports/evaluation": models.evaluation,
    "releases/current": rows.funnel,
    "lengths": before_after.lengths,
    "scores": before_after.scores,
    "sources": before_after.sources,
    "languages": before_after.languages,
    "facts": models.facts,
    "facts_per_words": models.facts_per_words,
    "rewards": models.logged("models/distiller_grpo", "Each reward of GRPO, mean and spread", "rewards/"),
    "cheats": models.logged("models/distiller_grpo", "Share of GRPO's completions that cheat, by the way", "cheats/"),
}
