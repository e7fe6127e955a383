"""Texts with the stretches marked that evidence connects: in a distilled item its statements, in its members what supports them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

Span = tuple[int, int, int]  # the number of a statement, where it or its support starts, and where it ends


@dataclass(frozen=True)
class Piece:
    """A stretch of a text. marked: whether it belongs to a statement; ends: the numbers of the statements that end with it."""

    text: str
    marked: bool
    ends: tuple[int, ...]


@dataclass(frozen=True)
class Marked:
    """A text and its marked stretches, which may overlap."""

    text: str
    spans: tuple[Span, ...] = ()

    def pieces(self, most: int) -> list[Piece]:
        """The first `most` characters of the text, cut wherever a stretch starts or ends."""
        end = min(most, len(self.text))
        spans = [(number, start, min(stop, end)) for number, start, stop in self.spans if start < end]
        places = sorted({0, end, *(place for _, start, stop in spans for place in (start, stop))})
        return [
            Piece(
                self.text[start:stop],
                any(first <= start < last for _, first, last in spans),
                tuple(number for number, _, last in spans if last == stop),
            )
            for start, stop in pairwise(places)
        ]


def as_read(row: Mapping[str, Any]) -> str:
    """A record, or an item, in the form in which the distiller reads its members and in which evidence counts characters."""
    return f"Q: {row['prompt']}\nA: {row['answer']}"


def supported(item: Mapping[str, Any], members: Sequence[str]) -> tuple[Marked, list[Marked]]:
    """A row of gold/distilled and its members' texts, in the order of `member_ids`, with what its evidence connects numbered from 1."""
    text, evidence = as_read(item), item["evidence"] or []
    spans: list[Span] = []
    at = text.index("\nA: ")
    for number, one in enumerate(evidence, start=1):
        start = text.find(one["statement"], at)
        if start < 0:  # statements stand in their order in the answer; what is not there is what is asked
            start = text.find(one["statement"])
        else:
            at = start + len(one["statement"])
        if start >= 0:
            spans.append((number, start, start + len(one["statement"])))
    found = [
        Marked(
            member, tuple((n, e["start"], e["end"]) for n, e in enumerate(evidence, 1) if e["member_id"] == member_id)
        )
        for member_id, member in zip(item["member_ids"], members, strict=True)
    ]
    return Marked(text, tuple(spans)), found
