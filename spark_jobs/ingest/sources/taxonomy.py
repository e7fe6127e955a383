"""InstructLab taxonomy files: seed examples, flat or several questions to a context, one record a question."""

from typing import Any

from spark_jobs.ingest.sources import reading
from spark_jobs.ingest.sources.fields import Record, is_record


def nested_records(record: Record) -> list[Any] | None:
    """The questions as {question, answer, context} records; None if this is not a taxonomy file."""
    examples = record.get("seed_examples")
    if not isinstance(examples, list) or not examples:
        return None
    return [unit for example in examples for unit in _questions(example)]


def _questions(example: Any) -> list[Any]:
    # in files of knowledge an example is a context with several questions, elsewhere it is a question itself
    return (reading.nested_records(example) if is_record(example) else None) or [example]
