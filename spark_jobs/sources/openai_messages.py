"""OpenAI messages: {messages: [{role, content}]}, content as text or as typed parts, with tools and tool calls."""

from spark_jobs.sources.turns import Record, Turn, conversation


def turns(record: Record) -> list[Turn] | None:
    """The turns of an OpenAI record, or None if it is not one."""
    return conversation(record.get("messages"), "role", "content", record.get("tools") or record.get("functions"))
