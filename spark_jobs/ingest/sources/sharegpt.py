"""ShareGPT: {conversations: [{from, value}]}, with tools and function calls; some files say role and content instead."""

from spark_jobs.ingest.sources.fields import SYSTEM, TOOLS, Fields, Reader, first, value
from spark_jobs.ingest.sources.turns import conversation, opened


def reader(fields: Fields) -> Reader | None:
    """Turns of records with these names, or None if they have no conversations."""
    messages = first(fields, ("conversations", "conversation"))
    if messages is None:
        return None
    tools, system = first(fields, TOOLS), first(fields, SYSTEM)
    return lambda record: opened(value(record, system), conversation(record[messages], value(record, tools)))
