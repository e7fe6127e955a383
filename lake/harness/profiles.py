"""A profile: a named, complete experiment. A YAML file says which params differ from their defaults, stage by stage.

Ours lie in `recipes/profiles/NAME.yaml`. A user's own file may extend one of them, or another file:

    extends: cpu
    params:
      silver/groups: {similarity_floor: 0.5}

A field of a stage that the file names replaces the base's field as a whole (an `engine` is one field); all others stay.
"""

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from lake.errors import UserError, shown
from lake.harness.job import Params
from lake.harness.yaml_files import read_yaml
from lake.settings import full_path, shipped
from lake.stages import STAGES, Stage

_FIELDS = ("summary", "extends", "offline", "gpu", "params")
GATE = "gate"  # of a stage in a profile: the limits of its gate, beside its params
_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class Profile:
    """A profile with all that it extends: the params that differ from their defaults, by stage key.

    name: what names it everywhere, in another process and another folder too: one of ours, or the absolute path of a file.
    offline: whether every model it names is on this machine. gpu: whether it cannot run without a GPU.
    """

    name: str
    summary: str
    params: Mapping[str, Any]
    offline: bool = False
    gpu: bool = False

    def params_of(self, stage: Stage) -> Params:
        """The validated params of a stage. Raises UserError naming profile, stage, field, value and what is allowed."""
        fields = self._given(stage)
        return cast(
            Params, self._validated(stage, resolve(stage.params), {n: v for n, v in fields.items() if n != GATE})
        )

    def limits_of(self, stage: Stage) -> BaseModel:
        """The validated limits of a stage's gate, its `gate` in the profile. Raises UserError as `params_of` does."""
        given = self._given(stage).get(GATE) or {}
        if not isinstance(given, Mapping):
            raise UserError(f"{self._place(stage)}: {GATE} has limits and values, not {shown(given)}")
        return self._validated(stage, resolve(stage.limits), cast(Mapping[str, Any], given), f"{GATE}.")

    def _given(self, stage: Stage) -> Mapping[str, Any]:
        """What the profile says of a stage."""
        given = self.params.get(stage.key, {})
        if not isinstance(given, Mapping):
            raise UserError(f"{self._place(stage)}: params are names and values, not {shown(given)}")
        return cast(Mapping[str, Any], given)

    def _validated(self, stage: Stage, declared: Any, given: Mapping[Any, Any], inside: str = "") -> Any:
        place, fields = self._place(stage), [*declared.model_fields, *([] if inside else [GATE])]
        unnamed = next((name for name in given if not isinstance(name, str)), None)
        if unnamed is not None:
            raise UserError(f"{place}: there is no field {shown(unnamed)}: there are {', '.join(fields)}")
        try:
            return declared(**given)
        except ValidationError as error:
            raise UserError(f"{place}: {_in_words(error, fields, inside)}") from None
        except UserError as error:  # of a recipe that the params name
            raise UserError(f"{place}: {error}") from None

    def _place(self, stage: Stage) -> str:
        return f"Profile {self.name}, stage {stage.key}"


def profile_names() -> list[str]:
    """The profiles that come with the code, sorted."""
    return sorted(path.stem for path in _ours().glob("*.yaml"))


def load_profile(name: str, stages: Iterable[Stage] = tuple(STAGES.values())) -> Profile:
    """The profile `name`, one of ours or a file, its stages known and the params of `stages` validated, without Spark or a model.

    To validate a stage's params imports its job. Raises UserError, one sentence, when a profile, a stage or a field is unknown or a value is
    not allowed.
    """
    return _load(name, Path.cwd(), (), tuple(stages))


def is_file_name(name: str) -> bool:
    """Whether a profile or recipe is named by a file, as in `my.yaml` or `../more/my.yaml`, and not by one of our names."""
    return name.endswith(_SUFFIXES) or "/" in name


def resolve(dotted: str) -> Any:
    """What a dotted string such as `spark_jobs.clean.job:CleanParams` names. Raises ImportError or AttributeError when nothing does."""
    module, name = dotted.split(":")
    return getattr(importlib.import_module(module), name)


def _ours() -> Path:
    return shipped("recipes") / "profiles"


