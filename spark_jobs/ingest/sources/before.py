"""What stands beside one exchange and comes before it: the rounds before its question, the tools that its answer may call.

>>> from spark_jobs.ingest.sources.fields import folded
>>> names = leading(folded(["prompt", "response", "history"]))
>>> turns = [{"role": "user", "content": "And mace?"}, {"role": "assistant", "content": "A spice."}]
>>> [turn["content"] for turn in led_by({"history": [["What is dill?", "A herb."]]}, names, turns)]
['What is dill?', 'A herb.', 'And mace?', 'A spice.']
"""

from typing import Any, NamedTuple

from spark_jobs.ingest.json_text import as_json
from spark_jobs.ingest.sources.fields import TOOLS, Fields, Record, field_value, find_name, is_record
from spark_jobs.ingest.sources.messages import Turn, turns_of_messages
from spark_jobs.ingest.sources.texts import in_cell
from spark_jobs.ingest.sources.turns import turns_of_exchanges

# shapes that read these by themselves, or have their rounds in one list
_WHOLE = frozenset({"openai_messages", "sharegpt", "dialogue", "questions", "transcript"})
_HISTORY = ("history", "chathistory", "conversationhistory", "dialoguehistory", "dialoghistory")


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
    tools, rounds = _tools(field_value(record, names.tools)), _rounds(field_value(record, names.history))
    # a chosen conversation may hold its rounds already
    rounds = [] if turns[system : system + len(rounds)] == rounds else rounds
    return [*turns[:system], *tools, *rounds, *turns[system:]]


def _rounds(history: object) -> list[Turn]:
    history = in_cell(history)
    return turns_of_exchanges(history) or turns_of_messages(history) or []


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
