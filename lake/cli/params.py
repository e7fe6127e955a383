"""What a stage's params may be: each field with meaning, default and range, read off the params class itself."""

import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo

from lake.harness.profiles import GATE, Profile, resolve
from lake.stages import Stage

_WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false", type(None): "null", Any: "anything"}
_BOUNDS = (
    ("gt", "above {}"),
    ("ge", "from {}"),
    ("lt", "below {}"),
    ("le", "up to {}"),
    ("min_length", "length at least {}"),
    ("max_length", "length at most {}"),
    ("pattern", "matching {}"),
)


class Param(BaseModel):
    """One field of a stage's params, as a profile names it; `engine.model` stands for a field inside `engine`.

    value: what the profile in question gives it; None without one. nested: whether the fields inside it follow.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    meaning: str
    allowed: str
    required: bool
    default: Any = None
    value: Any = None
    nested: bool = False


def params_of(stage: Stage, profile: Profile | None) -> list[Param]:
    """Every param of `stage` in the order of its class, fields of nested params after their parent, and the limits of its gate; values are
    those of `profile`."""
    values = profile.params_of(stage).model_dump(mode="json") if profile else {}
    limits = profile.limits_of(stage).model_dump(mode="json") if profile else {}
    return [*_fields(resolve(stage.params), {}, values, ""), *_fields(resolve(stage.limits), {}, limits, f"{GATE}.")]


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The params classes that a field of type `annotation` may hold, also inside a tuple, a mapping or a choice."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from models_in(inner)


def _fields(
    model: type[BaseModel], defaults: Mapping[str, Any], values: Mapping[str, Any], prefix: str
) -> Iterator[Param]:
    """`defaults`: what the parent's default gives these fields, in place of their own: one engine is vllm by default, another rules."""
    for name, field in model.model_fields.items():
        nested = list(models_in(field.annotation))
        own = None if field.is_required() else field.get_default(call_default_factory=True)
        default = defaults.get(name, own.model_dump(mode="json") if isinstance(own, BaseModel) else own)
        value = values.get(name)
        # in a mapping, such as losses by source, the user chooses the names: its fields stand below any
        by_name = get_origin(field.annotation) in (dict, Mapping)
        yield Param(
            name=prefix + name,
            meaning=field.description or "",
            allowed=_allowed(field),
            required=field.is_required() and name not in defaults,
            default=default,
            value=value,
            nested=bool(nested) and not by_name,
        )
        for params in nested:
            inner, given = ({}, {}) if by_name else (_mapping(default), _mapping(value))
            yield from _fields(params, inner, given, f"{prefix}{name}.*." if by_name else f"{prefix}{name}.")


def _mapping(value: Any) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], value) if isinstance(value, Mapping) else {}


def _allowed(field: FieldInfo) -> str:
    """The type and range of a field in words, such as `whole number, from 1 up to 100`."""
    return _ranged(field.annotation, field.metadata)


def _ranged(annotation: Any, limits: Sequence[Any]) -> str:
    bounds = [
        words.format(getattr(limit, bound))
        for bound, words in _BOUNDS
        for limit in limits
        if getattr(limit, bound, None) is not None
    ]
    return ", ".join([_kind(annotation), *([" ".join(bounds)] if bounds else [])])


def _kind(annotation: Any) -> str:
    origin, inner = get_origin(annotation), cast(Sequence[Any], get_args(annotation))
    if origin is Annotated:
        return _ranged(inner[0], [limit for field in inner[1:] for limit in field.metadata])
    if origin is Literal:
        return " or ".join(map(str, inner))
    if origin in (Union, types.UnionType):
        return " or ".join(map(_kind, inner))
    if origin in (tuple, list):
        return f"list of: {_kind(inner[0])}"
    if origin in (dict, Mapping):
        return f"{_kind(inner[0])}: {_kind(inner[1])}"
    if next(models_in(annotation), None):
        return "fields as below"
    return _WORDS.get(annotation, str(annotation))