def _load(name: str, folder: Path, extending: tuple[str, ...], stages: tuple[Stage, ...]) -> Profile:
    """The profile `name` as seen from `folder`; `extending` are the profiles whose `extends` led here, the outermost first."""
    path = _find(name, folder, f"Profile {extending[-1]}: extends names" if extending else "There is no profile")
    name = str(path) if is_file_name(name) else name
    if name in extending:
        raise UserError(f"Profile {extending[0]} extends itself: {' -> '.join((*extending, name))}")
    written = read_yaml(path, f"Profile {name}")
    _check_fields(name, written)
    base = Profile("", "", {})
    if "extends" in written:
        base = _load(written["extends"], path.parent, (*extending, name), stages)
    profile = Profile(
        name,
        written.get("summary", base.summary),
        _merge(base.params, _beside(path, written.get("params") or {})),
        written.get("offline", base.offline),
        written.get("gpu", base.gpu),
    )
    # after the base, whose own mistakes are told under its own name
    for stage in stages:
        profile.params_of(stage)
        profile.limits_of(stage)
    return profile


def _find(name: str, folder: Path, complaint: str) -> Path:
    there_are = f"there are {', '.join(profile_names())}"
    if not is_file_name(name):
        if name not in profile_names():
            raise UserError(f"{complaint} {shown(name)}: {there_are}; a file is named by its path, such as ./my.yaml")
        return _ours() / f"{name}.yaml"
    path = full_path(name, folder, complaint)
    if not path.is_file():
        raise UserError(f"{complaint} {name!r}: {path} is no file; of ours {there_are}")
    return path


def _check_fields(name: str, written: Mapping[str, Any]) -> None:
    """Raises UserError when a profile's own fields, other than the params of its stages, are not what they may be."""
    unknown = [field for field in written if field not in _FIELDS]
    if unknown:
        raise UserError(f"Profile {name}: unknown field {shown(unknown[0])}; allowed are {', '.join(_FIELDS)}")
    for field in ("summary", "extends"):
        if not isinstance(written.get(field, ""), str):
            raise UserError(f"Profile {name}: {field} is {shown(written[field])}; allowed is a text")
    for field in ("offline", "gpu"):
        if not isinstance(written.get(field, False), bool):
            raise UserError(f"Profile {name}: {field} is {shown(written[field])}; allowed are true and false")
    params = written.get("params") or {}
    if not isinstance(params, Mapping):
        raise UserError(f"Profile {name}: params are stages with their params, not {shown(params)}")
    unknown = [stage for stage in cast(Mapping[Any, Any], params) if stage not in STAGES]
    if unknown:
        raise UserError(f"Profile {name}: there is no stage {shown(unknown[0])}: there are {', '.join(STAGES)}")


def _merge(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The params of `base` with those of `own` in their place, stage by stage and field by field."""
    merged = dict(base)
    for stage, fields in own.items():
        merged[stage] = {**merged.get(stage, {}), **fields} if isinstance(fields, Mapping) else fields
    return merged


def _beside(profile: Path, value: Any) -> Any:
    """`value` with every YAML file that it names, such as a recipe, as an absolute path: relative ones lie beside the profile."""
    if isinstance(value, Mapping):
        return {key: _beside(profile, inner) for key, inner in cast(Mapping[Any, Any], value).items()}
    if isinstance(value, str) and value.endswith(_SUFFIXES) and " " not in value:
        return str(full_path(value, profile.parent, f"Profile {profile}: it names"))
    return value


def _in_words(error: ValidationError, fields: Iterable[str], inside: str) -> str:
    """What is wrong with the first field, whose name begins with `inside`."""
    first = error.errors(include_url=False)[0]
    field = inside + ".".join(str(part) for part in first["loc"]) or "params"
    if first["type"] == "missing":
        return f"field {field} must be given"
    if first["type"] == "extra_forbidden":
        there_are = f": there are {', '.join(fields)}" if len(first["loc"]) == 1 else ""
        return f"there is no field {field} (value {shown(first['input'])}){there_are}"
    return f"field {field} has the value {shown(first['input'])}: {first['msg'].removeprefix('Value error, ')}"
