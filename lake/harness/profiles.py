"""A profile: a named, complete experiment. `recipes/profiles/NAME.yaml` says which stages differ from their defaults, and how."""

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import yaml
from pydantic import ValidationError

from lake.errors import UserError
from lake.harness.job import Params
from lake.settings import project_folder
from lake.stages import STAGES, Stage


@dataclass(frozen=True)
class Profile:
    """A profile as written: its name, what it is for, and the params that differ, by stage key."""

    name: str
    summary: str
    params: Mapping[str, Any]
    offline: bool = False  # whether every model it names is on this machine

    def params_of(self, stage: Stage) -> Params:
        """The validated params of a stage. Raises UserError naming field, value and what is allowed."""
        declared, given = resolve(stage.params), self.params.get(stage.key, {})
        if not isinstance(given, Mapping):
            raise UserError(f"Profile {self.name}, stage {stage.key}: params are names and values, not {given!r}")
        try:
            return cast(Params, declared(**given))
        except ValidationError as error:
            raise UserError(
                f"Profile {self.name}, stage {stage.key}: {_in_words(error, declared.model_fields)}"
            ) from None


def profile_names() -> list[str]:
    """The profiles there are, sorted."""
    return sorted(path.stem for path in (project_folder() / "recipes" / "profiles").glob("*.yaml"))


def load_profile(name: str) -> Profile:
    """The profile `name`, its stages known and every stage's params validated, without starting Spark or a model.

    Raises UserError when the profile, a stage or a field is unknown or a value is not allowed.
    """
    if name not in profile_names():
        raise UserError(f"There is no profile {name!r}: there are {', '.join(profile_names())}")
    path = project_folder() / "recipes" / "profiles" / f"{name}.yaml"
    try:
        written = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise UserError(f"Profile {name}: {path.name} is not YAML: {' '.join(str(error).split())}") from None
    unknown = sorted(set(written) - {"summary", "params", "offline"})
    if unknown:
        raise UserError(f"Profile {name}: unknown field {unknown[0]!r}; allowed are summary, params, offline")
    _check_kinds(name, written)
    profile = Profile(name, str(written.get("summary", "")), written.get("params") or {}, written.get("offline", False))
    strangers = sorted(set(profile.params) - set(STAGES))
    if strangers:
        raise UserError(f"Profile {name}: there is no stage {strangers[0]!r}: there are {', '.join(STAGES)}")
    for stage in STAGES.values():
        profile.params_of(stage)
    return profile


def _check_kinds(name: str, written: Mapping[str, Any]) -> None:
    if not isinstance(written.get("offline", False), bool):
        raise UserError(f"Profile {name}: offline is {written['offline']!r}; allowed are true and false")
    if not isinstance(written.get("params") or {}, Mapping):
        raise UserError(f"Profile {name}: params are stages with their params, not {written['params']!r}")


@cache
def resolve(dotted: str) -> Any:
    """What a dotted string such as `spark_jobs.clean.job:CleanParams` names. Raises ImportError or AttributeError when nothing does."""
    module, name = dotted.split(":")
    return getattr(importlib.import_module(module), name)


def _in_words(error: ValidationError, fields: Iterable[str]) -> str:
    first = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "params"
    if first["type"] == "extra_forbidden":
        there_are = f": there are {', '.join(fields)}" if len(first["loc"]) == 1 else ""
        return f"there is no field {field} (value {first['input']!r}){there_are}"
    return f"field {field} has the value {first['input']!r}: {first['msg']}"
