"""ShareGPT: {conversations: [{from, value}]}, with tools and function calls; some files say role and content instead."""

from spark_jobs.ingest.sources.fields import SYSTEM, TOOLS, Fields, field_value, find_name
from spark_jobs.ingest.sources.messages import turns_of_messages
from spark_jobs.ingest.sources.turns import Reader, with_system


def reader(fields: Fields) -> Reader | None:
    """Turns of records with these names, or None if they have no conversations."""
    messages = find_name(fields, ("conversations", "conversation"))
    if messages is None:
        return None
    # both may stand beside the conversation instead of in it
    tools, system = find_name(fields, TOOLS), find_name(fields, SYSTEM)
    return lambda record: with_system(
        field_value(record, system), turns_of_messages(record[messages], field_value(record, tools))
    )
