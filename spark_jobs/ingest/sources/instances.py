"""Task files: one definition and many instances (self-instruct, natural instructions, BIG-Bench examples), one record each."""

from typing import Any

from spark_jobs.ingest.sources.fields import Record, folded, is_record
from spark_jobs.ingest.sources.texts import as_text
from spark_jobs.ingest.sources.wrapper import wrong_lists

_LISTS = ("instances", "examples", "data", "positiveexamples")
_DEFINITIONS = ("instruction", "definition", "prompt", "taskdescription")


def nested_records(record: Record) -> list[Any] | None:
    """The instances as records of their own, each with the definition; None if this is not a task file."""
    fields = folded(record)
    name = next(
        (own for known in _LISTS if (own := fields.get(known)) and isinstance(record[own], list) and record[own]), None
    )
    if name is None:
        return None
    definition = next(
        (as_text(record[fields[known]]) for known in _DEFINITIONS if record.get(fields.get(known, ""))), None
    )
    # an instance may bring an instruction and an id of its own: these count more
    shared = {"instruction": definition} if definition else {}
    if "id" in record:
        shared["id"] = record["id"]
    return [*({**shared, **unit} if is_record(unit) else unit for unit in record[name]), *wrong_lists(record)]
