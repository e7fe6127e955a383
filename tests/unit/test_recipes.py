"""Recipes are refused before any model is loaded, and the sentence names field, value and what is allowed."""

import subprocess
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from lake.errors import UserError
from lake.harness.profiles import load_profile
from lake.settings import project_folder
from lake.stages import STAGES
from trainers.grpo import GrpoParams
from trainers.grpo_recipe import GrpoRecipe
from trainers.recipe_files import load, parse
from trainers.recipes import Recipe, SftRecipe
from trainers.sft import SftParams

GRPO: dict[str, Any] = {
    "name": "toy", "learning_rate": 1e-6, "per_device_train_batch_size": 8, "length": 512, "max_prompt_length": 256,
    "max_completion_length": 128, "num_generations": 4, "logging_steps": 1,
}  # fmt: skip
SFT: dict[str, Any] = {
    "name": "toy", "base": "Qwen/Qwen2.5-1.5B-Instruct", "learning_rate": 1e-5, "per_device_train_batch_size": 1,
    "max_length": 512, "max_completion_length": 128,
}  # fmt: skip


@pytest.mark.parametrize("name", ["cpu", "demo", "gpu", "gpu-embedded", "paper"])
def test_the_recipes_that_are_shipped_are_valid_and_survive_a_round_trip(name: str) -> None:
    for params in (SftParams(recipe=name), GrpoParams(recipe=name)):  # type: ignore[arg-type]
        assert params.recipe.name == name
        assert type(params).model_validate(params.model_dump(mode="json")) == params


def test_the_paper_recipe_makes_the_published_rollouts() -> None:
    recipe = load(GrpoRecipe, "grpo", "paper")
    completions = recipe.per_device_train_batch_size * recipe.steps_per_generation
    samples_an_update = recipe.per_device_train_batch_size * recipe.gradient_accumulation_steps
    assert (completions // recipe.num_generations, completions // samples_an_update) == (128, 8)
    assert (recipe.beta, recipe.epsilon, recipe.epsilon_high, recipe.delta, recipe.learning_rate) == (
        0.01,
        0.2,
        0.3,
        3.0,
        1e-6,
    )
    assert recipe.reward_weights == {"published_quality": 0.5, "published_alignment": 0.4, "published_format": 0.1}


def test_the_commands_for_several_gpus_make_the_same_steps_and_rollouts(tmp_path: Path) -> None:
    (tmp_path / "recipes").symlink_to(project_folder() / "recipes")
    page = (project_folder() / "docs/howto/gpu.md").read_text(encoding="utf-8")
    typed = [line for line in page.splitlines() if line.startswith(("sed ", "echo "))]
    subprocess.run("\n".join(typed), shell=True, check=True, cwd=tmp_path)
    found = {}
    for name in ("gpu", str(tmp_path / "two.yaml"), str(tmp_path / "eight.yaml")):
        profile = load_profile(name)
        sft, grpo = (
            cast(Any, profile.params_of(STAGES[f"models/distiller_{stage}"])).recipe for stage in ("sft", "grpo")
        )
        rows, completions = (
            each.per_device_train_batch_size * each.gradient_accumulation_steps * each.processes for each in (sft, grpo)
        )
        rollout = grpo.per_device_train_batch_size * grpo.steps_per_generation * grpo.processes
        found[sft.processes, grpo.processes] = (rows, completions, rollout)
    assert found == dict.fromkeys([(1, 1), (2, 2), (8, 8)], (16, 32, 64))


def test_every_grpo_recipe_names_its_reward_weights() -> None:
    files = sorted((project_folder() / "recipes/grpo").glob("*.yaml"))
    assert files and [file.name for file in files if "reward_weights" not in yaml.safe_load(file.read_text())] == []


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        (GrpoRecipe, GRPO | {"num_generations": 3}, ["= 8", "num_generations 3"]),
        (GrpoRecipe, GRPO | {"steps_per_generation": 4, "save_steps": 6}, ["save_steps 6", "4 updates"]),
        (GrpoRecipe, GRPO | {"num_iterations": 2, "save_steps": 3}, ["save_steps 3", "2 updates"]),
        (GrpoRecipe, GRPO | {"save_steps": 5, "logging_steps": 2}, ["save_steps 5", "logging_steps 2"]),
        (GrpoRecipe, GRPO | {"gradient_accumulation_steps": 3}, ["gradient_accumulation_steps 3"]),
        (GrpoRecipe, GRPO | {"max_prompt_length": 500}, ["max_prompt_length 500", "length 512"]),
        (GrpoRecipe, GRPO | {"delta": 1.2}, ["delta 1.2", "1 + epsilon_high = 1.3"]),
        (GrpoRecipe, GRPO | {"vllm_gpu_memory_utilization": 1.5}, ["vllm_gpu_memory_utilization", "1.5"]),
        (
            GrpoRecipe,
            GRPO | {"vllm_importance_sampling_mode": "off"},
            ["vllm_importance_sampling_mode", "sequence_mask"],
        ),
        (GrpoRecipe, GRPO | {"reward_weights": {"charm": 1.0}}, ["reward_weights", "charm", "alignment"]),
        (GrpoRecipe, GRPO | {"use_liger_kernel": True}, ["use_liger_kernel"]),
        (GrpoRecipe, GRPO | {"lora": {"rank": 8, "alpha": 16, "modules": ["lm_head"]}}, ["lora.modules", "lm_head"]),
        (SftRecipe, SFT | {"learning_rate": -1}, ["learning_rate", "-1", "greater than 0"]),
        (SftRecipe, SFT | {"max_completion_length": 512}, ["max_completion_length 512", "max_length 512"]),
        (SftRecipe, SFT | {"base": ""}, ["base", "at least 1 character"]),
        (SftRecipe, {"name": "toy", "base": "embedded"}, ["learning_rate must be given", "max_length must be given"]),
        (SftRecipe, SFT | {"bogus": 3}, ["no field bogus", "learning_rate, weight_decay"]),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(
    kind: type[Recipe], fields: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(UserError) as caught:
        parse(kind, fields)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("name", ["gpu", "gpu-embedded", "paper"])
def test_vllm_is_told_of_memory_lengths_and_sampling_where_it_generates(name: str) -> None:
    recipe = load(GrpoRecipe, "grpo", name)
    chosen = {
        "vllm_gpu_memory_utilization": 0.45, "vllm_enable_sleep_mode": True, "vllm_importance_sampling_mode": "token_truncate",
        "vllm_importance_sampling_clip_max": 2.0, "vllm_importance_sampling_clip_min": 0.5, "vllm_importance_sampling_correction": False,
    }  # fmt: skip
    given = recipe.model_copy(update=chosen).arguments()
    assert recipe.use_vllm and {field: given[field] for field in chosen} == chosen
    assert given["vllm_max_model_length"] == recipe.length >= recipe.max_prompt_length + recipe.max_completion_length
    assert not [field for field in load(GrpoRecipe, "grpo", "cpu").arguments() if field.startswith("vllm_")]


@pytest.mark.parametrize(
    "change", [{"steps_per_generation": 4, "save_steps": 8}, {"num_iterations": 2, "save_steps": 2}]
)
def test_a_checkpoint_between_two_rollouts_is_allowed(change: dict[str, int]) -> None:
    assert parse(GrpoRecipe, GRPO | change).save_steps == change["save_steps"]


def test_an_unknown_recipe_lists_those_there_are() -> None:
    with pytest.raises(UserError, match=r"'paperr'.*cpu, demo, gpu, gpu-embedded, paper"):
        SftParams(recipe="paperr")  # type: ignore[arg-type]
