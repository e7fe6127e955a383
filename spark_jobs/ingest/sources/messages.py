"""Messages: who speaks under whatever name, what is said, what is called, and what of it may be learned.

    >>> turns_of_messages([{"from": "human", "value": "Why?"}, {"from": "gpt", "value": "So."}])
    [{'role': 'user', 'content': 'Why?'}, {'role': 'assistant', 'content': 'So.'}]

The result of a call keeps the id of its call where it has one, on a line before it. A conversation ends with the last answer that
its owner wants to be learned; what comes after that answer stays in the raw bytes.
"""

from functools import lru_cache
from typing import Any, NamedTuple, TypeGuard

from spark_jobs.ingest.json_text import as_json
from spark_jobs.ingest.sources.fields import Record, find_name, fold, folded, is_record
from spark_jobs.ingest.sources.labels import bad_answer, label_names, training_names, untrained
from spark_jobs.ingest.sources.rejected import RecordRejected
from spark_jobs.ingest.sources.texts import as_text, context_text, in_cell, thought, typed_text

Turn = dict[str, str]  # role: system, user, assistant or tool; content

# who speaks, under the names in use, folded; a call is said by the assistant, its result by the tool
ROLES = {
    **dict.fromkeys(("system", "developer", "sys", "systemprompt", "systemmessage"), "system"),
    **dict.fromkeys(
        ("user", "human", "prompter", "customer", "client", "questioner", "student", "patient", "seeker", "usr", "instructor",
         "asker", "enduser", "inquirer", "question", "prompt", "humanuser", "visitor"),
        "user",
    ),
    **dict.fromkeys(
        ("assistant", "gpt", "bot", "model", "chatgpt", "ai", "agent", "chatbot", "doctor", "therapist", "teacher", "expert",
         "answerer", "functioncall", "toolcall", "toolcalls", "claude", "llm", "aiassistant", "gpt4", "gpt35", "bard", "bing",
         "gemini", "llama", "copilot", "answer", "response", "virtualassistant", "languagemodel", "responder", "tutor"),
        "assistant",
    ),
    **dict.fromkeys(
        ("tool", "function", "observation", "toolresponse", "toolresult", "ipython", "environment", "functionresponse",
         "functionresult", "tooloutput", "toolresults", "functionoutput", "toolresponses"),
        "tool",
    ),
}  # fmt: skip
_SPEAKER_FIELDS = ("role", "from", "speaker", "author", "sender", "participant")
_CONTENT_FIELDS = ("content", "value", "text", "utterance", "message", "body", "parts")
_CALL_FIELDS = ("toolcalls", "functioncall")
_REASONING = ("reasoningcontent", "reasoning", "thinking", "thoughts", "thought", "chainofthought", "cot")
_MEDIA = ("images", "image", "imageurl", "audio", "audios", "video", "videos")


class _Names(NamedTuple):
    """What the fields of a message are called; `more` where it has any beside speaker and content that count."""

    speaker: str | None
    body: str | None
    more: bool
    calls: tuple[str, ...]
    call_id: str | None
    reasoning: str | None
    media: tuple[str, ...]
    marks: tuple[str, ...]


def turns_of_messages(messages: object, tools: Any = None) -> list[Turn] | None:
    """The turns of a list of messages, whatever their fields are called; None if any message is not one.

    Tool definitions become a system turn of their own before the rest; calls are part of the turn that makes them. Raises RecordRejected
    where no answer may be learned, or a message shows what is no text.
    """
    if type(messages) is not list or not messages or not (is_record(messages[0]) and len(messages[0]) > 1):
        messages = unwrapped(messages)
    # one entry that is no message makes all of them something else: half a conversation misleads
    if not isinstance(messages, list) or not messages:
        return None
    turns: list[Turn] = []
    marked = False
    for message in messages:
        turn = _turn(message)
        if turn is None:
            return None
        turns.append(turn)
        marked = marked or _message_names(tuple(message)).marks != ()
    if marked:
        turns = _learned(turns, messages)
    if not tools:
        return turns
    defined = tools if isinstance(tools, str) else as_json(tools)
    return [{"role": "system", "content": defined}, *turns] if context_text(defined).strip() else turns


def unwrapped(messages: Any) -> Any:
    """The list of messages in a cell of JSON, in a list of one list, or in one list a field; any other value as it is."""
    found = in_cell(messages)
    if isinstance(found, list | tuple) and len(found) == 1 and isinstance(found[0], list):
        found = found[0]
    if isinstance(found, list) and len(found) == 1 and is_record(found[0]) and len(found[0]) == 1:
        found = found[0]
    if is_record(found) and len(found) == 1 and _are_records(inner := next(iter(found.values()))):
        return inner
    if is_record(found) and found and all(str(name).isdecimal() and is_record(value) for name, value in found.items()):
        return list(found.values())
    if _are_speeches(found):
        return [{"role": role, "content": words} for one in found for role, words in one.items()]
    if _are_spoken_pairs(found):
        return [{"role": role, "content": words} for role, words in found]
    if is_record(found) and found and all(isinstance(column, list) for column in found.values()):
        lengths = {len(column) for column in found.values()}
        if len(lengths) == 1:
            found = [dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)]
    return found


