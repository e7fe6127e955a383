"""What silver/ratings may be told: who judges, and how much of a record it is shown."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from inference.text_engines import EngineParams
from lake.harness.job import Params

JudgeKind = Literal["rules", "vllm", "openai_api", "scripted", "perplexity", "difficulty"]
_BETTER: dict[str, Literal["low", "high"]] = {"perplexity": "low", "difficulty": "high"}  # as published


class JudgeParams(EngineParams):
    """An engine that answers a rating's prompt, or a model whose losses are the judge."""

    kind: JudgeKind = Field(  # pyright: ignore[reportIncompatibleVariableOverride] - frozen, so it may be wider
        default="rules",
        description="rules (no weights), vllm, openai_api, perplexity or difficulty (a model's losses), or scripted (tests)",
    )
    tokens: int = Field(
        default=256,
        ge=32,
        le=8_192,
        description="perplexity, difficulty: at most read; half of them of the prompt's end, half of the answer's beginning",
    )
    better: Literal["low", "high"] | None = Field(
        default=None,
        description="perplexity, difficulty: the end of the figure that is rated 10; null: low for perplexity, high for difficulty",
    )
    cuts: tuple[float, ...] = Field(
        default=(),
        description="perplexity, difficulty: the nine figures, ascending, that part the ratings 1 to 10",
    )

    @property
    def by_losses(self) -> bool:
        """Whether a model's losses are the judge."""
        return self.kind in _BETTER

    @property
    def answers_prompts(self) -> bool:
        """Whether the judge answers in words, and so perhaps in others when it is asked again."""
        return self.kind in ("vllm", "openai_api", "scripted")

    @property
    def better_end(self) -> Literal["low", "high"]:
        """The end of the figure that is rated 10."""
        return self.better or _BETTER[self.kind]

    @model_validator(mode="after")
    def _losses_have_cuts(self) -> JudgeParams:
        if len(self.cuts) not in (0, 9) or list(self.cuts) != sorted(set(self.cuts)):
            raise ValueError("cuts are nine figures, each above the one before")
        if self.by_losses and not self.cuts:
            raise ValueError(f"{self.kind} needs cuts: the nine figures that part the ratings 1 to 10")
        return self


class RateParams(Params):
    """Who judges, and how much of a record it is shown."""

    engine: JudgeParams = Field(
        default=JudgeParams(), description="the judge that decides: silver/quality reads it alone"
    )
    beside: tuple[JudgeParams, ...] = Field(
        default=(),
        description="further judges, which rate `compared` records only to be compared with the one that decides",
    )
    repeat: bool = Field(
        default=False, description="vllm, openai_api: ask the judge about `compared` records again, with another seed"
    )
    compared: int = Field(
        default=200,
        ge=20,
        le=2_000,
        description="records of a delivery that further judges, or the judge once more, rate",
    )
    sample: int | None = Field(
        default=None,
        ge=400,
        description="records that the judge rates itself, where there are more; the others' ratings are predicted; null: all",
    )
    batch_size: int = Field(default=512, ge=1, le=100_000, description="records in one shard: what a kill may repeat")
    max_chars: int = Field(default=8_000, ge=100, description="the judge sees a longer record only up to here")
    max_tokens: int = Field(default=64, ge=32, le=4_096, description="of the judge's answer")
    temperature: float = Field(default=0.0, ge=0.0, le=2.0, description="of sampling a rating; 0: greedy")
    seed: int = Field(default=7, description="of sampling, and part of each request's id")

    @property
    def loads_no_model(self) -> bool:
        """The rules need no process of their own; what predicts from a sample may have to make an embedder first."""
        return self.sample is None and all(judge.kind == "rules" for judge in (self.engine, *self.beside))

    @property
    def names_beside(self) -> tuple[str, ...]:
        """What each judge beside is called: its kind, with a number where there are several of it."""
        kinds = [judge.kind for judge in self.beside]
        before = [kinds[:place].count(kind) for place, kind in enumerate(kinds)]
        return tuple(f"{kind}_{count + 1}" if count else kind for kind, count in zip(kinds, before, strict=True))

    @model_validator(mode="after")
    def _are_worth_comparing(self) -> RateParams:
        if len(set(self.beside)) < len(self.beside):
            raise ValueError("beside: a judge is named twice")
        if self.repeat and not self.engine.answers_prompts:
            raise ValueError(f"repeat: {self.engine.kind} gives a record the same rating again")
        return self
