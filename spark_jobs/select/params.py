"""What may be set about the training set."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from lake.harness.job import Params
from spark_jobs.columnar.contamination import COVERAGE
from texts.embed.embedder import DEFAULT
from texts.licences import CLASSES

Share = Annotated[float, Field(ge=0, le=1)]


class SelectParams(Params):
    """How many examples, in which mix, in which order they are taken, and what may never be among them."""

    budget: int = Field(default=10_000, ge=1, description="most examples, or tokens, of the training set")
    unit: Literal["rows", "tokens"] = Field(
        default="rows", description="what the budget counts; a token is four bytes of prompt and answer"
    )
    distilled_share: float = Field(
        default=0.5, ge=0, le=1, description="share of distilled items; a shortfall is filled by the other side"
    )
    order: Literal["coverage", "long_tail"] = Field(
        default="coverage",
        description="what is taken first: what covers most beside the others, or, as published, what is rare",
    )
    quality_floor: float = Field(
        default=4.0,
        ge=0,
        le=5,
        description="least score, 0..5, of an original; a distilled item had to be worth more than its members",
    )
    source_share: float = Field(default=1.0, gt=0, le=1, description="most of the budget that any one source may fill")
    licence_shares: dict[str, Share] = Field(
        default={}, description="most of the budget for a licence class, by its name; classes not named have no quota"
    )
    contamination_coverage: float = Field(
        default=COVERAGE, gt=0, lt=1, description="an item holding more of a benchmark item's own words is blocked"
    )
    language_confidence: float = Field(
        default=0.8,
        ge=0,
        le=1,
        description="how sure it must be that a distilled item is in another language than its members",
    )
    validation_share: float = Field(
        default=0.05, ge=0, lt=1, description="share of the examples set aside for validation"
    )
    rows_per_cell: int = Field(
        default=800, ge=10, le=5_000, description="rows that are compared with one another, on average"
    )
    embedder: str = Field(default=DEFAULT, min_length=1, description="the embedder whose vectors are compared")

    @field_validator("licence_shares")
    @classmethod
    def _names_classes(cls, shares: dict[str, float]) -> dict[str, float]:
        for name in shares:
            if name in CLASSES:
                raise ValueError(f"{name} is of the class {CLASSES[name]}: name the class")
            if name == name.lower() and name not in CLASSES.values():
                raise ValueError(
                    f"there is no licence class {name!r}: there are {', '.join(sorted(set(CLASSES.values())))}, and every other SPDX id"
                )
        return shares
