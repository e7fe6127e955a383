"""Whole conversations in one text, marked as `lake.landing.conversations` knows: ChatML, `[INST]`, `### Instruction:`, `Human: … Assistant: …`."""

import re

from lake.landing.conversations import conversation_turns
from lake.landing.quizzes import quiz_turns
from spark_jobs.ingest.sources.fields import SYSTEM, Fields, Record, field_value, find_name
from spark_jobs.ingest.sources.messages import Turn
from spark_jobs.ingest.sources.turns import Reader, turns_said, with_system

_TEXTS = (
    "text", "transcript", "conversation", "conversations", "dialogue", "dialog", "chat", "messages", "prompt", "sample", "content",
    "formatted", "formattedtext", "formattedprompt", "chattext",
)  # fmt: skip
_SYSTEM_MARK = re.compile(r"\A\s*(?:SYSTEM|System):\s*")


def reader(fields: Fields) -> Reader | None:
    """Turns of records whose text is a conversation, or None if they have no text."""
    name = find_name(fields, _TEXTS)
    if name is None:
        return None
    system = find_name(fields, SYSTEM)

    def read(record: Record) -> list[Turn] | None:
        text = record[name]
        if not isinstance(text, str):
            return None
        # an answer may be a quiz that was asked for: only a record that is nothing else is one
        quiz = quiz_turns(text)
        turns = parse_transcript(text) if quiz is None else turns_said(quiz)
        said = field_value(record, system)
        # a system instruction beside a transcript is marked as one there, too
        return with_system(_SYSTEM_MARK.sub("", said, count=1) if isinstance(said, str) else said, turns)

    return read


def parse_transcript(text: str) -> list[Turn] | None:
    """The turns of a text that is a conversation with an answer; what stands before the first mark opens as system."""
    found = conversation_turns(text)
    return None if found is None else turns_said(found)
