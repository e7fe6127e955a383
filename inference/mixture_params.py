"""The params of gold/mixture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from inference.mixture_plan import Plan, foreseen
from inference.text_engines import EngineParams
from lake.engines.parallel import usable_cores
from lake.harness.job import Params
from texts.formats import FORMATS, OF_ONE_FACT
from texts.rubric import HIGH

# the share of qa is that of the published training data (31,108 of 116,900), of the other four none is known (method, section 2.4)
QUOTAS = {"qa": 0.26, "multiple_choice": 0.185, "true_false": 0.185, "category_statement": 0.185, "paragraph": 0.185}


class MixtureParams(Params):
    """How many items are made, of which types, by whom."""

    engine: EngineParams = Field(default=EngineParams(), description="builds the targets and degrades them")
    limit: int = Field(default=4_000, ge=1, description="passages used at most, chosen by hash")
    originals: int = Field(
        default=4_000, ge=0, description="records of silver/best_records used at most as targets, chosen by hash"
    )
    quotas: dict[str, float] = Field(
        default=dict(QUOTAS), description="share of each item type among the items of passages, aimed at"
    )
    attempts: int = Field(
        default=3,
        ge=1,
        le=5,
        description="item types tried on a passage, and variants made of a target, before it is given up",
    )
    least_content: int = Field(
        default=24,
        ge=1,
        le=1_000,
        description="different words that carry meaning, of a passage from which an item is made",
    )
    target_score: float = Field(default=HIGH, ge=0.0, le=5.0, description="least rubric score of a target")
    fact_score: float = Field(
        default=2.0, ge=0.0, le=5.0, description="the same of a choice or a statement to be judged, which tell one fact"
    )
    support: float = Field(
        default=1.0, ge=0.0, le=1.0, description="least share of a target's words in statements that a variant supports"
    )
    mean_variants: float = Field(default=4.0, ge=2.0, le=20.0, description="of the normal distribution, sd a third")
    min_variants: int = Field(default=2, ge=2, le=20, description="a target with fewer variants is not used")
    max_variants: int = Field(default=6, ge=2, le=20, description="most degraded variants of a target")
    cross_topic: float = Field(
        default=0.1,
        ge=0.0,
        le=0.5,
        description="pairs of passages that name one another, per passage that can be told: at most",
    )
    splits: dict[str, float] = Field(default={"sft": 0.3, "grpo": 0.58, "heldout": 0.12}, description="of passages")
    batch_size: int = Field(default=1_024, ge=8, le=100_000, description="passages in a batch; pairs form inside it")
    max_tokens: int = Field(default=512, ge=32, le=32_768, description="of a target or a variant")
    frequency_penalty: float = Field(default=0.0, ge=0.0, le=2.0, description="on tokens an answer holds already")
    seed: int = Field(default=7, description="of the choice of passages, of their forms, variants and splits")

    @field_validator("quotas")
    @classmethod
    def of_types(cls, value: dict[str, float]) -> dict[str, float]:
        """The quotas: of item types of texts.formats, together 1."""
        if unknown := sorted(set(value) - set(FORMATS)):
            raise ValueError(f"unknown item types {unknown}; allowed: {sorted(FORMATS)}")
        if min(value.values(), default=-1.0) < 0 or abs(sum(value.values()) - 1) > 1e-9:
            raise ValueError(f"{value} must be shares of item types that add up to 1")
        return value

    @field_validator("splits")
    @classmethod
    def whole(cls, value: dict[str, float]) -> dict[str, float]:
        """The splits: sft, grpo and heldout, together 1."""
        if set(value) != {"sft", "grpo", "heldout"} or min(value.values()) < 0 or abs(sum(value.values()) - 1) > 1e-9:
            raise ValueError(f"{value} must be shares of sft, grpo and heldout that add up to 1")
        return value

    @model_validator(mode="after")
    def ordered(self) -> Self:
        """The parameters, with room between the fewest and the most variants."""
        if self.min_variants > self.max_variants:
            raise ValueError(f"min_variants {self.min_variants} must not exceed max_variants {self.max_variants}")
        return self

    def least_score(self, item_type: str) -> float:
        """What a target of the type has to rate."""
        return self.fact_score if item_type in OF_ONE_FACT else self.target_score

    @property
    def loads_no_model(self) -> bool:
        """The rules need no process of their own."""
        return self.engine.kind == "rules"

    def asks(self, rows: Callable[[str], int]) -> str:
        """How many items of which types would be made, of which texts, in what time; and of all that the limits allow."""
        allowed = Plan(self.limit, self.originals, self.quotas)
        there = Plan(
            min(rows("silver/passages"), self.limit), min(rows("silver/best_records"), self.originals), self.quotas
        )
        return foreseen(there, allowed, usable_cores() if self.engine.kind == "rules" else None)

    @property
    def sampling(self) -> dict[str, Any]:
        """What requests share."""
        return {"max_tokens": self.max_tokens, "seed": self.seed, "frequency_penalty": self.frequency_penalty}
