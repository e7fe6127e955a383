"""Dialogues under other names than chat formats use: schema-guided {turns: [{speaker, utterance}]}, {dialog: [text, text]}, pairs."""

from spark_jobs.ingest.sources.fields import SYSTEM, TOOLS, Fields, Record, field_value, find_name, said_name
from spark_jobs.ingest.sources.messages import Turn, turns_of_messages
from spark_jobs.ingest.sources.turns import Reader, answered, turns_of_exchanges, turns_of_texts, with_system

_NAMES = (
    "turns", "dialogue", "dialog", "dialogs", "dialogues", "utterances", "thread", "chat", "chathistory", "chatmessages", "messagehistory", "log", "history",
    "exchange", "exchanges", "message", "turn", "utterance", "conversations", "conversation", "messages", "contents", "items", "data",
)  # fmt: skip


def reader(fields: Fields) -> Reader | None:
    """Turns of records with one of these names, or None if they have none; a reader gives None where the value is no dialogue."""
    # all of them are tried: a record may have a log beside its dialogue
    names = [fields[name] for name in _NAMES if name in fields]
    if not names:
        return None
    tools, system, answer = find_name(fields, TOOLS), find_name(fields, SYSTEM), said_name(fields)
    # texts in turn are a dialogue only where nothing but their place can say who speaks: `turns` are a benchmark's questions
    plain = {
        fields[name]
        for name in _NAMES
        if name in fields and name not in ("turns", "messages", "log", "history", "thread", "contents", "items")
    }

    # a container of records says nothing about who speaks: pairs in it are records of their own
    boxes = {fields[name] for name in ("items", "data", "contents") if name in fields}

    def read(record: Record) -> list[Turn] | None:
        for name in names:
            value = record[name]
            turns = (
                turns_of_messages(value, field_value(record, tools))
                or (turns_of_exchanges(value) if name not in boxes else None)
                or (turns_of_texts(value) if name in plain else None)
            )
            if turns:
                return with_system(field_value(record, system), answered(turns, record, answer))
        return None

    return read
