"""Alpaca: {instruction, input, output}, with LLaMA-Factory's optional system prompt and history of [question, answer] pairs."""

from spark_jobs.ingest.sources.fields import SYSTEM, Fields, Reader, first, value
from spark_jobs.ingest.sources.turns import Record, Turn, opened, paired, single


def reader(fields: Fields) -> Reader | None:
    """Turns of records with these names, or None if they are not Alpaca's."""
    instruction, output = fields.get("instruction"), first(fields, ("output", "outputs"))
    if instruction is None or output is None:
        return None
    more, history, system = first(fields, ("input", "inputs", "context")), fields.get("history"), first(fields, SYSTEM)

    def turns(record: Record) -> list[Turn] | None:
        latest = single(record[instruction], value(record, more), record[output])
        earlier = paired(value(record, history)) or []
        return opened(value(record, system), [*earlier, *latest])

    return turns
