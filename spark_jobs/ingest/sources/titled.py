"""Texts of a context with their titles, in the forms in use: pairs of the two, objects, columns; what is about them is left out.

>>> titled_texts([{"id": 1, "title": "Rye", "text": "It is dark."}]), titled_texts({"sentences": ["One.", "Two."], "labels": [0, 1]})
('Rye\\nIt is dark.', 'One.\\nTwo.')
"""

import re
from typing import Any, TypeGuard

from spark_jobs.ingest.sources.fields import is_record

# what is about a text is no text, and may tell the answer
_ABOUT_CONTENT = re.compile(
    r"labels?|meshes|(?:doc|passage|paragraph|article|wiki)?_?ids?|idx|index|scores?|rank|urls?|is[_A-Z]\w*|reasoning_\w+"
)
# under these names lie the texts, several of which may have titles
_CONTENTS = ("sentences", "paragraphs", "contexts", "texts", "text", "content", "passage", "passages", "paragraph")


def titled_texts(value: Any) -> str | None:
    """Several texts with their titles, as one: [title, sentences] pairs, objects of the two, or columns of them; None for anything else."""
    pairs: list[tuple[Any, Any]] = []
    if is_record(value):
        title, content = _title_and_content(value)
        if title is None and _are_texts(content):
            return "\n".join(content)
        if isinstance(title, list) and isinstance(content, list) and len(title) == len(content):
            pairs = list(zip(title, content, strict=True))
    elif isinstance(value, list):
        pairs = [_title_and_content(one) for one in value]
    read = [_titled(title, content) for title, content in pairs]
    if not read or None in read:
        return None
    return ("\n\n" if any(title for title, _ in pairs) else "\n").join(map(str, read))


def _title_and_content(value: Any) -> tuple[Any, Any]:
    """The title of a text (None if it has none) and the text; two times None for what is no such pair, or says more than it."""
    if isinstance(value, list):
        return (value[0], value[1]) if len(value) == 2 and isinstance(value[0], str) else (None, None)
    titles = [name for name in ("title", "titles") if name in value] if is_record(value) else []
    rest = [name for name in value if name not in titles] if is_record(value) else []
    rest = [name for name in rest if not _ABOUT_CONTENT.fullmatch(str(name))]
    if len(titles) > 1 or len(rest) != 1 or rest[0] not in _CONTENTS:
        return None, None
    return (value[titles[0]] if titles else None), value[rest[0]]


def _titled(title: Any, content: Any) -> str | None:
    words = " ".join(map(str.strip, content)) if _are_texts(content) else content
    if not isinstance(words, str) or not isinstance(title, str | None):
        return None
    return f"{title}\n{words}" if title else words


def _are_texts(value: Any) -> TypeGuard[list[str]]:
    return isinstance(value, list) and len(value) > 0 and all(isinstance(one, str) for one in value)
