"""Items whose targets are near one of their split, or near a held-out one: their texts may differ where their targets do not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from inference.near_pairs import NEAR
from inference.overlap import Postings, Vocabulary
from inference.targets import REPEATED
from lake.ids import sha256_text

HELDOUT = "heldout"
NEAR_HELDOUT = f"{NEAR:.0%} of its target's word 3-grams, or of a held-out target's, are in the other"
NEAR_ANOTHER = f"{NEAR:.0%} of its target's word 3-grams, or of another's of its split, are in the other"
Row = Mapping[str, Any]


class Apart:
    """Takes rows of gold/mixture, those held out before all others, and keeps each that is near none it kept of its split, nor near a held-out one.

    In memory are the 3-grams of the targets that were kept, about 2 kB each, and a digest of each target.
    """

    def __init__(self) -> None:
        self._vocabulary = Vocabulary()
        self._kept = defaultdict[str, Postings](Postings)
        self._seen: set[str] = set()

    def kept(self, rows: Sequence[Row]) -> tuple[list[Row], list[tuple[Row, str, str]]]:
        """The rows that stay; and each other one with a code of lake.tables.reasons.MIXTURE_UNUSED and a sentence."""
        faults = [self._fault(row) for row in rows]
        kept = [row for row, fault in zip(rows, faults, strict=True) if not fault]
        return kept, [(row, *fault) for row, fault in zip(rows, faults, strict=True) if fault]

    def _fault(self, row: Row) -> tuple[str, str] | None:
        """Why a row does not stay; None where it does, and is compared with those that follow."""
        digest = sha256_text(row["target"])
        if digest in self._seen:
            return "not_buildable", REPEATED
        self._seen.add(digest)
        grams, own = self._vocabulary.grams(row["target"]), self._kept[row["split"]]
        if own.near(grams):
            return "near_another", NEAR_ANOTHER
        if row["split"] != HELDOUT and self._kept[HELDOUT].near(grams):
            return "near_heldout", NEAR_HELDOUT
        own.add(grams)
        return None
