"""Dolly: {instruction, context, response}; GPTeacher's {instruction, input, response} is the same with another name."""

from spark_jobs.ingest.sources.fields import SYSTEM, Fields, field_value, find_name, names_beside
from spark_jobs.ingest.sources.texts import beside_text
from spark_jobs.ingest.sources.turns import Reader, turns_of_exchange, with_system


def reader(fields: Fields) -> Reader | None:
    """Turns of records with these names, or None if they are not Dolly's."""
    instruction, response = fields.get("instruction"), fields.get("response")
    if instruction is None or response is None:
        return None
    beside, system = names_beside(fields, instruction, response), find_name(fields, SYSTEM)
    return lambda record: with_system(
        field_value(record, system),
        turns_of_exchange(record[instruction], beside_text(record, beside, record[instruction]), record[response]),
    )
