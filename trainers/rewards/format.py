"""Is the completion one answer block with one well-formed item of its type? (method, section 4.5)"""

from collections.abc import Mapping, Sequence
from typing import Any

from texts.formats.distillation import answer_of, format_score


def format_reward(completions: Sequence[str], columns: Mapping[str, Sequence[Any]]) -> list[float]:
    """0, 0.5 (the tags) or 1 (the type's own form too) for each completion."""
    return [format_score(text, kind) for text, kind in zip(completions, columns["item_type"], strict=True)]


def scored_answers(completions: Sequence[str], columns: Mapping[str, Sequence[Any]]) -> list[str | None]:
    """The answers that other rewards may score: None where the completion is not well formed."""
    scores = format_reward(completions, columns)
    return [answer_of(text) if score == 1.0 else None for text, score in zip(completions, scores, strict=True)]
