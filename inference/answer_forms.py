"""The form of each task's answer, as an engine with structured output takes it: a JSON schema, or a pattern compiled from an item type.

A pattern cannot say all that a format asks (that four options differ, say): what is made under it is parsed like any other answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from texts.formats import FORMATS
from texts.rubric import Rating

END_OF_ANSWER = "</answer>"
RATING: Mapping[str, Any] = MappingProxyType(
    {
        "json": {
            "type": "object",
            "properties": {
                name.capitalize(): {"type": "integer", "minimum": 1, "maximum": 10} for name in Rating._fields
            },
            "required": [name.capitalize() for name in Rating._fields],
            "additionalProperties": False,
        }
    }
)

_TAG = r"<[^/taTA<\n]"  # a bracket that opens none of our tags
_CHARACTER = rf"(?:[^<\n]|{_TAG})"
_TEXT = rf"(?:[^\s<]|{_TAG}){_CHARACTER}*"
_MARKERS = frozenset(marker for form in FORMATS.values() for _, marker in form.markers if marker)
_VALUES = {("multiple_choice", "answer"): "[ABCD]", ("true_false", "answer"): "(?:True|False)"}
_REASONING = rf"(?:<think>(?:[^<]|{_TAG})*</think>\n\n)?"


@cache
def item_answer(item_type: str, reasoning: bool = False) -> Mapping[str, str]:
    """The form of an answer that is one `item_type` item inside its tags, behind reasoning in tags of its own where that is allowed.

    >>> re.fullmatch(item_answer("qa")["regex"], "<answer>Q: Is 1 < 2?\\nA: Yes.</answer>") is not None
    True
    >>> re.fullmatch(item_answer("qa")["regex"], "<answer>Q: Is 1 < 2?\\nQ: Why?\\nA: Yes.</answer>") is not None
    False
    """
    *fields, last = [_field(item_type, name, marker) for name, marker in FORMATS[item_type].markers]
    last += rf"(?:\n{{1,2}}{_line()})*"  # it alone may run over lines
    item = "\n".join([*fields, last])
    return MappingProxyType({"regex": f"{_REASONING if reasoning else ''}<answer>{item}{END_OF_ANSWER}"})


def _field(item_type: str, name: str, marker: str) -> str:
    """A field in one line: one of the words where only some are allowed, else what is not blank and opens with no marker."""
    if not marker:
        return _line()
    return f"{re.escape(marker)} {_VALUES.get((item_type, name), _TEXT)}"


def _line(begun: str = "") -> str:
    """A line that is not blank and opens with no marker, from behind what of it is `begun`, the beginning of a marker."""
    following = {marker[len(begun)] for marker in _MARKERS if marker.startswith(begun)}
    other = "".join(map(re.escape, sorted(following)))
    blank = "" if begun else r"\s"
    ways = [rf"(?:[^{other}<\n{blank}]|{_TAG}){_CHARACTER}*"]
    for letter in sorted(following):
        if begun + letter not in _MARKERS:
            ways.append(rf"{re.escape(letter)}(?:{_line(begun + letter)})?")
    return f"(?:{'|'.join(ways)})"
