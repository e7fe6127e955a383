"""Passages: {title, text}, or the names that encyclopaedia dumps use for the text; a text alone is a passage without a title."""

from spark_jobs.ingest.sources.fields import Record, field_value, folded
from spark_jobs.ingest.sources.texts import as_text

TEXTS = (
    "text",
    "extract",
    "content",
    "body",
    "passage",
    "paragraph",
    "document",
    "article",
    "abstract",
    "summary",
    "plaintext",
)
_TITLES = ("title", "name", "heading", "pagetitle", "headline")


_SPEAKERS = frozenset({"role", "speaker", "from", "sender"})


def read_passage(record: Record) -> tuple[str, str] | None:
    """Title ("" if there is none) and text, or None if the record has no text, or has a speaker: then it is a message."""
    fields = folded(record)
    if not _SPEAKERS.isdisjoint(fields):
        return None
    # a field with such a name may hold something else, as `content` a list: the next name is tried then
    text = next((fields[name] for name in TEXTS if isinstance(field_value(record, fields.get(name)), str)), None)
    if text is None:
        return None
    title = next((fields[name] for name in _TITLES if name in fields), None)
    return as_text(field_value(record, title)), as_text(record[text])
