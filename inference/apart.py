"""Items for training whose targets are near a held-out target: their texts may differ where their targets do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from inference.overlap import NEAR, Grams, Postings, Vocabulary

HELDOUT = "heldout"
NEAR_HELDOUT = f"{NEAR:.0%} of its target's word 3-grams, or of a held-out target's, are in the other"
Row = Mapping[str, Any]


class Apart:
    """Takes rows of gold/mixture, those held out before all others, and parts from the others what is near one of them.

    In memory are the 3-grams of the held-out targets, about 1 kB each.
    """

    def __init__(self) -> None:
        self._vocabulary = Vocabulary()
        self._heldout: list[Grams] = []
        self._postings: Postings | None = None

    def kept(self, rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
        """The rows that stay, and those near a held-out target."""
        grams = [self._vocabulary.grams(row["target"]) for row in rows]
        if all(row["split"] == HELDOUT for row in rows):
            self._heldout += grams
            return list(rows), []
        self._postings = self._postings or Postings(self._heldout)
        near = [self._postings.near(one) for one in grams]
        return (
            [row for row, is_near in zip(rows, near, strict=True) if not is_near],
            [row for row, is_near in zip(rows, near, strict=True) if is_near],
        )
