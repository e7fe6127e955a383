"""Typed training recipes: one complete experiment a file, under recipes/sft and recipes/grpo.

Fields that TRL also has carry TRL's name and meaning, so that a recipe reads like its documentation. To change an experiment,
edit its file or add one; defaults here are for recipes that leave a field out.
A recipe is validated when params are built, long before a model is loaded. Not yet: schedules of learning rates.
"""

from pathlib import Path
from typing import Any, ClassVar, Literal, Self, TypeVar

from pydantic import Field, ValidationError, field_validator, model_validator

from lake.errors import UserError
from lake.harness.job import Params
from lake.harness.profiles import is_file_name, read_yaml
from lake.settings import shipped

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
    evaluation_items: int = Field(default=200, ge=1, description="held-out items answered after training")
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

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.max_completion_length >= self.max_length:
            raise ValueError(
                f"max_completion_length {self.max_completion_length} must be < max_length {self.max_length}"
            )
        return self


class GrpoRecipe(Recipe):
    """Group-relative policy optimisation from the fine-tuned checkpoint (method, section 4)."""

    ARGUMENTS: ClassVar[tuple[str, ...]] = (
        *Recipe.ARGUMENTS, "num_generations", "steps_per_generation", "num_iterations", "beta", "epsilon", "epsilon_high",
        "temperature", "top_p", "loss_type", "scale_rewards", "multi_objective_aggregation", "mask_truncated_completions",
        "max_completion_length", "use_vllm",
    )  # fmt: skip

    length: int = Field(ge=64, description="tokens the policy can read: prompt and completion together")
    max_prompt_length: int = Field(ge=16, description="longer prompts are dropped and counted")
    num_generations: int = Field(ge=2, description="completions a prompt")
    steps_per_generation: int = Field(default=1, ge=1, description="batches that one rollout is cut into")
    num_iterations: int = Field(default=1, ge=1, description="passes over each rollout")
    beta: float = Field(default=0.01, ge=0, description="weight of the KL term (method, section 4.1)")
    epsilon: float = Field(
        default=0.2, gt=0, lt=1, description="the ratio to the old policy is clipped below 1 - epsilon"
    )
    epsilon_high: float = Field(default=0.3, gt=0, description="and above 1 + epsilon_high (method, section 4.1)")
    temperature: float = Field(default=1.0, gt=0, description="of sampling completions")
    top_p: float = Field(
        default=1.0, gt=0, le=1, description="tokens that together hold this probability are sampled from"
    )
    loss_type: Literal["dapo", "grpo", "dr_grpo", "bnpo"] = Field(
        default="dapo", description="how token losses are averaged, as TRL names it"
    )
    scale_rewards: Literal["group", "batch", "none"] = Field(
        default="group", description="whose standard deviation advantages are divided by"
    )
    multi_objective_aggregation: Literal["sum_then_normalize", "normalize_then_sum"] = Field(
        default="sum_then_normalize", description="whether rewards are normalised before or after they are summed"
    )
    mask_truncated_completions: bool = Field(default=False, description="leave unfinished completions out of the loss")
    use_vllm: bool = Field(default=False, description="generate with vLLM on the training GPU; impossible on a CPU")
    reward_weights: dict[str, float] = Field(
        default={"quality": 0.5, "alignment": 0.4, "coverage": 0.1},
        description="weight of each reward of trainers.rewards in the sum that GRPO maximises (method, section 4.2); "
        "every file in recipes/grpo names its own",
    )

    embedder: str = Field(
        default="teacher",
        min_length=1,
        description="of the rewards that compare texts: teacher, static, a folder or a hub name",
    )
    library_items: int = Field(
        default=1_000,
        ge=50,
        description="the most rated MIXTURE texts that a quality reward learns from; each is compared with each",
    )
    audit: Literal["required", "recorded"] = Field(
        default="required",
        description="required: a reward that fails its audit trains nothing; recorded: it trains and the gate warns",
    )

    most_kl: float = Field(
        default=1.0, gt=0, description="mean KL divergence from the start, in nats a token, from which training stops"
    )
    evaluation_steps: int | None = Field(
        default=None,
        ge=1,
        description="steps between two looks at held-out rewards; training stops where they fall as its own rise; null: none",
    )

    def arguments(self) -> dict[str, Any]:
        """The keyword arguments of TRL's config. The method's KL term has no importance weights, which TRL gives it by default."""
        return super().arguments() | {"use_bias_correction_kl": False}

    @field_validator("reward_weights")
    @classmethod
    def _known_rewards(cls, weights: dict[str, float]) -> dict[str, float]:
        from trainers.rewards import REWARDS

        unknown = sorted(weights.keys() - REWARDS.keys())
        if unknown or not weights:
            raise ValueError(f"{unknown} are not rewards: allowed are {sorted(REWARDS)}, at least one")
        return weights

    @model_validator(mode="after")
    def _rollouts(self) -> Self:
        rollout = self.per_device_train_batch_size * self.steps_per_generation * self.processes
        updates, rest = divmod(self.steps_per_generation * self.num_iterations, self.gradient_accumulation_steps)
        if rollout % self.num_generations:
            raise ValueError(
                f"per_device_train_batch_size x steps_per_generation x processes = {rollout} must be a multiple of "
                f"num_generations {self.num_generations}"
            )
        if rest:
            raise ValueError(
                f"steps_per_generation x num_iterations must be a multiple of "
                f"gradient_accumulation_steps {self.gradient_accumulation_steps}"
            )
        # a checkpoint inside a rollout cannot be resumed: the rollout's buffer and counter are not saved
        if self.save_steps is not None and self.save_steps % updates:
            raise ValueError(f"save_steps {self.save_steps} must be a multiple of the {updates} updates of one rollout")
        if self.max_prompt_length + self.max_completion_length > self.length:
            raise ValueError(
                f"max_prompt_length {self.max_prompt_length} + max_completion_length {self.max_completion_length} "
                f"must be <= length {self.length}"
            )
        return self


AnyRecipe = TypeVar("AnyRecipe", bound=Recipe)


def load(kind: type[AnyRecipe], stage: str, name: str) -> AnyRecipe:
    """The recipe `name` of a stage (`sft` or `grpo`), one of ours or a file; UserError if there is none or a value is not allowed."""
    folder = shipped("recipes") / stage
    names = sorted(file.stem for file in folder.glob("*.yaml"))
    path = Path(name) if is_file_name(name) else folder / f"{name}.yaml"
    if not path.is_file():
        raise UserError(
            f"recipe: there is no {stage} recipe {name!r}; there are {', '.join(names)}, or a file beside the profile, "
            "such as mine.yaml."
        )
    return parse(kind, {"name": path.stem, **read_yaml(path, f"{stage} recipe {path.stem!r}")})


def parse(kind: type[AnyRecipe], fields: dict[str, Any]) -> AnyRecipe:
    """`fields` as a recipe; UserError naming each wrong field, its value and what is allowed."""
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        wrong = "; ".join(_sentence(fault, kind) for fault in error.errors())
        raise UserError(f"recipe {fields.get('name', 'without a name')!r}: {wrong}.") from error


def _sentence(fault: Any, kind: type[Recipe]) -> str:
    place = ".".join(map(str, fault["loc"]))
    if fault["type"] == "extra_forbidden" and len(fault["loc"]) == 1:
        return f"there is no field {place} (value {fault['input']!r}): there are {', '.join(kind.model_fields)}"
    if fault["type"] == "missing":
        return f"{place} must be given"
    message = str(fault["msg"]).removeprefix("Value error, ")
    return f"{place} = {fault['input']!r}: {message}" if place else message
