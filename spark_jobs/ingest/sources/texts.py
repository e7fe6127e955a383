"""The text in a value: of plain values, of typed parts and other content objects, of the best of several answers.

>>> as_text([{"type": "text", "text": "Why?"}, "Please."]), as_text({"answer": "So."}), as_text(float("nan"))
('Why?\\nPlease.', 'So.', '')
>>> first_text([{"text": "No.", "selected": False}, {"text": "So.", "selected": True}])
'So.'
"""

import ast
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import orjson

from lake.landing.conversations import is_nothing
from spark_jobs.ingest.json_text import as_json
from spark_jobs.ingest.sources.fields import Record, find_name, fold, folded, is_record
from spark_jobs.ingest.sources.labels import best_answers
from spark_jobs.ingest.sources.rejected import RecordRejected
from spark_jobs.ingest.sources.titled import titled_texts

# under these names an object of content keeps its text; the first that it has counts
_TEXTS = (
    "text", "value", "content", "parts", "answer", "response", "output", "completion", "message", "body", "output_text",
    "input_text", "generated_text", "result", "markdown", "reply", "msg",
)  # fmt: skip
# and these an object of an answer, as services give it: {"choices": [{"message": {"content": ..}}]}
_SERVED = ("choices", "candidates")
_KINDS = frozenset({"number", "span", "spans"})
_CALLED = frozenset({"arguments", "parameters", "function"})
# what stands beside the text and is no part of what is said
_ABOUT = frozenset(
    {"type", "contenttype", "annotations", "cachecontrol", "id", "lang", "language", "index", "role", "format", "status",
     "logprobs", "citations", "metadata", "xmllang", "finishreason", "stopreason", "model", "created", "timestamp", "object",
     "usage", "name", "attachments", "refusal"}
)  # fmt: skip
_THOUGHTS = frozenset({"reasoning", "thinking", "thought"})
_TYPED = re.compile(r"\s*\[?\s*\{\s*[\"']type[\"']\s*:\s*[\"'](?:input_|output_)?text[\"']")
_MEDIA = ("image", "audio", "video", "file", "document")
_CELL = 2**20  # characters of a cell that is looked into as JSON


def as_text(value: Any) -> str:
    """A field as text: nothing is empty, content objects are their texts, anything else with a structure is JSON."""
    if isinstance(value, str):
        return value
    if value is None or value in ([], {}) or value != value:
        return ""
    if isinstance(value, list) and all(isinstance(part, str | dict) for part in value):
        return "\n".join(part if isinstance(part, str) else _part(part) for part in value)
    if isinstance(value, dict):
        found = _content(value)
        return as_json(value) if found is None else found
    return as_json(value)


