"""Values as compact JSON: the raw bytes of records that have none of their own, and the text of structured fields."""

import json
from typing import Any

import orjson


def as_json(value: Any) -> str:
    """Compact JSON of any parsed value; what JSON does not know (dates, bytes) as its text, NaN as null."""
    try:
        return orjson.dumps(value, default=str, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()
    except TypeError:  # halves of characters, whole numbers of more than 64 bits, names that are no text
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
