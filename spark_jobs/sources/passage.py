"""Titled passages: {title, text}, or the names that encyclopaedia dumps use for the text."""

from spark_jobs.sources.turns import Record, as_text

_TEXTS = ("text", "extract", "content", "body")


def passage(record: Record) -> tuple[str, str] | None:
    """Title and text, or None if the record is not a titled passage."""
    text = next((name for name in _TEXTS if isinstance(record.get(name), str)), None)
    if text is None or "title" not in record:
        return None
    return as_text(record["title"]), record[text]
