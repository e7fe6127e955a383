"""Dolly: {instruction, context, response}; GPTeacher's {instruction, input, response} is the same with another name."""

from spark_jobs.ingest.sources.fields import SYSTEM, Fields, Reader, first, value
from spark_jobs.ingest.sources.turns import opened, single


def reader(fields: Fields) -> Reader | None:
    """Turns of records with these names, or None if they are not Dolly's."""
    instruction, response = fields.get("instruction"), fields.get("response")
    if instruction is None or response is None:
        return None
    context, more, system = fields.get("context"), fields.get("input"), first(fields, SYSTEM)
    return lambda record: opened(
        value(record, system),
        single(record[instruction], value(record, context) or value(record, more), record[response]),
    )
