"""Turns of a conversation, made of the values of a record: of one exchange, of messages, of exchanges, of texts that alternate.

    >>> turns_of_exchange("Add", "2 and 2", 4)
    [{'role': 'user', 'content': 'Add\\n\\n2 and 2'}, {'role': 'assistant', 'content': '4'}]

Nothing is mended here: what a text went through on its way is for the clean stage.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from spark_jobs.ingest.json_text import as_json
from spark_jobs.ingest.sources.fields import Record, find_name, is_record

Turn = dict[str, str]  # role: system, user, assistant or tool; content
Reader = Callable[[Record], list[Turn] | None]

# who speaks, under the names in use; a call is said by the assistant, its result by the tool
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
_SPEAKER_FIELDS = ("role", "from", "speaker", "author", "sender", "participant")
_CONTENT_FIELDS = ("content", "value", "text", "utterance", "message", "body", "parts")
_QUESTION_FIELDS = ("human", "user", "question", "prompt", "instruction", "query", "input", "q")
_ANSWER_FIELDS = ("assistant", "bot", "gpt", "answer", "response", "completion", "output", "reply", "a")
_CALL_FIELDS = ("tool_calls", "function_call")


def as_text(value: Any) -> str:
    """A field as text: null is empty, a list of typed parts is their texts, anything structured is JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list) and value and all(isinstance(part, str | dict) for part in value):
        return "\n".join(_part(part) for part in value)
    return as_json(value)


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


def turns_of_exchange(question: Any, context: Any, answer: Any) -> list[Turn]:
    """The turns of one question and its answer; the context follows the question after a blank line.

    A question may be a conversation already, which the answer ends.
    """
    if not isinstance(question, str):
        earlier = turns_of_messages(question.get("messages") if is_record(question) else question)
        if earlier:
            return [*earlier, {"role": "assistant", "content": first_text(answer)}]
    prompt = as_text(question)
    more = as_text(context)
    if more.strip():
        prompt = f"{prompt}\n\n{more}" if prompt.strip() else more
    return [{"role": "user", "content": prompt}, {"role": "assistant", "content": first_text(answer)}]


def with_system(system: Any, turns: list[Turn] | None) -> list[Turn] | None:
    """The turns, behind a system turn if `system` is not empty; None if there are no turns."""
    if turns is None or not system:
        return turns
    return [{"role": "system", "content": as_text(system)}, *turns]


def turns_of_messages(messages: object, tools: Any = None) -> list[Turn] | None:
    """The turns of a list of messages, whatever their fields are called; None if any message is not one.

    Tool definitions become a system turn of their own before the rest; calls are part of the turn that makes them.
    """
    # one entry that is no message makes all of them something else: half a conversation misleads
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


def turns_of_exchanges(exchanges: object) -> list[Turn] | None:
    """The turns of a list of exchanges, each [question, answer] or {human, assistant}; None if any is not one."""
    if not isinstance(exchanges, list) or not exchanges:
        return None
    turns: list[Turn] = []
    for exchange in exchanges:
        pair = _pair(exchange)
        if pair is None:
            return None
        turns += turns_of_exchange(pair[0], None, pair[1])
    return turns


def turns_of_texts(texts: object) -> list[Turn] | None:
    """The turns of two or more texts that a user and an assistant say in turn; None if it is not that."""
    if not isinstance(texts, list) or len(texts) < 2 or not all(isinstance(text, str) for text in texts):
        return None
    return [{"role": ("user", "assistant")[place % 2], "content": text} for place, text in enumerate(texts)]


def _pair(exchange: Any) -> tuple[Any, Any] | None:
    if isinstance(exchange, list):
        return tuple(exchange) if len(exchange) == 2 and all(isinstance(text, str) for text in exchange) else None
    if not is_record(exchange):
        return None
    # `Human` and `human` are one name here, too
    names = {str(name).casefold(): name for name in exchange}
    question, answer = find_name(names, _QUESTION_FIELDS), find_name(names, _ANSWER_FIELDS)
    return None if question is None or answer is None else (exchange[question], exchange[answer])


@lru_cache(1024)
def _message_fields(names: tuple[str, ...]) -> tuple[str | None, str | None]:
    """The names of a message's speaker and of its content, or None for what it has not."""
    names_by_lower = {str(name).casefold(): name for name in names}
    return find_name(names_by_lower, _SPEAKER_FIELDS), find_name(names_by_lower, _CONTENT_FIELDS)


def _turn(message: object) -> Turn | None:
    if not is_record(message):
        return None
    # the messages of a file have few sets of names: what a set means is looked up once
    speaker, body = _message_fields(tuple(message))
    if speaker is None or not isinstance(message[speaker], str):
        return None
    role = ROLES.get(message[speaker].lower())
    if role == "system" and speaker.casefold() == "speaker":
        role = "assistant"  # dialogue corpora name the two sides user and system
    calls = next((message[name] for name in _CALL_FIELDS if message.get(name)), None)
    if role is None or (body is None and calls is None):
        return None
    content = "" if body is None else as_text(message[body])
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
