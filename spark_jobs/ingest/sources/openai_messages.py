"""OpenAI messages: {messages: [{role, content}]}, content as text or as typed parts, with tools and tool calls."""

from spark_jobs.ingest.sources.fields import SYSTEM, TOOLS, Fields, Record, field_value, find_name, said_name
from spark_jobs.ingest.sources.messages import Turn, turns_of_messages
from spark_jobs.ingest.sources.turns import Reader, answered, with_system


def reader(fields: Fields) -> Reader | None:
    """Turns of records with these names, or None if they have no messages."""
    messages = fields.get("messages")
    if messages is None:
        return None
    # these may stand beside the messages instead of among them
    tools, system, answer = find_name(fields, TOOLS), find_name(fields, SYSTEM), said_name(fields)

    def read(record: Record) -> list[Turn] | None:
        turns = turns_of_messages(record[messages], field_value(record, tools))
        return with_system(field_value(record, system), answered(turns, record, answer))

    return read
