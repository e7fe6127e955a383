"""The recipe of GRPO: its fields carry TRL's names and meaning where TRL has them."""

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from trainers.recipes import Recipe


class GrpoRecipe(Recipe):
    """Group-relative policy optimisation from the fine-tuned checkpoint (method, section 4)."""

    ARGUMENTS: ClassVar[tuple[str, ...]] = (
        *Recipe.ARGUMENTS, "num_generations", "steps_per_generation", "num_iterations", "beta", "epsilon", "epsilon_high",
        "temperature", "top_p", "loss_type", "scale_rewards", "multi_objective_aggregation", "mask_truncated_completions",
        "max_completion_length", "use_vllm", "delta",
    )  # fmt: skip
    ARGUMENTS_OF_VLLM: ClassVar[tuple[str, ...]] = (
        "vllm_gpu_memory_utilization", "vllm_enable_sleep_mode", "vllm_importance_sampling_correction", "vllm_importance_sampling_mode",
        "vllm_importance_sampling_clip_min", "vllm_importance_sampling_clip_max",
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
    delta: float | None = Field(
        default=None,
        gt=0,
        description="where the advantage is negative, a ratio above it counts as it: dual clipping (method, section 4.1); null: none",
    )
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
    vllm_gpu_memory_utilization: float = Field(
        default=0.3, gt=0, le=1, description="share of the GPU's memory that vLLM takes beside the training"
    )
    vllm_enable_sleep_mode: bool = Field(
        default=False, description="vLLM gives that memory back while weights are updated, and takes time to wake up"
    )
    vllm_importance_sampling_correction: bool = Field(
        default=True, description="whether the loss weighs how vLLM's probabilities differ from the trainer's"
    )
    vllm_importance_sampling_mode: Literal["token_truncate", "token_mask", "sequence_truncate", "sequence_mask"] = (
        Field(
            default="sequence_mask",
            description="by token or by completion; ratios beyond the bounds are cut to them, or left out of the loss",
        )
    )
    vllm_importance_sampling_clip_min: float | None = Field(
        default=None, ge=0, description="lower bound of such a ratio; null: none"
    )
    vllm_importance_sampling_clip_max: float | None = Field(
        default=3.0, gt=0, description="upper bound of such a ratio; null: none"
    )
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
        """The keyword arguments of TRL's config. The method's KL term has no importance weights, which TRL gives it by default.

        vLLM has room for what the policy can read, and no more.
        """
        given = super().arguments() | {"use_bias_correction_kl": False}
        of_vllm = self.model_dump(include=set(self.ARGUMENTS_OF_VLLM)) | {"vllm_max_model_length": self.length}
        return given | (of_vllm if self.use_vllm else {})

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
        if self.evaluation_steps and not self.evaluation_items:
            raise ValueError("evaluation_steps asks for held-out rewards, and evaluation_items 0 for none")
        if self.delta is not None and self.delta <= 1 + self.epsilon_high:
            raise ValueError(f"delta {self.delta} must be > 1 + epsilon_high = {1 + self.epsilon_high}")
        if self.max_prompt_length + self.max_completion_length > self.length:
            raise ValueError(
                f"max_prompt_length {self.max_prompt_length} + max_completion_length {self.max_completion_length} "
                f"must be <= length {self.length}"
            )
        return self
