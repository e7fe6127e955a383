"""From the values a raw record holds to turns of a conversation: the vocabulary that all shapes share."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

Record = Mapping[str, Any]
Turn = dict[str, str]

_ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "prompter": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "chatgpt": "assistant",
    "function_call": "assistant",
    "tool_call": "assistant",
    "tool": "tool",
    "function": "tool",
    "observation": "tool",
    "tool_response": "tool",
}


def is_record(value: object) -> TypeGuard[Record]:
    """Whether a parsed value is an object with named fields."""
    return isinstance(value, Mapping)


def has(record: Record, *names: str) -> bool:
    """Whether the record has all these fields, whatever they hold."""
    return all(name in record for name in names)


def as_text(value: Any) -> str:
    """A field as text: null is empty, a list of typed parts is their texts, anything structured is JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(part, str | Mapping) for part in value):
        return "\n".join(_part(part) for part in value)
    return as_json(value)


def as_json(value: Any) -> str:
    """Compact JSON of any parsed value; what JSON does not know (dates, bytes) as its text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def first_text(value: Any) -> str:
    """A field that may hold several accepted answers, as the first of them that is not empty."""
    if isinstance(value, list):
        return next((text for text in map(as_text, value) if text.strip()), "")
    return as_text(value)


def single(question: Any, context: Any, answer: Any, system: Any = None) -> list[Turn]:
    """The turns of one question and its answer; the context follows the question after a blank line."""
    prompt = "\n\n".join(text for text in (as_text(question), as_text(context)) if text.strip())
    turns = [{"role": "user", "content": prompt}, {"role": "assistant", "content": first_text(answer)}]
    return [{"role": "system", "content": as_text(system)}, *turns] if system else turns


def conversation(messages: object, role: str, content: str, tools: Any = None) -> list[Turn] | None:
    """The turns of a list of messages whose role and content lie in these fields; None if any message is not one.

    Tool definitions become a system turn of their own before the rest; calls are part of the turn that makes them.
    """
    if not isinstance(messages, Sequence) or isinstance(messages, str) or not messages:
        return None
    turns = [_turn(message, role, content) for message in messages]
    known = [turn for turn in turns if turn is not None]
    if len(known) < len(turns):
        return None
    if not tools:
        return known
    return [{"role": "system", "content": tools if isinstance(tools, str) else as_json(tools)}, *known]


def _turn(message: object, role: str, content: str) -> Turn | None:
    if not is_record(message) or not isinstance(message.get(role), str):
        return None
    name = _ROLES.get(message[role].lower())
    calls = message.get("tool_calls") or message.get("function_call")
    if name is None or (content not in message and not calls):
        return None
    parts = (as_text(message.get(content)), as_json(calls) if calls else "")
    return {"role": name, "content": "\n".join(part for part in parts if part)}


def _part(part: str | Record) -> str:
    if isinstance(part, str):
        return part
    text = part.get("text", part.get("value"))
    if not isinstance(text, str):
        return as_json(part)
    return f"<think>\n{text}\n</think>" if part.get("type") == "reasoning" else text
