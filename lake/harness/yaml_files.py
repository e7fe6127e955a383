"""YAML that a user wrote: read as it is meant, or refused in a sentence that names the line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import yaml

from lake.errors import UserError, shown

_MOST = 20_000  # values in a file, those that anchors repeat counted each time: a few lines of anchors may stand for billions

_MERGE = "tag:yaml.org,2002:merge"  # `<<`, which may stand several times


class _Strict(yaml.SafeLoader):
    """A key that stands twice, of which YAML would take the last without a word, is a mistake; so is a file that never ends."""

    def get_single_node(self) -> yaml.Node | None:
        node = super().get_single_node()
        for number, inner in enumerate(_nodes(node) if node else ()):
            if number == _MOST:
                raise _mistake(
                    f"it has more than {_MOST:,} values, those of anchors counted wherever they stand", inner
                )
            if isinstance(inner, yaml.MappingNode):
                _check_keys(inner)
        return node


def read_yaml(path: Path, title: str) -> dict[str, Any]:
    """The fields and values of a YAML file. Raises UserError, which starts with `title`, where it cannot be read, is no YAML, or holds none."""
    try:
        loader = _Strict(path.read_text(encoding="utf-8-sig"))
        loader.name = path.name
        written = loader.get_single_data()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{title}: {path} cannot be read: {_in_a_line(error)}") from None
    except RecursionError:
        raise UserError(f"{title}: {path.name} is nested too deeply") from None
    except (
        LookupError,
        AttributeError,
    ):  # what PyYAML ends with where `!!bool` or `!!timestamp` stands before another word
        raise UserError(f"{title}: {path.name} has a value that is not what the `!!` before it says") from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date or a number that is none
        raise UserError(f"{title}: {path.name} is not YAML: {_in_a_line(error)}") from None
    if written is not None and not isinstance(written, dict):
        raise UserError(f"{title}: {path.name} holds {shown(written)}; allowed are fields with their values")
    return cast(dict[str, Any], written or {})


def _nodes(node: yaml.Node) -> Iterator[yaml.Node]:
    """The node and all below it, those that anchors repeat as often as they stand there."""
    waiting = [node]
    while waiting:
        here = waiting.pop()
        yield here
        if isinstance(here, yaml.MappingNode):
            waiting += [part for pair in here.value for part in pair]
        elif isinstance(here, yaml.SequenceNode):
            waiting += here.value


def _check_keys(node: yaml.MappingNode) -> None:
    there = set[tuple[str, str]]()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
            if (key.tag, key.value) in there:
                raise _mistake(f"{shown(key.value)} stands there twice", key)
            there.add((key.tag, key.value))


def _mistake(what: str, node: yaml.Node) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=what, problem_mark=node.start_mark)


def _in_a_line(error: Exception) -> str:
    return " ".join(str(error).split())
