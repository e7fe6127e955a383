"""What the evaluation trains, on how much, and on what it measures it."""

from collections.abc import Callable, Mapping
from typing import Literal, Self, get_args

from pydantic import Field, field_validator, model_validator

from lake.harness.job import Params
from lake.models.embedded import ALIAS, NAME
from lake.storage.store import Lake
from trainers.recipes import Lora

SCRATCH = "scratch"  # the base of arms that begin from a small model without training
RELEASED, NONE = "released", "none"
HELD_OUT = ("gold/mixture", "bronze/references")  # whose items are measured
_SET = "gold/training_set"
Arm = Literal["released", "random", "high_only", "distilled", "concatenated", "long_tail", "ds2"]
ARMS: tuple[Arm, ...] = get_args(Arm)


class Architecture(Params):
    """A small Qwen2-shaped model to be initialised from scratch, with its own tokenizer."""

    hidden_size: int = Field(ge=64, description="width; head dimension is hidden_size / heads and must be >= 32")
    layers: int = Field(ge=1, description="transformer blocks")
    heads: int = Field(ge=1, description="of attention")
    vocabulary: int = Field(
        ge=300, le=65_536, description="tokens of the byte-level BPE tokenizer trained on the lake's texts"
    )
    positions: int = Field(ge=128, description="longest sequence the model can read")

    @model_validator(mode="after")
    def _heads_divide(self) -> Self:
        if self.hidden_size % self.heads or self.hidden_size // self.heads < 32:
            raise ValueError(f"hidden_size {self.hidden_size} / heads {self.heads} must be a whole number >= 32")
        return self


class EvaluationParams(Params):
    """Which model is trained on which sets and how long; what it is measured on."""

    base: str | Architecture = Field(
        default=ALIAS,
        description="what every arm starts from: embedded, a folder or a hub name, or a small architecture from scratch",
    )
    lora: Lora | None = Field(
        default=Lora(rank=16, alpha=32, last_blocks=10),
        description="adapters that are trained of a model that is named; null: all its weights. From scratch all are",
    )
    arms: tuple[Arm, ...] = Field(
        default=ARMS, min_length=1, description="the sets that are trained on, in this order; `released` is among them"
    )
    seeds: tuple[int, ...] = Field(
        default=(0, 1, 2), min_length=1, description="each draws the rows of every arm and trains it once"
    )
    tokens: int = Field(
        default=40_000, ge=256, description="that every arm reads in training: prompts, answers and what marks them"
    )
    batch_tokens: int = Field(default=1_024, ge=64, description="read before an update, about")
    max_length: int = Field(
        default=512, ge=32, description="tokens of a row; longer rows and held-out items are left out and counted"
    )
    learning_rate: float = Field(default=1e-3, gt=0, le=0.1, description="of AdamW, the same for every arm")
    candidates: int = Field(
        default=2_000,
        ge=1,
        le=20_000,
        description="rows drawn for an arm at most; the long tail and DS2 take the best of so many, each compared with each",
    )
    neighbours: int = Field(default=15, ge=1, description="whose mean distance puts a row into the long tail")
    coverage: float = Field(
        default=0.5,
        ge=0,
        lt=1,
        description="a row that holds more of a held-out question's words is trained on by no arm",
    )
    items: int = Field(default=200, ge=1, description="held-out items of a benchmark, of MIXTURE and of truths at most")
    written: int = Field(default=32, ge=0, description="held-out questions that each model answers in words")
    written_tokens: int = Field(default=64, ge=8, description="of such an answer at most")
    time_limit_s: float | None = Field(
        default=7200, gt=0, description="no further arm is begun where it would end later; null: all are trained"
    )
    distilled_items: int = Field(default=1_000, ge=1, description="groups whose facts are counted at most")
    resamples: int = Field(default=2_000, ge=100, description="of the bootstrap over clusters of items")
    refresh_share: float = Field(
        default=0.1,
        ge=0,
        lt=1,
        description="it is made anew once more than this share of the training set differs from the one that was measured",
    )
    seed: int = Field(default=7, description="of the choice of what is measured, and of a small model's tokenizer")

    @field_validator("arms", "seeds")
    @classmethod
    def _each_once(cls, given: tuple[object, ...]) -> tuple[object, ...]:
        if len(set(given)) < len(given):
            raise ValueError("names one twice")
        return given

    @model_validator(mode="after")
    def _comparable(self) -> Self:
        if RELEASED not in self.arms:
            raise ValueError(f"arms {list(self.arms)} must have {RELEASED!r}: all others are compared with it")
        if self.batch_tokens < self.max_length:
            raise ValueError(f"batch_tokens {self.batch_tokens} must be >= max_length {self.max_length}")
        return self

    @property
    def base_name(self) -> str:
        """What reports call the base."""
        return SCRATCH if isinstance(self.base, Architecture) else NAME if self.base == ALIAS else self.base

    @property
    def runs(self) -> list[tuple[Arm, int]]:
        """Every training, seed by seed: where time ends there are whole comparisons."""
        first = [RELEASED, *(arm for arm in self.arms if arm != RELEASED)]
        return [(arm, seed) for seed in self.seeds for arm in first]  # pyright: ignore[reportReturnType]

    def stands(self, lake: Lake, read: Mapping[str, int], now: Mapping[str, int]) -> str:
        """Why an evaluation of an older training set is kept: as good as all of its examples are in the newest, and what is held out is the same."""
        if any(read.get(table) != now[table] for table in HELD_OUT):
            return ""
        share = _differing(lake, read[_SET], now[_SET])
        if share > self.refresh_share:
            return ""
        return (
            f"made of version {read[_SET]} of the training set, from which {share:.1%} of version {now[_SET]} differ, at most "
            f"{self.refresh_share:.0%}: --rebuild makes it anew"
        )

    def asks(self, rows: Callable[[str], int]) -> str:
        """How much is trained and read."""
        at_most = f", within {self.time_limit_s / 60:.0f} min" if self.time_limit_s else ""
        return (
            f"trains {len(self.runs)} times on {self.tokens:,} tokens and reads up to {self.items:,} items a benchmark "
            f"{len(self.runs) + 1} times{at_most}"
        )


def _differing(lake: Lake, one: int, other: int) -> float:
    """The share of the larger of two versions of the training set that is not in both."""
    sets = [set(lake.dataset(_SET, version).to_table(["id"])["id"].to_pylist()) for version in {one, other}]
    larger = max(map(len, sets))
    return 1 - len(set.intersection(*sets)) / larger if larger else 0.0