def _are_speeches(value: Any) -> TypeGuard[list[dict[str, str]]]:
    """Whether each of a list's objects holds what one speaker says under the speaker: [{"human": "Hi"}, {"gpt": "Ho"}]."""
    if not _are_records(value) or any(len(one) != 1 for one in value):
        return False
    said = [(_role(str(name)), words) for one in value for name, words in one.items()]
    return {"user", "assistant"} <= {role for role, _ in said} and all(
        role and isinstance(words, str) for role, words in said
    )


def _are_spoken_pairs(value: Any) -> TypeGuard[list[tuple[str, str]]]:
    """Whether each of a list's pairs is a speaker and the words: [["user", "Hi"], ["assistant", "Ho"]]."""
    pairs = value if isinstance(value, list) else []
    if not all(isinstance(one, list | tuple) and len(one) == 2 and isinstance(one[0], str) for one in pairs):
        return False
    return {"user", "assistant"} <= {role for name, _ in pairs if (role := _role(name))} and all(
        _role(name) and isinstance(words, str) for name, words in pairs
    )


def _are_records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(is_record, value))


def unknown_speakers(messages: Any) -> list[str]:
    """The names of speakers who are neither of the known sides, of a list that is otherwise one of messages; else none."""
    found = unwrapped(messages)
    if not isinstance(found, list) or not found or not all(map(is_record, found)):
        return []
    names = [_message_names(tuple(message)) for message in found]
    if not all(one.speaker and (one.body or one.calls) for one in names):
        return []
    said = [_speaker(message[str(one.speaker)]) for message, one in zip(found, names, strict=True)]
    return sorted({str(name) for name in said if isinstance(name, str) and _role(name) is None})


@lru_cache(1024)
def _message_names(names: tuple[str, ...]) -> _Names:
    known = folded(names)
    found = _Names(
        find_name(known, _SPEAKER_FIELDS),
        find_name(known, _CONTENT_FIELDS),
        False,
        tuple(known[name] for name in _CALL_FIELDS if name in known),
        find_name(known, ("toolcallid", "callid")),
        find_name(known, _REASONING),
        tuple(known[name] for name in _MEDIA if name in known),
        training_names(known) + label_names(known),
    )
    return found._replace(more=bool(found.calls or found.call_id or found.reasoning or found.media))


@lru_cache(1024)
def _role(name: str) -> str | None:
    return ROLES.get(fold(name))


def _turn(message: object) -> Turn | None:
    if not is_record(message):
        return None
    # the messages of a file have few sets of names: what a set means is looked up once
    names = _message_names(tuple(message))
    if names.speaker is None:
        return None
    speaker = _speaker(message[names.speaker])
    role = _role(speaker) if isinstance(speaker, str) else None
    if role == "system" and names.speaker.casefold() == "speaker":
        role = "assistant"  # dialogue corpora name the two sides user and system
    if role is None or (names.body is None and not names.calls):
        return None
    content = "" if names.body is None else as_text(message[names.body])
    if content.startswith(("{", "[")):
        content = typed_text(content)
    return {"role": role, "content": _with_more(content, message, names, role) if names.more else content}


def _speaker(value: Any) -> Any:
    # exports of chats describe their author
    return next((value[name] for name in ("role", "name") if value.get(name)), None) if is_record(value) else value


def _with_more(content: str, message: Record, names: _Names, role: str) -> str:
    """The content with what stands beside it: thoughts before it, calls behind it, the id of the call it answers."""
    shown = next((name for name in names.media if context_text(message[name]).strip()), None)
    if shown is not None:
        raise RecordRejected("other_media", f"a message has the field {shown!r}: what it shows is not text")
    calls = next((message[name] for name in names.calls if _is_said(message[name])), None)
    words = as_text(message[names.reasoning]) if names.reasoning and role == "assistant" else ""
    parts = [thought(words.strip())] if words.strip() and words.strip() not in content else []
    parts += [content, "" if calls is None else calls if isinstance(calls, str) else as_json(calls)]
    own = message[names.call_id] if names.call_id and role == "tool" else None
    return "\n".join(part for part in ([f"tool_call_id: {own}"] if own else []) + parts if part)


def _is_said(value: Any) -> bool:
    """Whether anything is in a value but names: tables fill what a row has not with null."""
    if isinstance(value, str):
        return value.strip() not in ("", "[]", "{}", "null", "None")
    if isinstance(value, list | dict):
        return any(map(_is_said, value.values() if isinstance(value, dict) else value))
    return value is not None


def _learned(turns: list[Turn], messages: list[Any]) -> list[Turn]:
    """The turns up to the last answer that may be learned. Raises RecordRejected if there is none."""
    answers = [place for place, turn in enumerate(turns) if turn["role"] == "assistant"]
    why = {place: found for place in answers if (found := _forbidden(messages[place]))}
    if not why:
        return turns
    if len(why) == len(answers):
        reason, told = why[answers[-1]]
        raise RecordRejected(reason, f"no answer is left: {told}")
    return turns[: max(place for place in answers if place not in why) + 1]


def _forbidden(message: Record) -> tuple[str, str] | None:
    """The reason and the sentence why a message is not to be learned; None where no mark says so."""
    for name in _message_names(tuple(message)).marks:
        for reason, judge in (("not_for_training", untrained), ("bad_answer", bad_answer)):
            if name in _marks_of(reason, tuple(message)) and (told := judge(name, message[name])):
                return reason, told
    return None


@lru_cache(1024)
def _marks_of(reason: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return training_names(folded(names)) if reason == "not_for_training" else label_names(folded(names))
