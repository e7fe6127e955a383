"""What the gate of each stage allows beyond what must always hold: fields of `gate` among the stage's params in a profile.

    params:
      silver/instructions: {gate: {most_rejected: 0.5}}

A limit decides no row, so changing one makes nothing run anew: it holds from the stage's next run on. Names with `expected` only warn.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Limits(BaseModel):
    """How far a table that is made anew may be from its last published version before the gate warns."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    expected_volume: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="share of the rows of the last version that the new one has at least; at most its inverse",
    )
    expected_divergence: float = Field(
        default=0.25,
        gt=0,
        description="Kullback-Leibler divergence, in nats, of a column's values from those of the last version",
    )
    expected_shift: float = Field(
        default=0.2,
        gt=0,
        description="how far a quantile may move, as a share of what lies between the 5 % and 95 % quantiles of the last version",
    )
    enough: int = Field(
        default=100,
        ge=1,
        description="rows: of fewer, shares, means and distributions say little and are not looked at",
    )


class Ingested(Limits):
    """The bronze stages."""

    expected_quarantined: float = Field(default=0.2, ge=0, le=1, description="share of all records")


class BySource(Limits):
    """Stages whose limits are shares of each source."""

    small_source: int = Field(
        default=10, ge=1, description="rows: a source of fewer only warns, since one bad row is a large share of it"
    )


class Cleaned(BySource):
    """silver/instructions and silver/passages."""

    most_rejected: float = Field(default=0.9, ge=0, le=1, description="share of a source that cleaning may reject")
    expected_rejected: float = Field(default=0.3, ge=0, le=1, description="share of a source")


class Deduplicated(BySource):
    """silver/unique_instructions; what a source may lose at most is `max_loss` among the stage's params."""

    expected_near: float = Field(default=0.3, ge=0, le=1, description="share of a source that goes as near-duplicates")


class Student(Limits):
    """models/student_embedder."""

    expected_share: float = Field(default=0.8, ge=0, le=1, description="of the teacher's neighbour cosine")


class Rated(Limits):
    """silver/ratings."""

    most_unrated: float = Field(default=0.1, ge=0, le=1, description="share of the records without a rating")
    least_explained: float = Field(
        default=1e-4, ge=0, le=1, description="lower bound of the variance that a predictor explains"
    )
    expected_second_failed: float = Field(default=0.1, ge=0, le=1, description="share of second ratings that failed")
    # a shift to look into, by convention: Siddiqi 2006, "Credit Risk Scorecards"
    expected_drift: float = Field(default=0.25, gt=0, description="population stability index of a judge's ratings")


class Scored(Limits):
    """silver/quality."""

    expected_high_from: float = Field(default=0.05, ge=0, le=1, description="least share of records that are high")
    expected_high_to: float = Field(default=0.95, ge=0, le=1, description="largest share of records that are high")
    expected_error: float = Field(
        default=1.1, gt=0, description="mean error of the neighbours, in units of the error of guessing the mean"
    )


class Grouped(Limits):
    """silver/groups."""

    expected_alone_rise: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="rise of the share left alone: fewer are free to join newcomers than when all were grouped at once",
    )
    expected_cohesion_drop: float = Field(default=0.05, ge=0, description="drop of the mean cohesion of new groups")


class Mixed(Limits):
    """gold/mixture."""

    least_derivable: float = Field(
        default=0.98, ge=0, le=1, description="share of targets of which every statement stands in a variant"
    )
    expected_heldout: int = Field(
        default=200, ge=0, description="held-out items: fewer make the champion's interval wide"
    )


class Trained(Limits):
    """models/distiller_sft."""

    expected_format_rate: float = Field(
        default=0.5, ge=0, le=1, description="share of completions that are well formed"
    )
    expected_dropped: float = Field(
        default=0.1, ge=0, le=1, description="share of the rows that are too long for the recipe"
    )


class Reinforced(Trained):
    """models/distiller_grpo."""

    expected_kl: float = Field(default=1.0, gt=0, description="mean KL divergence from the fine-tuned checkpoint")
    expected_without_signal: float = Field(
        default=0.999, ge=0, le=1, description="share of rollouts that all earn the same"
    )


class Answered(Limits):
    """gold/heldout_answers."""

    expected_failed: float = Field(default=0.5, ge=0, le=1, description="share of answers that failed")


class Distilled(Limits):
    """gold/distilled; what an item must reach is `limits` among the stage's params."""

    expected_refused: float = Field(
        default=0.9, ge=0, le=1, description="share of groups of which no item was accepted"
    )


class Selected(Limits):
    """gold/training_set."""

    expected_excess: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="by how much the share held back for validation may exceed twice what was asked for",
    )


class Evaluated(Limits):
    """reports/evaluation."""

    expected_seeds: int = Field(default=3, ge=1, description="seeds with which each arm was trained")
