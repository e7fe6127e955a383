"""What stands beside one exchange and comes before it: the rounds before its question, the tools that its answer may call.

>>> from spark_jobs.ingest.sources.fields import folded
>>> names = leading(folded(["prompt", "response", "history"]))
>>> turns = [{"role": "user", "content": "And mace?"}, {"role": "assistant", "content": "A spice."}]
>>> [turn["content"] for turn in led_by({"history": [["What is dill?", "A herb."]]}, names, turns)]
['What is dill?', 'A herb.', 'And mace?', 'A spice.']
"""

import re
from typing import Any, NamedTuple

from lake.landing.conversations import conversation_turns
from spark_jobs.ingest.json_text import as_json
from spark_jobs.ingest.sources.fields import TOOLS, Fields, Record, field_value, find_name, is_record
from spark_jobs.ingest.sources.messages import Turn, turns_of_messages
from spark_jobs.ingest.sources.rejected import RecordRejected
from spark_jobs.ingest.sources.texts import context_text, in_cell
from spark_jobs.ingest.sources.turns import turns_of_exchanges, turns_said

# shapes that read these by themselves, or have their rounds in one list
_WHOLE = frozenset({"openai_messages", "sharegpt", "dialogue", "questions", "transcript"})
_HISTORY = ("history", "chathistory", "conversationhistory", "dialoguehistory", "dialoghistory")
_NUMBER = re.compile(r"\s*\d[\d\s.,:/–-]*")


class Leading(NamedTuple):
    """The record's names for the rounds before its question and for the tools of its answer."""

    history: str | None
    tools: str | None


def leading(fields: Fields) -> Leading | None:
    """The names of what may come before an exchange of records with these names; None if there is none."""
    found = Leading(find_name(fields, _HISTORY), find_name(fields, TOOLS))
    return found if any(found) else None


def led_by(record: Record, names: Leading | None, turns: list[Turn], shape: str = "") -> list[Turn]:
    """The turns behind what comes before them; as they are where the shape has read it, or there is nothing."""
    if names is None or shape in _WHOLE or not turns:
        return turns
    system = 1 if turns[0]["role"] == "system" else 0
    tools, history = _tools(field_value(record, names.tools)), in_cell(field_value(record, names.history))
    spoken = conversation_turns(history) if isinstance(history, str) else None
    if isinstance(history, str) and spoken is None:
        turns = [*turns[:system], *_behind_text(names.history, context_text(history).strip(), turns[system:])]
    rounds = turns_said(spoken) if spoken else _rounds(names.history, history)
    # a chosen conversation may hold its rounds already
    rounds = [] if turns[system : system + len(rounds)] == rounds else rounds
    return [*turns[:system], *tools, *rounds, *turns[system:]]


def _behind_text(name: str | None, text: str, turns: list[Turn]) -> list[Turn]:
    """The turns, the first question behind a text that tells what came before it, such as the history of a patient."""
    if not turns or text in turns[0]["content"]:
        return turns
    if turns[0]["role"] != "user":
        raise _no_rounds(name)
    return [{"role": "user", "content": f"{text}\n\n{turns[0]['content']}"}, *turns[1:]]


def _rounds(name: str | None, history: object) -> list[Turn]:
    """The rounds before a question. Raises RecordRejected for texts that are none: without them the question may not be understood."""
    if not isinstance(history, list) or not context_text(history).strip():
        return []
    rounds = turns_of_exchanges(history) or turns_of_messages(history)
    # a pair of a year and what happened in it is no round
    if not rounds or all(isinstance(one, list) and _NUMBER.fullmatch(one[0]) for one in history):
        raise _no_rounds(name)
    return rounds


def _no_rounds(name: str | None) -> RecordRejected:
    told = f"the field {name!r} holds something else than rounds of a user and an assistant"
    return RecordRejected("unknown_shape", told)


def _tools(value: Any) -> list[Turn]:
    """A system turn with definitions of tools; none for anything else, since a `function` may be code."""
    found = in_cell(value)
    if (
        not isinstance(found, list)
        or not found
        or not all(is_record(one) and {"name", "function"} & one.keys() for one in found)
    ):
        return []
    return [{"role": "system", "content": value if isinstance(value, str) else as_json(value)}]
