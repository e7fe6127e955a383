"""Recipes by name, from a file, or from their fields, and the sentence that each mistake gets."""

from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from lake.errors import UserError
from lake.harness.profiles import is_file_name, read_yaml
from lake.settings import shipped
from trainers.recipes import Recipe

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
