"""Truths that answers are measured against: {id, facts, text}, the facts a list of sentences."""

from dataclasses import dataclass

from spark_jobs.ingest.sources.fields import Record
from spark_jobs.ingest.sources.texts import as_text


@dataclass(frozen=True)
class Truth:
    """One held-out text and the facts it states."""

    name: str
    text: str
    facts: list[str]


def read_truth(record: Record) -> Truth | None:
    """The truth a record states, or None if it is not one."""
    facts = record.get("facts")
    if not record.get("id") or not isinstance(record.get("text"), str) or not isinstance(facts, list):
        return None
    return Truth(str(record["id"]), record["text"], [as_text(fact) for fact in facts])
