"""Items for training whose targets are near a held-out target: their texts may differ where their targets do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from inference.near_pairs import NEAR, Grams
from inference.overlap import Postings, Vocabulary
from lake.ids import sha256_text

HELDOUT = "heldout"
NEAR_HELDOUT = f"{NEAR:.0%} of its target's word 3-grams, or of a held-out target's, are in the other"
Row = Mapping[str, Any]


class Apart:
    """Takes rows of gold/mixture, those held out before all others, and parts from the others what is near one of them, and what repeats one.

    In memory are the 3-grams of the held-out targets, about 1 kB each, and a digest of each target.
    """

    def __init__(self) -> None:
        self._vocabulary = Vocabulary()
        self._heldout: list[Grams] = []
        self._postings: Postings | None = None
        self._seen: set[str] = set()

    def kept(self, rows: Sequence[Row]) -> tuple[list[Row], list[Row], list[Row]]:
        """The rows that stay, those near a held-out target, and those whose target another row has."""
        new, repeated = self._parted(rows)
        grams = [self._vocabulary.grams(row["target"]) for row in new]
        if all(row["split"] == HELDOUT for row in new):
            self._heldout += grams
            return new, [], repeated
        self._postings = self._postings or Postings(self._heldout)
        near = [self._postings.near(one) for one in grams]
        apart = [row for row, is_near in zip(new, near, strict=True) if not is_near]
        return apart, [row for row, is_near in zip(new, near, strict=True) if is_near], repeated

    def _parted(self, rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
        """The rows whose targets are new, and the others."""
        new, repeated = list[Row](), list[Row]()
        for row in rows:
            digest = sha256_text(row["target"])
            (repeated if digest in self._seen else new).append(row)
            self._seen.add(digest)
        return new, repeated
