"""`mixlake params`: every param of every stage has a meaning, and what is shown is what the classes hold."""

from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from lake.cli.params import Param, models_in, params_of
from lake.harness.profiles import load_profile, resolve
from lake.stages import STAGES


def params_classes() -> set[type[BaseModel]]:
    """The params of every stage, and every class that a field of them holds."""

    def reached(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
        yield model
        for field in model.model_fields.values():
            for inner in models_in(field.annotation):
                yield from reached(inner)

    return {
        model for stage in STAGES.values() for name in (stage.params, stage.limits) for model in reached(resolve(name))
    }


def test_every_param_has_a_description() -> None:
    classes = params_classes()
    assert {"GroupParams", "EngineParams", "GrpoRecipe", "Architecture", "ExpectedLoss", "Cleaned"} <= {
        model.__name__ for model in classes
    }
    silent = [
        f"{model.__module__}:{model.__name__}.{name}"
        for model in classes
        for name, field in model.model_fields.items()
        if not field.description
    ]
    assert sorted(silent) == []


def shown(stage: str, profile: str | None = None) -> dict[str, Param]:
    return {param.name: param for param in params_of(STAGES[stage], load_profile(profile) if profile else None)}


def test_a_param_is_shown_with_its_default_its_range_and_the_value_in_force() -> None:
    floor = shown("silver/groups", "demo")["similarity_floor"]
    assert (floor.default, floor.value, floor.allowed) == (0.6, 0.3, "number, from 0 up to 1")
    assert floor.meaning == "least cosine between any two members"
    assert shown("silver/groups")["similarity_floor"].value is None
    drop = shown("silver/groups", "demo")["gate.expected_cohesion_drop"]
    assert (drop.default, drop.value, drop.allowed) == (0.05, 0.05, "number, from 0")


@pytest.mark.parametrize(
    ("stage", "name", "allowed", "default"),
    [
        ("silver/groups", "within_source", "true or false", False),
        ("silver/groups", "embedder", "text, length at least 1", "all-MiniLM-L6-v2"),
        (
            "silver/ratings",
            "engine.kind",
            "rules or vllm or openai_api or scripted or perplexity or difficulty or file",
            "rules",
        ),
        ("silver/ratings", "engine.max_model_len", "whole number or null, from 16", None),
        ("gold/heldout_answers", "challenger.kind", "rules or vllm or openai_api or scripted", "vllm"),
        ("gold/distilled", "item_type", "text, matching ^(qa|paragraph)$", "qa"),
        ("gold/training_set", "licence_shares", "text: number, from 0 up to 1", {}),
        ("gold/mixture", "splits", "text: number", {"sft": 0.3, "grpo": 0.58, "heldout": 0.12}),
        ("reports/evaluation", "lora.last_blocks", "whole number or null, from 1", 10),
        ("models/distiller_sft", "recipe.lora.modules", "list of: text", None),
    ],
)
def test_every_kind_of_field_is_told_in_words(stage: str, name: str, allowed: str, default: object) -> None:
    param = shown(stage)[name]
    assert param.allowed == allowed
    assert not param.required
    if default is not None:
        assert param.default == default


def test_no_allowed_values_are_told_in_python() -> None:
    told = {param.allowed for stage in STAGES.values() for param in params_of(stage, None)}
    assert [allowed for allowed in told if "typing" in allowed or "<class" in allowed] == []


def test_fields_inside_a_param_follow_it_and_say_which_must_be_given() -> None:
    params = shown("models/distiller_sft", "paper")
    assert (params["recipe"].default, params["recipe"].nested) == ("demo", True)
    rate = params["recipe.learning_rate"]
    assert (rate.required, rate.value, rate.allowed) == (True, 2.0e-5, "number, above 0 up to 0.1")
    share = shown("silver/unique_instructions")["expected_loss.*.share"]
    assert (share.required, share.allowed) == (True, "number, from 0 up to 1")
