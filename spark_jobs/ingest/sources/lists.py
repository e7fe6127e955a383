"""Records that are lists: a conversation without a name (an array a line), several conversations, several records."""

from collections.abc import Callable
from typing import Any

from lake.landing.delimiters import names_without_header
from spark_jobs.ingest.sources.fields import is_record
from spark_jobs.ingest.sources.messages import turns_of_messages, unknown_speakers
from spark_jobs.ingest.sources.rejected import RecordRejected
from spark_jobs.ingest.sources.turns import turns_of_exchanges


def records(values: list[Any], is_meaningful: Callable[[Any], bool]) -> list[Any] | None:
    """What is in a list, as records; None if it is nothing that means something."""
    if not values:
        return None
    if _is_talk(values):
        return [{"messages": values}]
    if all(map(is_record, values)):
        # pairs are records of their own; what has no shape alone may still be a pair of a dialogue
        if is_meaningful(values[0]):
            return values
        return [{"conversation": values}] if turns_of_exchanges(values) else None
    if all(isinstance(value, str) for value in values) and (names := names_without_header(values)) == [
        "question",
        "answer",
    ]:
        return [dict(zip(names, values, strict=True))]
    if all(isinstance(value, list) and value for value in values):
        if turns_of_exchanges(values):
            return [{"conversation": values}]
        return values if all(map(is_meaningful, values)) else None
    return None


def named(values: list[Any]) -> dict[str, Any]:
    """The values by their places from 1, as a user can name them."""
    return {str(place): value for place, value in enumerate(values, 1)}


def _is_talk(values: list[Any]) -> bool:
    if not all(map(is_record, values)):
        return False
    try:
        return turns_of_messages(values) is not None or bool(unknown_speakers(values))
    except RecordRejected:
        return True
