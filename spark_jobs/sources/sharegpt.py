"""ShareGPT: {conversations: [{from, value}]}, with tools and function calls; some files say role and content instead."""

from spark_jobs.sources.turns import Record, Turn, conversation, single


def turns(record: Record) -> list[Turn] | None:
    """The turns of a ShareGPT record, or None if it is not one."""
    messages = record.get("conversations", record.get("conversation"))
    tools = record.get("tools")
    spoken = conversation(messages, "from", "value", tools) or conversation(messages, "role", "content", tools)
    if spoken is None or not record.get("system"):
        return spoken
    return [*single(None, None, None, record["system"])[:-2], *spoken]
