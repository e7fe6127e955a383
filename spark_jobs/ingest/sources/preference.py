"""Preference pairs: {prompt or conversation, chosen, rejected}. The chosen side is the record; the rejected one stays in the raw bytes."""

from typing import Any

from spark_jobs.ingest.sources import openai_messages, sharegpt, transcript
from spark_jobs.ingest.sources.fields import SYSTEM, Fields, Record, field_value, find_name, is_record
from spark_jobs.ingest.sources.turns import Reader, Turn, as_text, turns_of_messages, with_system

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
    chosen = find_name(fields, _CHOSEN)
    if chosen is None or find_name(fields, _REJECTED) is None:
        return None
    conversations = [reads for shape in (sharegpt, openai_messages) if (reads := shape.reader(fields))]
    prompt, system = find_name(fields, _PROMPTS), find_name(fields, SYSTEM)

    def read(record: Record) -> list[Turn] | None:
        whole = _conversation_in(record[chosen])
        # the chosen side may be a whole conversation (hh-rlhf), its last message, or the bare answer
        if whole is not None and len(whole) > 1:
            return with_system(field_value(record, system), whole)
        # a conversation beside the pair leads to it; else a prompt does, which may be a conversation itself
        before = next((turns for reads in conversations if (turns := reads(record))), None)
        if before is None and prompt is not None:
            before = with_system(field_value(record, system), _turns_of_prompt(record[prompt]))
        if before is None:
            return None
        answer = whole[0]["content"] if whole else as_text(record[chosen])
        return [*before, {"role": "assistant", "content": answer}]

    return read


def _conversation_in(value: Any) -> list[Turn] | None:
    if isinstance(value, str):
        return transcript.parse_transcript(value)
    return turns_of_messages([value] if is_record(value) else value)


def _turns_of_prompt(prompt: Any) -> list[Turn]:
    return _conversation_in(prompt) or [{"role": "user", "content": as_text(prompt)}]
