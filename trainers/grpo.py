"""GRPO of the distiller on MIXTURE's grpo split, from the fine-tuned checkpoint (method, section 4); TRL does the arithmetic.

- Reward: R = sum of weight x reward over the recipe's `reward_weights` (section 4.2), which stand in recipes/grpo/*.yaml.
- The reward is audited first (trainers.audits): one that prefers falsified or padded answers trains nothing, and neither does one whose judge of
  quality foretells held-out ratings no better than a constant (trainers.rewards.quality_judge).
- Advantage: (R - mean) / std over the completions of one prompt, the same for all of a completion's tokens (section 4.1).
- It ends before its last step where a rule of trainers.stop_rules is broken; the row then says which.
- Loss: PPO's clipped ratio, with `epsilon` below and `epsilon_high` above, and with `delta` where the advantage is negative (dual clipping), plus
  `beta` times the KL divergence from the fine-tuned checkpoint (section 4.1).

A run that was killed goes on from its newest checkpoint, which always lies between two rollouts (trainers.resume), to the same weights, bit
for bit on the same machine. It may run in several processes (trainers.ranks).
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.dataset as ds
from pydantic import Field, field_validator

from lake.errors import StageFailed
from lake.harness.environment import prepare
from lake.harness.job import ArrowInputs, ArrowRows, JobContext, Params
from lake.storage.artifacts import at_hand
from lake.tables import TABLES
from trainers.grpo_recipe import GrpoRecipe
from trainers.recipe_files import load, parse

if TYPE_CHECKING:
    from trainers.rewards import Basis, Learned
    from trainers.stop_rules import Watch
    from trainers.trl_setup import Trained

_AUDITED = 25  # honest answers that the reward is audited on: some four hundred pairs
_FIGURES = (
    "steps",
    "train_rows",
    "dropped_rows",
    "reward",
    "reward_before",
    "kl",
    "frac_reward_zero_std",
    "entropy",
    "clipped_ratio",
    "format_rate",
    "weight_change",
)


class GrpoParams(Params):
    """The recipe, given by name or in full, and the seed."""

    recipe: GrpoRecipe = Field(  # pyright: ignore[reportAssignmentType]
        default="demo",
        validate_default=True,
        description="cpu, demo, gpu, gpu-embedded, paper, a YAML file beside the profile, or all fields",
    )
    seed: int = Field(default=7, description="of the order of prompts and of sampling")

    @field_validator("recipe", mode="before")
    @classmethod
    def _by_name(cls, recipe: Any) -> Any:
        if isinstance(recipe, str):
            return load(GrpoRecipe, "grpo", recipe)
        return parse(GrpoRecipe, dict(recipe)) if isinstance(recipe, Mapping) else recipe


def distiller(inputs: ArrowInputs, params: GrpoParams, context: JobContext) -> ArrowRows:
    """One row of models/distiller_grpo: the checkpoint, its rewards on held-out items before and after, how far it moved.

    reward, reward_before: mean weighted rewards of the answers to the same held-out items, if the recipe asks for any. The checkpoint lies in the run's
    artifacts.
    """
    from trainers.rewards import Basis

    recipe, mixture = params.recipe, inputs["gold/mixture"]
    basis = Basis(mixture, recipe.embedder, recipe.library_items)
    _ = basis.opened  # before this process stops asking hubs
    prepare(offline=True)
    from trainers import checkpoint
    from trainers.ranks import alone, in_ranks
    from trainers.trl_setup import logged_curves, mean_of

    here = alone(recipe.processes)
    proof = _proof(recipe, basis)
    start = inputs["models/distiller_sft"].to_table(columns=["uri", "digest"]).to_pylist()[0]
    base = at_hand(context.lake, start["uri"])
    before, _ = _answering(base, basis, params)
    if here:
        trained = _trained(base, params, basis, context)
    else:
        work = partial(_as_rank, base, params, basis.taught(recipe.reward_weights))
        trained = in_ranks(recipe.processes, work, mixture, context)
    after, format_rate = _answering(str(trained.folder), basis, params)
    points = logged_curves(trained.history, _curves(recipe))
    row: dict[str, Any] = {
        "digest": trained.digest, "recipe": recipe.name, "uri": context.named(trained.folder), "base": start["digest"],
        "steps": trained.steps, "train_rows": trained.rows, "dropped_rows": trained.dropped,
        "max_tokens": recipe.max_completion_length, "frequency_penalty": recipe.frequency_penalty, "reward": after, "reward_before": before,
        "kl": mean_of(points, "kl"), "frac_reward_zero_std": mean_of(points, "frac_reward_zero_std"),
        "entropy": mean_of(points, "entropy"), "clipped_ratio": mean_of(points, "completions/clipped_ratio"), "stopped": trained.stopped,
        "format_rate": format_rate, "weight_change": checkpoint.weight_change(Path(base), trained.folder), "curve": points,
    }  # fmt: skip
    row |= proof
    context.metrics.update({name: float(row[name]) for name in _FIGURES if row[name] is not None})
    spread = [name for name in _curves(recipe) if name.startswith("rewards/")]
    context.metrics.update({name: mean_of(points, name) for name in (*spread, "completions/mean_length")})
    yield "models/distiller_grpo", pa.Table.from_pylist([row], schema=TABLES["models/distiller_grpo"].schema)


def _as_rank(base: str, params: GrpoParams, learned: "Learned", mixture: ds.Dataset, context: JobContext) -> "Trained":
    from trainers.rewards import Basis

    return _trained(base, params, Basis(mixture, params.recipe.embedder, params.recipe.library_items, learned), context)


def _trained(base: str, params: GrpoParams, basis: "Basis", context: JobContext) -> "Trained":
    from trainers.trl_setup import kept, train

    trainer, rows, dropped = _trainer(base, basis, params, context)
    watch = _watch(trainer, basis, params)
    train(trainer, params.recipe, context)
    # in single precision: bfloat16 would round most of so small a change away
    return kept(trainer, context, rows, dropped, stopped=watch.reason)


def _proof(recipe: GrpoRecipe, basis: "Basis") -> dict[str, Any]:
    """What is known of the reward before it trains anything: its judge of quality and its audit. StageFailed where either is not good enough."""
    from texts.audit import weakest
    from trainers.audits import audited, reward, told, without_cosine

    judge = basis.judge if "quality" in recipe.reward_weights else None
    found = audited(reward(without_cosine(recipe.reward_weights), basis), basis.mixture, _AUDITED)
    worst = weakest(found)
    if worst and worst.failed and recipe.audit == "required":
        raise StageFailed(f"the reward of recipe {recipe.name} does not pass its audit: {worst.told}")
    proof = {"quality_judge": judge.name, "quality_skill": judge.skill, "quality_low": judge.low} if judge else {}
    return proof | told(found)


def _trainer(start: str, basis: "Basis", params: GrpoParams, context: JobContext) -> tuple[Any, int, int]:
    """The trainer, and how many rows it is given and how many are too long."""
    from transformers import AutoConfig, AutoTokenizer
    from trl.trainer.grpo_config import GRPOConfig

    from trainers.checkpoint import frozen_dtype
    from trainers.dataset import conversations, tokens
    from trainers.trl_setup import leave_vllm_out, lora_config, shared_arguments

    recipe = params.recipe
    if not recipe.use_vllm:
        leave_vllm_out()
    from trainers.grpo_trainer import Grpo, trl_reward

    tokenizer = AutoTokenizer.from_pretrained(start)
    rows, dropped = conversations(
        basis.mixture, "grpo", lambda row: tokens(tokenizer, row["prompt"], True) <= recipe.max_prompt_length
    )
    trainer = Grpo(
        frequency_penalty=recipe.frequency_penalty,
        model=start,
        reward_funcs=[trl_reward(name, basis) for name in recipe.reward_weights],
        args=GRPOConfig(
            **shared_arguments(recipe, params.seed, context),
            reward_weights=list(recipe.reward_weights.values()),
            model_init_kwargs={"dtype": frozen_dtype(recipe.lora)},
        ),
        train_dataset=rows.remove_columns("completion"),  # GRPO samples its own
        processing_class=tokenizer,
        peft_config=lora_config(recipe.lora, AutoConfig.from_pretrained(start).num_hidden_layers),
    )
    return trainer, len(rows), dropped


def _watch(trainer: Any, basis: "Basis", params: GrpoParams) -> "Watch":
    """What ends the training early, put into its trainer."""
    from trainers.stop_rules import Watch

    def heldout(model: Any) -> float:
        reward, _ = _heldout_figures(model, trainer.processing_class, basis, params)
        model.train()
        return reward

    recipe = params.recipe
    quality = next((name for name in ("quality", "published_quality") if name in recipe.reward_weights), None)
    watch = Watch(recipe.most_kl, quality, recipe.evaluation_steps, heldout)
    trainer.add_callback(watch)
    return watch


def _answering(folder: str, basis: "Basis", params: GrpoParams) -> tuple[float | None, float | None]:
    """The figures of a checkpoint on held-out items; None where the recipe asks for none."""
    from trainers import checkpoint

    recipe = params.recipe
    if not recipe.evaluation_items:
        return None, None
    return _heldout_figures(*checkpoint.load(folder, checkpoint.frozen_dtype(recipe.lora)), basis, params)


def _heldout_figures(model: Any, tokenizer: Any, basis: "Basis", params: GrpoParams) -> tuple[float, float]:
    """The mean weighted reward and the format rate of the answers to the held-out items that fit."""
    from trainers.dataset import conversations, tokens
    from trainers.generation import Decoding, format_rate, written_answers
    from trainers.rewards import REWARDS

    recipe = params.recipe
    rows, _ = conversations(
        basis.mixture,
        "heldout",
        lambda row: tokens(tokenizer, row["prompt"], True) <= recipe.max_prompt_length,
        recipe.evaluation_items,
    )
    decoding = Decoding(recipe.max_completion_length, frequency_penalty=recipe.frequency_penalty)
    answers = written_answers(model, tokenizer, rows["prompt"], decoding)
    columns = {name: rows[name] for name in ("item_type", "members", "target")}
    reward = sum(
        weight * fmean(REWARDS[name](answers, columns, basis)) for name, weight in recipe.reward_weights.items()
    )
    return reward, format_rate(answers, rows["item_type"])


def _curves(recipe: GrpoRecipe) -> tuple[str, ...]:
    from trainers.rewards.cheats import CHEATS, PREFIX
    from trainers.stop_rules import EVIDENCE, HELDOUT

    rewards = tuple(f"rewards/{name}/{figure}" for name in recipe.reward_weights for figure in ("mean", "std"))
    lengths = ("completions/mean_length", "completions/clipped_ratio")
    policy = ("kl", "entropy", "clip_ratio/region_mean", "learning_rate")
    cheats = tuple(f"{PREFIX}{way}" for way in CHEATS)
    return (
        "loss",
        "reward",
        "reward_std",
        "frac_reward_zero_std",
        EVIDENCE,
        HELDOUT,
        *policy,
        *rewards,
        *lengths,
        *cheats,
    )
