"""Alpaca: {instruction, input, output}, with LLaMA-Factory's optional system prompt and history of [question, answer] pairs."""

from spark_jobs.ingest.sources.fields import SYSTEM, Fields, Record, field_value, find_name
from spark_jobs.ingest.sources.messages import Turn
from spark_jobs.ingest.sources.turns import Reader, turns_of_exchange, turns_of_exchanges, with_system


def reader(fields: Fields) -> Reader | None:
    """Turns of records with these names, or None if they are not Alpaca's."""
    instruction, output = fields.get("instruction"), find_name(fields, ("output", "outputs"))
    if instruction is None or output is None:
        return None
    more, history, system = (
        find_name(fields, ("input", "inputs", "context")),
        fields.get("history"),
        find_name(fields, SYSTEM),
    )

    def read(record: Record) -> list[Turn] | None:
        latest = turns_of_exchange(record[instruction], field_value(record, more), record[output])
        # history holds the rounds before this one; most files leave it out or empty
        earlier = turns_of_exchanges(field_value(record, history)) or []
        return with_system(field_value(record, system), [*earlier, *latest])

    return read
