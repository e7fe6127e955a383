"""Preference pairs: {prompt or conversation, chosen, rejected}. The chosen side is the record; the rejected one stays in the raw bytes."""

from typing import Any

from spark_jobs.ingest.sources import openai_messages, sharegpt, transcript
from spark_jobs.ingest.sources.fields import SYSTEM, Fields, Reader, first, value
from spark_jobs.ingest.sources.turns import Record, Turn, as_text, conversation, is_record, opened

_CHOSEN = (
    "chosen",
    "chosenresponse",
    "responsechosen",
    "chosenanswer",
    "preferred",
    "preferredresponse",
    "preferredoutput",
)
_REJECTED = (
    "rejected", "rejectedresponse", "responserejected", "rejectedanswer", "dispreferred", "nonpreferred", "rejectedoutput",
    "dispreferredresponse", "nonpreferredoutput",
)  # fmt: skip
_PROMPTS = ("prompt", "question", "instruction", "input", "query", "context")


def reader(fields: Fields) -> Reader | None:
    """Turns that lead to the chosen answer, and that answer, of records with these names; None if there is no such pair."""
    chosen = first(fields, _CHOSEN)
    if chosen is None or first(fields, _REJECTED) is None:
        return None
    spoken = [found for shape in (sharegpt, openai_messages) if (found := shape.reader(fields))]
    prompt, system = first(fields, _PROMPTS), first(fields, SYSTEM)

    def turns(record: Record) -> list[Turn] | None:
        whole = _spoken(record[chosen])
        if whole is not None and len(whole) > 1:
            return opened(value(record, system), whole)
        before = next((found for shape in spoken if (found := shape(record))), None)
        if before is None and prompt is not None:
            before = opened(value(record, system), _prompted(record[prompt]))
        if before is None:
            return None
        answer = whole[0]["content"] if whole else as_text(record[chosen])
        return [*before, {"role": "assistant", "content": answer}]

    return turns


def _spoken(held: Any) -> list[Turn] | None:
    if isinstance(held, str):
        return transcript.turns(held)
    return conversation([held] if is_record(held) else held)


def _prompted(prompt: Any) -> list[Turn]:
    return _spoken(prompt) or [{"role": "user", "content": as_text(prompt)}]
