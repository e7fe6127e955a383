"""Supervised fine-tuning of the distiller on MIXTURE's sft split: the cold start of LM-Mixup (method, section 3).

The loss is the cross-entropy of the answer given the group, -sum_t log p(y_t | y_<t, X) (method, section 1). Unlike the reference
code, every answer ends with the end-of-turn token inside the loss, so that stopping is learned, and rows that are too long are
dropped whole rather than cut.
A run that was killed goes on from its newest checkpoint (trainers.resume) to the same weights, bit for bit on the same machine; with a
time limit the number of steps depends on the machine's speed, and so do they. It may run in several processes (trainers.ranks).
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.dataset as ds
from pydantic import Field, field_validator

from lake.errors import StageFailed
from lake.harness.environment import prepare
from lake.harness.job import ArrowInputs, ArrowRows, JobContext, Params
from lake.ids import sha256_folder
from lake.models.embedded import ALIAS, NAME
from lake.models.named import model_folder
from lake.tables import TABLES
from trainers.recipe_files import load, parse
from trainers.recipes import SftRecipe

if TYPE_CHECKING:
    from trainers.trl_setup import Trained


class SftParams(Params):
    """The recipe, given by name or in full, and the seed."""

    recipe: SftRecipe = Field(  # pyright: ignore[reportAssignmentType]
        default="demo",
        validate_default=True,
        description="cpu, demo, gpu, gpu-embedded, paper, a YAML file beside the profile, or all fields",
    )
    seed: int = Field(default=7, description="of adapters and of the order of rows")

    @field_validator("recipe", mode="before")
    @classmethod
    def _by_name(cls, recipe: Any) -> Any:
        if isinstance(recipe, str):
            return load(SftRecipe, "sft", recipe)
        return parse(SftRecipe, dict(recipe)) if isinstance(recipe, Mapping) else recipe


def distiller(inputs: ArrowInputs, params: SftParams, context: JobContext) -> ArrowRows:
    """One row of models/distiller_sft: the checkpoint, what it was trained on and how often its answers are well formed.

    The checkpoint lies in the run's artifacts. StageFailed if a row's loss mask hides the end of its answer.
    """
    recipe, mixture = params.recipe, inputs["gold/mixture"]
    base = model_folder(recipe.base)  # before this process stops asking hubs
    prepare(offline=True)
    from trainers.ranks import alone, in_ranks
    from trainers.trl_setup import logged_curves, mean_of

    work = partial(_trained, str(base), params)
    if context.unfinished:  # under a hub's name there may be another model by now
        context = replace(context, unfinished=context.unfinished.inside(sha256_folder(base)[:16]))
    trained: Trained = (
        work(mixture, context) if alone(recipe.processes) else in_ranks(recipe.processes, work, mixture, context)
    )
    points = logged_curves(trained.history, ("loss", "grad_norm", "learning_rate"))
    row: dict[str, Any] = {
        "digest": trained.digest, "uri": context.named(trained.folder),
        "recipe": recipe.name, "base": NAME if recipe.base == ALIAS else recipe.base,
        "steps": trained.steps, "train_rows": trained.rows, "dropped_rows": trained.dropped,
        "max_tokens": recipe.max_completion_length, "frequency_penalty": recipe.frequency_penalty,
        "loss": mean_of([point for point in points if point["name"] == "loss"][-5:], "loss"),
        "format_rate": _format_rate(trained.folder, mixture, recipe), "curve": points,
    }  # fmt: skip
    figures = ("steps", "train_rows", "dropped_rows", "loss", "format_rate")
    context.metrics.update({name: float(row[name]) for name in figures if row[name] is not None})
    yield "models/distiller_sft", pa.Table.from_pylist([row], schema=TABLES["models/distiller_sft"].schema)


def _trained(base: str, params: SftParams, mixture: ds.Dataset, context: JobContext) -> "Trained":
    from trainers import checkpoint
    from trainers.dataset import conversations
    from trainers.trl_setup import kept, train

    recipe, dtype = params.recipe, checkpoint.frozen_dtype(params.recipe.lora)
    model, tokenizer = checkpoint.load(base, dtype)
    rows, dropped = conversations(mixture, "sft", lambda row: _fits(tokenizer, row, recipe), reasoning=recipe.reasoning)
    trainer = _trainer(model, tokenizer, rows, params, context)
    train(trainer, recipe, context)
    return kept(trainer, context, len(rows), dropped, dtype)


def _fits(tokenizer: Any, row: Mapping[str, Any], recipe: SftRecipe) -> bool:
    """Whether the row can be read whole and its answer written whole: a longer answer would teach never to end."""
    from trainers.dataset import tokens

    length = tokens(tokenizer, [*row["prompt"], *row["completion"]], False)
    return (
        length <= recipe.max_length and length - tokens(tokenizer, row["prompt"], True) <= recipe.max_completion_length
    )


def _trainer(model: Any, tokenizer: Any, rows: Any, params: SftParams, context: JobContext) -> Any:
    from trl.trainer.sft_config import SFTConfig

    from trainers.dataset import share_that_stops
    from trainers.sft_trainer import LengthGroupedSft
    from trainers.trl_setup import lora_config, shared_arguments

    recipe = params.recipe
    trainer = LengthGroupedSft(
        model=model,
        args=SFTConfig(
            **shared_arguments(recipe, params.seed, context),
            max_length=recipe.max_length,
            completion_only_loss=True,
            packing=recipe.packing,
        ),
        train_dataset=rows.select_columns(["prompt", "completion"]),
        processing_class=tokenizer,
        peft_config=lora_config(recipe.lora, model.config.num_hidden_layers),
    )
    stops = context.metrics["eos_in_mask"] = share_that_stops(trainer.given, tokenizer)
    if stops < 1:
        raise StageFailed(
            f"{1 - stops:.1%} of the rows do not teach an answer's end: their loss mask hides {tokenizer.eos_token!r}"
        )
    return trainer


def _format_rate(folder: Path, mixture: ds.Dataset, recipe: SftRecipe) -> float | None:
    """Of the checkpoint's answers to the held-out items that fit; None where the recipe asks for none."""
    from trainers import checkpoint
    from trainers.dataset import conversations, tokens
    from trainers.generation import Decoding, format_rate, written_answers

    if not recipe.evaluation_items:
        return None
    model, tokenizer = checkpoint.load(str(folder), checkpoint.frozen_dtype(recipe.lora))
    room = recipe.max_length - recipe.max_completion_length
    rows, _ = conversations(
        mixture, "heldout", lambda row: tokens(tokenizer, row["prompt"], True) <= room, recipe.evaluation_items
    )
    decoding = Decoding(recipe.max_completion_length, frequency_penalty=recipe.frequency_penalty)
    return format_rate(written_answers(model, tokenizer, rows["prompt"], decoding), rows["item_type"])