def first_text(value: Any) -> str:
    """A field that may hold several accepted answers, as the best of them by their own marks, else the first that is not empty."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        # calls of a program are one answer, not several
        if len(value) > 1 and all(is_record(one) and folded(one).keys() & _CALLED for one in value):
            return as_json(value)
        best = best_answers(value)
        if value and not best:
            raise RecordRejected("bad_answer", "every answer of the record is called bad by the marks beside it")
        return next((text for text in map(first_text, best) if text.strip()), "")
    if isinstance(value, dict) and value:
        return _answer_in(value)
    return as_text(value)


def _answer_in(value: dict[str, Any]) -> str:
    """The answer in an object: under a name that says so, in columns beside their scores, or as a number or spans alone; else its JSON."""
    named = _answer_name(value)
    columns = [column for column in value.values() if isinstance(column, list)]
    # without such a name they are lists of an object that was asked for
    if named and len(columns) == len(value) > 1 and len({len(column) for column in columns}) == 1:
        return first_text([dict(zip(value, row, strict=True)) for row in zip(*columns, strict=True)])
    said = value[named] if named else next((value[name] for name in _SERVED if _is_served(value.get(name))), None)
    if said is not None:
        return first_text(said)
    names = folded(value)
    # other wordings of the one value
    if {"value", "aliases"} <= names.keys():
        return first_text(value[names["value"]])
    # an answer of one of several kinds has the others empty
    told = [name for name, held in value.items() if _says(held)]
    return as_text(value[told[0]]) if len(told) == 1 and fold(str(told[0])) in _KINDS else as_json(value)


def _answer_name(value: Record) -> str | None:
    """The name under which an object has its answer; one in another spelling only where no other text stands beside it."""
    if exact := next((name for name in _TEXTS if name in value), None):
        return exact
    name = find_name(folded(value), map(fold, _TEXTS))
    beside = [held for other, held in value.items() if other != name and fold(str(other)) not in _ABOUT | {"source"}]
    return name if name and _has_words(value[name]) and not any(map(_has_words, beside)) else None


def _has_words(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(map(_has_words, value.values() if isinstance(value, dict) else value))
    return isinstance(value, str) and value.strip() != ""


def _is_served(value: Any) -> bool:
    """Whether a list holds answers as services give them, and not the options of a question."""
    return isinstance(value, list) and any(
        is_record(one)
        and (
            is_record(one.get("message", one.get("content")))
            or "finish_reason" in one
            or {"content", "author"} <= one.keys()
            or (len(value) == 1 and {"text", "index"} <= one.keys())
        )
        for one in value
    )


def _says(value: Any) -> bool:
    """Whether anything is in a value but names and empty places."""
    if isinstance(value, dict | list):
        return any(map(_says, value.values() if isinstance(value, dict) else value))
    return value not in (None, "")


def context_text(value: Any) -> str:
    """What stands beside a question, as text; empty where it only says that there is nothing, in any form."""
    if value is None or value is False:
        return ""
    titled = titled_texts(value)
    text = as_text(value) if titled is None else titled
    return "" if is_nothing(text) else text


def beside_text(record: Record, names: Sequence[str], asked: Any) -> str:
    """What stands beside a question under several names, each after a blank line, and once where two say the same.

    asked: the question. A `text` that holds it is the whole exchange by some template, and no context.
    """
    texts: list[str] = []
    for name in names:
        text = context_text(record[name])
        whole = fold(name) == "text" and as_text(asked).strip() in text
        if text.strip() and not whole and not any(text in other for other in texts):
            texts.append(text)
    return "\n\n".join(texts)


def in_cell(value: Any) -> Any:
    """The list or object that a text is the JSON of, or Python's way to write it; any other value as it is."""
    if not isinstance(value, str) or len(value) > _CELL:
        return value
    text = value.strip()
    if (text[:1], text[-1:]) not in (("[", "]"), ("{", "}")):
        return value
    try:
        return orjson.loads(text)
    except ValueError:
        return _python_literal(text, value)


def typed_text(text: str) -> str:
    """The text, or the texts of the typed parts that it is the JSON of."""
    found = in_cell(text) if _TYPED.match(text) else text
    return text if isinstance(found, str) else as_text(found)


def thought(words: str) -> str:
    """What was thought before an answer, marked as such."""
    return f"<think>\n{words}\n</think>"


def _python_literal(text: str, value: Any) -> Any:
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return value
    return found if isinstance(found, list | dict) else value


def _part(part: Record) -> str:
    """A part of a content: its text, or its JSON; rejected where it is something to look at or to listen to."""
    kind = part.get("type")
    kind = kind if isinstance(kind, str) else ""
    if (any(word in kind for word in _MEDIA) and kind not in ("document", "file")) or _only_media(tuple(part)):
        raise RecordRejected(
            "other_media", f"a part of the text is of the type {kind or next(iter(part))!r}: what it shows is not text"
        )
    if kind in _THOUGHTS:
        words = as_text(next((part[name] for name in (kind, "text", "value", "content") if part.get(name)), None))
        return thought(words) if words else ""
    found = _content(part)
    return as_json(part) if found is None else found


def _only_media(names: Sequence[Any]) -> bool:
    return (
        bool(names)
        and names[0] in ("image_url", "image", "inline_data", "inlineData", "video", "audio")
        and len(names) == 1
    )


def _content(value: Record) -> str | None:
    """The text of an object of content; None if the object says more than its text."""
    name = _text_name(tuple(value))
    if name is None or not isinstance(value[name], str | list | dict):
        return None
    said = value[name]
    if any(isinstance(value[other], str | list | dict) and value[other] for other in _others(tuple(value))):
        return None
    return as_text(said) if isinstance(said, str) or _is_content(said) else None


@lru_cache(1024)
def _text_name(names: tuple[Any, ...]) -> str | None:
    """The name under which an object with these names keeps its text."""
    return next((name for name in _TEXTS if name in names), None)


@lru_cache(1024)
def _others(names: tuple[Any, ...]) -> tuple[Any, ...]:
    """The names under which an object of content may say more than its text: numbers there are about it, texts are not."""
    rest = [name for name in names if name != _text_name(names)]
    return tuple(name for name in rest if not ((known := fold(str(name))) in _ABOUT or known.endswith(("id", "type"))))


def _is_content(value: list[Any] | dict[str, Any]) -> bool:
    parts = value if isinstance(value, list) else [value]
    return all(isinstance(part, str) or (is_record(part) and _text_name(tuple(part)) is not None) for part in parts)
