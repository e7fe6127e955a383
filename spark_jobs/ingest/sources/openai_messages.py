"""OpenAI messages: {messages: [{role, content}]}, content as text or as typed parts, with tools and tool calls."""

from spark_jobs.ingest.sources.fields import SYSTEM, TOOLS, Fields, field_value, find_name
from spark_jobs.ingest.sources.messages import turns_of_messages
from spark_jobs.ingest.sources.turns import Reader, with_system


def reader(fields: Fields) -> Reader | None:
    """Turns of records with these names, or None if they have no messages."""
    messages = fields.get("messages")
    if messages is None:
        return None
    # both may stand beside the messages instead of among them
    tools, system = find_name(fields, TOOLS), find_name(fields, SYSTEM)
    return lambda record: with_system(
        field_value(record, system), turns_of_messages(record[messages], field_value(record, tools))
    )
