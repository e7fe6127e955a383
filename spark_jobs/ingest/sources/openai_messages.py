"""OpenAI messages: {messages: [{role, content}]}, content as text or as typed parts, with tools and tool calls."""

from spark_jobs.ingest.sources.fields import SYSTEM, TOOLS, Fields, Reader, first, value
from spark_jobs.ingest.sources.turns import conversation, opened


def reader(fields: Fields) -> Reader | None:
    """Turns of records with these names, or None if they have no messages."""
    messages = fields.get("messages")
    if messages is None:
        return None
    tools, system = first(fields, TOOLS), first(fields, SYSTEM)
    return lambda record: opened(value(record, system), conversation(record[messages], value(record, tools)))
