"""Preference pairs: {prompt or conversation, chosen, rejected}. The chosen side is the record; the rejected one stays in the raw bytes."""

from collections.abc import Mapping

from spark_jobs.sources import openai_messages, sharegpt
from spark_jobs.sources.turns import Record, Turn, as_text, conversation, single

_PROMPTS = ("prompt", "question", "instruction", "input", "query")


def turns(record: Record) -> list[Turn] | None:
    """The turns that lead to the chosen answer, and that answer; None if this is not a preference pair."""
    if not {"chosen", "rejected"} <= record.keys():
        return None
    chosen = record["chosen"]
    whole = _spoken(chosen)
    if whole is not None and len(whole) > 1:
        return whole
    before = sharegpt.turns(record) or openai_messages.turns(record) or _prompted(record)
    if before is None:
        return None
    answer = whole[0]["content"] if whole else as_text(chosen)
    return [*before, {"role": "assistant", "content": answer}]


def _spoken(chosen: object) -> list[Turn] | None:
    messages = [chosen] if isinstance(chosen, Mapping) else chosen
    return conversation(messages, "from", "value") or conversation(messages, "role", "content")


def _prompted(record: Record) -> list[Turn] | None:
    name = next((name for name in _PROMPTS if name in record), None)
    if name is None:
        return None
    prompt = record[name]
    return _spoken(prompt) or single(prompt, None, None, record.get("system"))[:-1]
