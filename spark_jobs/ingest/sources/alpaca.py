"""Alpaca: {instruction, input, output}, with LLaMA-Factory's optional system prompt."""

from spark_jobs.ingest.sources.fields import SYSTEM, Fields, field_value, find_name, names_beside
from spark_jobs.ingest.sources.texts import beside_text
from spark_jobs.ingest.sources.turns import Reader, turns_of_exchange, with_system


def reader(fields: Fields) -> Reader | None:
    """Turns of records with these names, or None if they are not Alpaca's."""
    instruction, output = fields.get("instruction"), find_name(fields, ("output", "outputs"))
    if instruction is None or output is None:
        return None
    beside, system = names_beside(fields, instruction, output), find_name(fields, SYSTEM)
    return lambda record: with_system(
        field_value(record, system),
        turns_of_exchange(record[instruction], beside_text(record, beside, record[instruction]), record[output]),
    )
