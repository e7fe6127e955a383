"""A category and a dense statement about it."""

from collections.abc import Mapping
from dataclasses import dataclass

from texts.formats.marked import Marked


@dataclass(frozen=True)
class CategoryStatement(Marked):
    """`C: ...` then `S: ...`."""

    def pair(self, fields: Mapping[str, str]) -> tuple[str, str]:
        """A request for what matters about the category, and the statement."""
        return f"Summarise what matters about this topic: {fields['category']}", fields["statement"]


CATEGORY_STATEMENT = CategoryStatement(
    "category_statement",
    (("category", "C:"), ("statement", "S:")),
    rules="A topic in a few words; what matters about it, in full sentences.",
    example="C: Sourdough starter\nS: A sourdough starter is flour and water in which wild yeast lives. Feed it flour every day.",
    passage="Sourdough starter\n\nA starter is flour and water in which wild yeast lives. It is fed with flour every day.",
    words=(("category", "Category"), ("category", "Topic"), ("statement", "Statement")),
)
