"""Task files: one definition and many instances (self-instruct, natural instructions, BIG-Bench examples), one record each."""

from typing import Any

from spark_jobs.sources.turns import Record, as_text, is_record

_LISTS = ("instances", "Instances", "examples", "data")
_DEFINITIONS = ("instruction", "Definition", "definition", "Prompt")


def units(record: Record) -> list[Any] | None:
    """The instances as records of their own, each with the definition; None if this is not a task file."""
    name = next((name for name in _LISTS if isinstance(record.get(name), list) and record[name]), None)
    if name is None:
        return None
    definition = next((as_text(record[field]) for field in _DEFINITIONS if record.get(field)), None)
    shared = {"instruction": definition} if definition else {}
    if "id" in record:
        shared["id"] = record["id"]
    return [{**shared, **unit} if is_record(unit) else unit for unit in record[name]]
