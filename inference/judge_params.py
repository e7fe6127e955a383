"""What silver/ratings may be told: who judges, and how much of a record it is shown."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import Field, model_validator

from inference.text_engines import EngineParams
from lake.harness.job import Params
from lake.harness.new_rows import NewRows
from lake.ids import sha256_file
from lake.storage.store import Lake

JudgeKind = Literal["rules", "vllm", "openai_api", "scripted", "perplexity", "difficulty", "file"]
ItemType = Literal["qa", "code", "chat", "tools"]
RecordKey = Literal["id", "raw_id", "source", "original_id", "prompt", "answer"]
_RECORDS = "silver/unique_instructions"
_BETTER: dict[str, Literal["low", "high"]] = {"perplexity": "low", "difficulty": "high"}  # as published


class JudgeParams(EngineParams):
    """An engine that answers a rating's prompt, a model whose losses are the judge, or a file of ratings."""

    kind: JudgeKind = Field(  # pyright: ignore[reportIncompatibleVariableOverride] - frozen, so it may be wider
        default="rules",
        description="rules (no weights), vllm, openai_api, perplexity or difficulty (a model's losses), file, or scripted (tests)",
    )
    tokens: int = Field(
        default=256,
        ge=32,
        le=8_192,
        description="perplexity, difficulty: at most read; half of them of the prompt's end, half of the answer's beginning",
    )
    better: Literal["low", "high"] | None = Field(
        default=None,
        description="with cuts: the end of the figure that is rated 10; null: low for perplexity, else high",
    )
    cuts: tuple[float, ...] = Field(
        default=(),
        description="perplexity, difficulty, file: the nine figures, ascending, that part the ratings 1 to 10",
    )
    cuts_of: dict[ItemType, tuple[float, ...]] = Field(
        default={},
        description="perplexity, difficulty: nine figures in place of cuts for one item type, such as code, which models expect far better than prose",
    )
    path: str = Field(
        default="", description="file: CSV, TSV, JSON Lines (each also packed) or Parquet, by its absolute path"
    )
    column: str = Field(default="rating", min_length=1, description="file: the column that holds the figure")
    by: tuple[RecordKey, ...] = Field(
        default=("id",), min_length=1, description="file: the columns, called as in silver, that name a record together"
    )
    scale: tuple[float, float] | None = Field(
        default=None,
        description="file: the figures that are rated 1 and 10, in place of cuts; those between are rounded",
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
    def loads_no_model(self) -> bool:
        """Whether the judge rates in the run's own process."""
        return self.kind in ("rules", "file")

    @property
    def better_end(self) -> Literal["low", "high"]:
        """The end of the figure that is rated 10."""
        return self.better or _BETTER.get(self.kind, "high")

    def overall(self, figure: float, item_type: str | None = None) -> int | None:
        """1..10 for a finite figure: by the cut points, 10 where it is better than all of them, or by the scale, None beyond its ends."""
        if self.scale is None:
            above = bisect_right(self.cuts_of.get(cast(ItemType, item_type), self.cuts), figure)
            return 10 - above if self.better_end == "low" else above + 1
        worst, best = self.scale
        share = (figure - worst) / (best - worst)
        return round(1 + 9 * share) if 0 <= share <= 1 else None

    @model_validator(mode="after")
    def _figures_become_ratings(self) -> JudgeParams:
        for cuts in (*([self.cuts] if self.cuts else []), *self.cuts_of.values()):
            if len(cuts) != 9 or list(cuts) != sorted(set(cuts)):
                raise ValueError("cuts are nine figures, each above the one before")
        if self.by_losses and not self.cuts:
            raise ValueError(f"{self.kind} needs cuts: the nine figures that part the ratings 1 to 10")
        if self.kind == "file":
            self._check_file()
        elif self.scale:
            raise ValueError("scale: only figures of a file are rated by one")
        return self

    def _check_file(self) -> None:
        if not Path(self.path).is_absolute():
            raise ValueError(f"path is {self.path!r}: a file of ratings is named by its absolute path")
        if bool(self.cuts) == (self.scale is not None):
            raise ValueError("file needs cuts or a scale, and not both: what its figures mean as ratings 1 to 10")
        if self.scale and self.scale[0] == self.scale[1]:
            raise ValueError("scale: two different figures")


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
        description="records of a delivery that further judges, or the judge once more, rate; of a smaller one its share of those of the lake",
    )
    sample: int | None = Field(
        default=None,
        ge=400,
        description="records that the judge rates itself, where there are more; the others' ratings are predicted; null: all",
    )
    uncertain: float = Field(
        default=0.0,
        ge=0.0,
        le=0.6,
        description="share of the sample that is kept for records of which a predictor of the rest is least certain",
    )
    batch_size: int = Field(default=512, ge=1, le=100_000, description="records in one shard: what a kill may repeat")
    max_chars: int = Field(default=8_000, ge=100, description="the judge sees a longer record only up to here")
    max_tokens: int = Field(default=64, ge=32, le=4_096, description="of the judge's answer")
    temperature: float = Field(default=0.0, ge=0.0, le=2.0, description="of sampling a rating; 0: greedy")
    seed: int = Field(default=7, description="of sampling, and part of each request's id")

    @property
    def loads_no_model(self) -> bool:
        """Rules and files need no process of their own; what predicts from a sample may have to make an embedder first."""
        return self.sample is None and all(judge.loads_no_model for judge in (self.engine, *self.beside))

    def opens_no_model(self, lake: Lake, new: NewRows | None) -> bool:
        """Whether only judges beside are models, and none of the new records is for them."""
        from inference.beside import SECOND, compared  # imports us

        if self.loads_no_model or new is None or self.sample is not None or not self.engine.loads_no_model:
            return self.loads_no_model
        records = lake.files_dataset(_RECORDS, new.files[_RECORDS])
        return not compared(records, lake.dataset(SECOND, new.before[SECOND]), self)

    def fingerprint(self) -> dict[str, Any]:
        """The params, and the content of every file of ratings; of one that is not there none."""
        paths = [Path(judge.path) for judge in (self.engine, *self.beside) if judge.kind == "file"]
        return super().fingerprint() | {"files": [sha256_file(path) if path.is_file() else None for path in paths]}

    def asks(self, rows: Callable[[str], int]) -> str:
        """How many records each judge that is a model is asked about at most: a cache or a published predictor may answer."""
        records = rows("silver/unique_instructions")
        again = [self.engine] if self.repeat else []
        compared = [(judge, self.compared) for judge in (*self.beside, *again)]
        asked = [(self.engine, records if self.sample is None else self.sample), *compared]
        models = [f"{judge.kind} about {min(number, records):,}" for judge, number in asked if not judge.loads_no_model]
        return f"asks {', '.join(models)} of {records:,} records at most" if models and records else ""

    @property
    def names_beside(self) -> tuple[str, ...]:
        """What each judge beside is called: its kind, with a number where there are several of it."""
        kinds = [judge.kind for judge in self.beside]
        before = [kinds[:place].count(kind) for place, kind in enumerate(kinds)]
        return tuple(f"{kind}_{count + 1}" if count else kind for kind, count in zip(kinds, before, strict=True))

    @model_validator(mode="after")
    def _are_worth_comparing(self) -> RateParams:
        if any(judge in self.beside[:place] for place, judge in enumerate(self.beside)):
            raise ValueError("beside: a judge is named twice")
        if self.repeat and not self.engine.answers_prompts:
            raise ValueError(f"repeat: {self.engine.kind} gives a record the same rating again: say repeat: false")
        return self
