"""Whether the statements of a text are supported by its members, each by one stretch of one of them; lexical, no model."""

from texts.grounding.evidence import Evidence, Grounding, Members, grounding

__all__ = ["Evidence", "Grounding", "Members", "grounding"]
