"""Typed training recipes: one complete experiment a file, under recipes/sft and recipes/grpo.

Fields that TRL also has carry TRL's name and meaning, so that a recipe reads like its documentation. To change an experiment,
edit its file or add one; defaults here are for recipes that leave a field out. That of GRPO is in trainers.grpo_recipe.
A recipe is validated when params are built, long before a model is loaded; trainers.recipe_files reads it.
"""

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from lake.harness.job import Params

_HEAD = "lm_head"


class Lora(Params):
    """Low-rank adapters; merged into the weights before the checkpoint is saved."""

    rank: int = Field(ge=1, description="rank of each adapter")
    alpha: int = Field(ge=1, description="adapters are scaled by alpha / rank")
    dropout: float = Field(default=0.0, ge=0, lt=1, description="share of an adapter's inputs dropped in training")
    modules: tuple[str, ...] = Field(
        default=("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"),
        description="names of the layers that carry an adapter",
    )
    last_blocks: int | None = Field(
        default=None, ge=1, description="adapters in so many of the last blocks, where backward then ends; null: in all"
    )

    @field_validator("modules")
    @classmethod
    def _no_head(cls, modules: tuple[str, ...]) -> tuple[str, ...]:
        if _HEAD in modules:
            raise ValueError(f"{_HEAD} cannot carry an adapter: TRL fuses it into the loss")
        return modules


class Recipe(Params):
    """What both stages of training share; `ARGUMENTS` are handed to TRL under the same name."""

    ARGUMENTS: ClassVar[tuple[str, ...]] = (
        "learning_rate", "weight_decay", "adam_beta2", "max_grad_norm", "lr_scheduler_type", "warmup_steps", "num_train_epochs", "max_steps",
        "per_device_train_batch_size", "gradient_accumulation_steps", "gradient_checkpointing", "bf16", "logging_steps",
    )  # fmt: skip

    name: str = Field(description="what the checkpoint's row calls it; of a file: its name")
    learning_rate: float = Field(gt=0, le=0.1, description="of AdamW, at its highest")
    weight_decay: float = Field(default=0.01, ge=0, description="of AdamW")
    adam_beta2: float = Field(default=0.999, gt=0, lt=1, description="decay of AdamW's second moment")
    max_grad_norm: float = Field(default=1.0, gt=0, description="longer gradients are cut to this norm")
    lr_scheduler_type: Literal["constant", "constant_with_warmup", "linear", "cosine"] = Field(
        default="linear", description="how the learning rate goes over the steps"
    )
    warmup_steps: float = Field(default=0, ge=0, description="below 1: a share of all steps")
    num_train_epochs: float = Field(default=1, gt=0, description="passes over the rows, unless max_steps is given")
    max_steps: int = Field(default=-1, ge=-1, description="-1: as many as the epochs need")
    time_limit_s: float | None = Field(default=None, gt=0, description="training stops after the step that passes it")
    per_device_train_batch_size: int = Field(ge=1, description="rows (GRPO: completions) in memory at once")
    gradient_accumulation_steps: int = Field(default=1, ge=1, description="batches an update")
    processes: int = Field(default=1, ge=1, le=64, description="that train together, each on a GPU of its own")
    gradient_checkpointing: bool = Field(default=False, description="recompute activations: less memory, more time")
    bf16: bool = Field(default=True, description="compute in bfloat16")
    lora: Lora | None = Field(default=None, description="train adapters; null: all weights")
    logging_steps: int = Field(default=10, ge=1, description="steps between two points of the curve")
    save_steps: int | None = Field(
        default=None, ge=1, description="after so many a killed training goes on; null: it begins anew"
    )
    evaluation_items: int = Field(
        default=200,
        ge=0,
        description="held-out items answered after training; 0: none, gold/heldout_answers has all of them answered",
    )
    frequency_penalty: float = Field(
        default=0.0,
        ge=0,
        le=2,
        description="on tokens an answer holds already, as vLLM has it: in evaluation and in GRPO; stages that serve have the same",
    )
    max_completion_length: int = Field(
        ge=16,
        description="tokens an answer may take: in training, in evaluation, and as max_tokens of stages that serve",
    )

    def arguments(self) -> dict[str, Any]:
        """The keyword arguments of TRL's config."""
        return self.model_dump(include=set(self.ARGUMENTS))

    @model_validator(mode="after")
    def _whole_points(self) -> Self:
        if self.save_steps is not None and self.save_steps % self.logging_steps:
            raise ValueError(
                f"save_steps {self.save_steps} must be a multiple of logging_steps {self.logging_steps}: a point of the curve is the mean of "
                "the steps before it"
            )
        return self


class SftRecipe(Recipe):
    """Supervised fine-tuning: the method's cold start (section 3)."""

    base: str = Field(min_length=1, description="a chat model: embedded, a folder or a hub name")
    max_length: int = Field(ge=64, description="tokens of prompt and answer; longer rows are dropped and counted")
    reasoning: bool = Field(default=False, description="teach the reasoning of each MIXTURE item before its answer")
    packing: bool = Field(
        default=False,
        description="rows one behind the other in one of max_length, none of which sees another: fewer batches, no padding",
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.max_completion_length >= self.max_length:
            raise ValueError(
                f"max_completion_length {self.max_completion_length} must be < max_length {self.max_length}"
            )
        return self
