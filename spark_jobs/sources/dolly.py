"""Dolly: {instruction, context, response}; GPTeacher's {instruction, input, response} is the same with another name."""

from spark_jobs.sources.turns import Record, Turn, has, single


def turns(record: Record) -> list[Turn] | None:
    """The turns of a Dolly record, or None if it is not one."""
    if not has(record, "instruction", "response"):
        return None
    return single(record["instruction"], record.get("context") or record.get("input"), record["response"])
