"""Dolly: {instruction, context, response}; GPTeacher's {instruction, input, response} is the same with another name."""

from spark_jobs.ingest.sources.fields import SYSTEM, Fields, field_value, find_name
from spark_jobs.ingest.sources.turns import Reader, turns_of_exchange, with_system


def reader(fields: Fields) -> Reader | None:
    """Turns of records with these names, or None if they are not Dolly's."""
    instruction, response = fields.get("instruction"), fields.get("response")
    if instruction is None or response is None:
        return None
    # Dolly leaves context empty where it has none: GPTeacher's name is the second choice
    context, more, system = fields.get("context"), fields.get("input"), find_name(fields, SYSTEM)
    return lambda record: with_system(
        field_value(record, system),
        turns_of_exchange(
            record[instruction], field_value(record, context) or field_value(record, more), record[response]
        ),
    )
