"""From the values a raw record holds to turns of a conversation: the vocabulary that all shapes share."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeGuard

import orjson

Record = Mapping[str, Any]
Turn = dict[str, str]

ROLES = {
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(
        ("user", "human", "prompter", "customer", "client", "questioner", "student", "patient", "seeker", "usr", "instructor"),
        "user",
    ),
    **dict.fromkeys(
        ("assistant", "gpt", "bot", "model", "chatgpt", "ai", "agent", "chatbot", "doctor", "therapist", "teacher", "expert",
         "answerer", "function_call", "tool_call", "tool_calls", "claude", "llm"),
        "assistant",
    ),
    **dict.fromkeys(("tool", "function", "observation", "tool_response", "tool_result", "ipython", "environment"), "tool"),
}  # fmt: skip
_SPEAKERS = ("role", "from", "speaker", "author", "sender", "participant")
_SAID = ("content", "value", "text", "utterance", "message", "body", "parts")
_ASKED = ("human", "user", "question", "prompt", "instruction", "query", "input", "q")
_REPLIED = ("assistant", "bot", "gpt", "answer", "response", "completion", "output", "reply", "a")
_CALLS = ("tool_calls", "function_call")


def is_record(value: object) -> TypeGuard[Record]:
    """Whether a parsed value is an object with named fields."""
    return isinstance(value, dict)


def as_text(value: Any) -> str:
    """A field as text: null is empty, a list of typed parts is their texts, anything structured is JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list) and value and all(isinstance(part, str | dict) for part in value):
        return "\n".join(_part(part) for part in value)
    return as_json(value)


def as_json(value: Any) -> str:
    """Compact JSON of any parsed value; what JSON does not know (dates, bytes) as its text, NaN as null."""
    try:
        return orjson.dumps(value, default=str, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()
    except TypeError:  # halves of characters, whole numbers of more than 64 bits, names that are no text
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def first_text(value: Any) -> str:
    """A field that may hold several accepted answers, as the first of them that is not empty."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return next((text for text in map(first_text, value) if text.strip()), "")
    if isinstance(value, dict):
        named = next((value[name] for name in ("text", "value", "answer", "content") if name in value), None)
        return as_json(value) if named is None else first_text(named)
    return as_text(value)


def single(question: Any, context: Any, answer: Any) -> list[Turn]:
    """The turns of one question and its answer; the context follows the question after a blank line.

    A question may be a conversation already, which the answer ends.
    """
    if not isinstance(question, str) and (spoken := _spoken(question)):
        return [*spoken, {"role": "assistant", "content": first_text(answer)}]
    prompt = as_text(question)
    more = as_text(context)
    if more.strip():
        prompt = f"{prompt}\n\n{more}" if prompt.strip() else more
    return [{"role": "user", "content": prompt}, {"role": "assistant", "content": first_text(answer)}]


def opened(system: Any, turns: list[Turn] | None) -> list[Turn] | None:
    """The turns with a system turn before them where there is one to say."""
    if turns is None or not system:
        return turns
    return [{"role": "system", "content": as_text(system)}, *turns]


def conversation(messages: object, tools: Any = None) -> list[Turn] | None:
    """The turns of a list of messages, whatever their fields are called; None if any message is not one.

    Tool definitions become a system turn of their own before the rest; calls are part of the turn that makes them.
    """
    if not isinstance(messages, list) or not messages:
        return None
    turns: list[Turn] = []
    for message in messages:
        turn = _turn(message)
        if turn is None:
            return None
        turns.append(turn)
    if not tools:
        return turns
    return [{"role": "system", "content": tools if isinstance(tools, str) else as_json(tools)}, *turns]


def paired(exchanges: object) -> list[Turn] | None:
    """The turns of a list of exchanges, each [question, answer] or {human, assistant}; None if any is not one."""
    if not isinstance(exchanges, list) or not exchanges:
        return None
    turns: list[Turn] = []
    for exchange in exchanges:
        pair = _pair(exchange)
        if pair is None:
            return None
        turns += single(pair[0], None, pair[1])
    return turns


def alternating(texts: object) -> list[Turn] | None:
    """The turns of two or more texts that a user and an assistant say in turn; None if it is not that."""
    if not isinstance(texts, list) or len(texts) < 2 or not all(isinstance(text, str) for text in texts):
        return None
    return [{"role": ("user", "assistant")[place % 2], "content": text} for place, text in enumerate(texts)]


def _spoken(held: Any) -> list[Turn] | None:
    return conversation(held.get("messages") if is_record(held) else held)


def _pair(exchange: Any) -> tuple[Any, Any] | None:
    if isinstance(exchange, list):
        return tuple(exchange) if len(exchange) == 2 and all(isinstance(text, str) for text in exchange) else None
    if not is_record(exchange):
        return None
    names = {str(name).casefold(): name for name in exchange}
    asked, replied = _first(names, _ASKED), _first(names, _REPLIED)
    return None if asked is None or replied is None else (exchange[asked], exchange[replied])


@lru_cache(1024)
def _message_fields(names: tuple[str, ...]) -> tuple[str | None, str | None]:
    folded = {str(name).casefold(): name for name in names}
    return _first(folded, _SPEAKERS), _first(folded, _SAID)


def _first(names: Mapping[str, str], wanted: Sequence[str]) -> str | None:
    return next((names[name] for name in wanted if name in names), None)


def _turn(message: object) -> Turn | None:
    if not is_record(message):
        return None
    speaker, said = _message_fields(tuple(message))
    if speaker is None or not isinstance(message[speaker], str):
        return None
    role = ROLES.get(message[speaker].lower())
    if role == "system" and speaker.casefold() == "speaker":
        role = "assistant"  # dialogue corpora name the two sides user and system
    calls = next((message[name] for name in _CALLS if message.get(name)), None)
    if role is None or (said is None and calls is None):
        return None
    content = "" if said is None else as_text(message[said])
    if calls is not None:
        content = "\n".join(part for part in (content, as_json(calls)) if part)
    return {"role": role, "content": content}


def _part(part: str | Record) -> str:
    if isinstance(part, str):
        return part
    text = part.get("text", part.get("value"))
    if not isinstance(text, str):
        return as_json(part)
    return f"<think>\n{text}\n</think>" if part.get("type") == "reasoning" else text
