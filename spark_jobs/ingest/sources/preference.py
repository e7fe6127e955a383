"""Preference pairs: {prompt or conversation, chosen, rejected}. The chosen side is the record; the rejected one stays in the raw bytes."""

from typing import Any

from lake.landing.conversations import prompt_turns
from spark_jobs.ingest.sources import openai_messages, sharegpt, transcript
from spark_jobs.ingest.sources.fields import SYSTEM, Fields, Record, field_value, find_name, is_record
from spark_jobs.ingest.sources.messages import Turn, turns_of_messages
from spark_jobs.ingest.sources.rejected import RecordRejected
from spark_jobs.ingest.sources.texts import context_text, first_text
from spark_jobs.ingest.sources.turns import Reader, turns_said, with_system

CHOSEN = (
    "chosen",
    "chosenresponse",
    "responsechosen",
    "chosenanswer",
    "preferred",
    "preferredresponse",
    "preferredoutput",
)
REJECTED = (
    "rejected", "rejectedresponse", "responserejected", "rejectedanswer", "dispreferred", "nonpreferred", "rejectedoutput",
    "dispreferredresponse", "nonpreferredoutput",
)  # fmt: skip
_PROMPTS = ("prompt", "question", "instruction", "input", "query", "context")


def reader(fields: Fields) -> Reader | None:
    """Turns that lead to the chosen answer, and that answer, of records with these names; None if there is no such pair."""
    chosen = find_name(fields, CHOSEN)
    if chosen is None or find_name(fields, REJECTED) is None:
        return None
    conversations = [reads for shape in (sharegpt, openai_messages) if (reads := shape.reader(fields))]
    prompt, system = find_name(fields, _PROMPTS), find_name(fields, SYSTEM)

    def read(record: Record) -> list[Turn] | None:
        # beside a list of bad answers, a mark that is no text is something else (see `labels`)
        if isinstance(record[chosen], bool | int | float):
            return None
        if not context_text(record[chosen]).strip():
            raise RecordRejected("bad_answer", f"the field {chosen!r} is empty, and the other side is called worse")
        whole = _conversation_in(record[chosen])
        if whole and len(whole) == 1 and whole[0]["role"] != "assistant":
            raise RecordRejected(
                "bad_answer", f"the field {chosen!r} holds no answer, only what the {whole[0]['role']} says"
            )
        # the chosen side may be a whole conversation (hh-rlhf), its last message, or the bare answer
        if whole is not None and len(whole) > 1:
            return with_system(field_value(record, system), whole)
        # a conversation beside the pair leads to it; else a prompt does, which may be a conversation itself
        before = next((turns for reads in conversations if (turns := reads(record))), None)
        if before is None and prompt is not None:
            before = with_system(field_value(record, system), _turns_of_prompt(record[prompt]))
        if before is None:
            return None
        answer = whole[0]["content"] if whole else first_text(record[chosen])
        return [*before, {"role": "assistant", "content": answer}]

    return read


def _conversation_in(value: Any) -> list[Turn] | None:
    if isinstance(value, str):
        return transcript.parse_transcript(value)
    return turns_of_messages([value] if is_record(value) else value)


def _turns_of_prompt(prompt: Any) -> list[Turn]:
    if isinstance(prompt, str) and (before := prompt_turns(prompt)):
        return turns_said(before)
    return _conversation_in(prompt) or [{"role": "user", "content": context_text(prompt)}]
