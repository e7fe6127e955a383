"""Dialogues under other names than chat formats use: schema-guided {turns: [{speaker, utterance}]}, {dialog: [text, text]}, pairs."""

from spark_jobs.ingest.sources.fields import SYSTEM, TOOLS, Fields, Reader, first, value
from spark_jobs.ingest.sources.turns import Record, Turn, alternating, conversation, opened, paired

_NAMES = (
    "turns", "dialogue", "dialog", "dialogs", "dialogues", "utterances", "thread", "chat", "chathistory", "log", "history",
    "exchange", "exchanges", "conversations", "conversation", "messages", "contents", "items", "data",
)  # fmt: skip


def reader(fields: Fields) -> Reader | None:
    """Turns of records with one of these names, or None if they have none; a reader gives None where the value is no dialogue."""
    names = [fields[name] for name in _NAMES if name in fields]
    if not names:
        return None
    tools, system = first(fields, TOOLS), first(fields, SYSTEM)
    # texts in turn are a dialogue only where nothing but their place can say who speaks: `turns` are a benchmark's questions
    plain = {
        fields[name]
        for name in _NAMES
        if name in fields and name not in ("turns", "messages", "log", "history", "thread", "contents", "items")
    }

    def turns(record: Record) -> list[Turn] | None:
        for name in names:
            held = record[name]
            found = (
                conversation(held, value(record, tools))
                or paired(held)
                or (alternating(held) if name in plain else None)
            )
            if found:
                return opened(value(record, system), found)
        return None

    return turns
