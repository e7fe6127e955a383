"""The form of each task's answer, as an engine with structured output takes it: a JSON schema, or a pattern compiled from an item type.

A pattern cannot say all that a format asks (that four options differ, say): what is made under it is parsed like any other answer.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from texts.formats import FORMATS
from texts.rubric import Rating

END_OF_ANSWER = "</answer>"

_TAG = r"<[^/taTA<\n]"  # a bracket that opens none of our tags
_CHARACTER = rf"(?:[^<\n]|{_TAG})"
_TEXT = rf"(?:[^\s<]|{_TAG}){_CHARACTER}*"
_MARKERS = frozenset(marker for form in FORMATS.values() for _, marker in form.markers if marker)
_VALUES = {("multiple_choice", "answer"): "[ABCD]", ("true_false", "answer"): "(?:True|False)"}
_REASONING = rf"(?:<think>(?:[^<]|{_TAG})*</think>\n\n)?"


def rating_answer() -> dict[str, Any]:
    """The form of an answer that is one JSON object with four whole numbers from 1 to 10."""
    names = [name.capitalize() for name in Rating._fields]
    number = {"type": "integer", "minimum": 1, "maximum": 10}
    return {
        "json": {
            "type": "object",
            "properties": dict.fromkeys(names, number),
            "required": names,
            "additionalProperties": False,
        }
    }


def item_answer(item_type: str, reasoning: bool = False) -> dict[str, Any]:
    """The form of an answer that is one `item_type` item inside its tags, behind reasoning in tags of its own where that is allowed.

    >>> re.fullmatch(item_answer("qa")["regex"], "<answer>Q: Is 1 < 2?\\nA: Yes.</answer>") is not None
    True
    >>> re.fullmatch(item_answer("qa")["regex"], "<answer>Q: Is 1 < 2?\\nQ: Why?\\nA: Yes.</answer>") is not None
    False
    """
    return {"regex": (_REASONING if reasoning else "") + _tagged_item(item_type)}


@cache
def _tagged_item(item_type: str) -> str:
    *fields, last = [_field(item_type, name, marker) for name, marker in FORMATS[item_type].markers]
    last += rf"(?:\n{{1,2}}{_line()})*"  # it alone may run over lines
    item = "\n".join([*fields, last])
    return f"<answer>{item}{END_OF_ANSWER}"


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
