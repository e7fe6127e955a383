"""Which texts MIXTURE is made of: chosen, cut into segments and split by hashes, so that the order of rows changes nothing.

Texts of one page or module, and near-duplicates (inference.overlap), are one cluster and share a split.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from inference.overlap import clusters
from inference.segments import segments
from lake.engines.batches import read_batches
from lake.ids import sha256_text

_ROWS = 1_024


@dataclass(frozen=True)
class Text:
    """One segment of a passage of silver/passages, or one record of silver/best_records: its question, and the answer as `text`.

    id: of the whole passage, which its segments share; part: which of them it is, from 0.
    cluster: the smallest id of the texts that must not be parted from it; split: of all of these. score: of a record, 0..5.
    """

    id: str
    source: str
    title: str
    text: str
    licence: str | None = None
    question: str = ""
    score: float = 0.0
    part: int = 0
    cluster: str = ""
    split: str = ""


@dataclass(frozen=True)
class Draft:
    """What one item is to be made of: a passage, two of them, or a record. `title` and `text` of two passages tell of both.

    others: passages of the same split, each its title, a line break, its text.
    """

    texts: tuple[Text, ...]
    title: str
    text: str
    others: tuple[str, ...] = ()

    @property
    def ids(self) -> list[str]:
        """The ids of its texts."""
        return [one.id for one in self.texts]

    @property
    def key(self) -> str:
        """What tells it from all other drafts: its first text, which is in no other."""
        return f"{self.texts[0].id} {self.texts[0].part}"

    @property
    def question(self) -> str:
        """What the record asks; "" for passages."""
        return self.texts[0].question


def share(seed: int, purpose: str, identity: str) -> float:
    """A number in [0, 1) that depends on nothing but its arguments."""
    return int(sha256_text(f"{seed} {purpose} {identity}")[:13], 16) / 16**13


def chosen(rows: ds.Dataset, limit: int, seed: int) -> frozenset[str]:
    """The `limit` ids of the smallest hashes; holds no more than these in memory."""
    ids = (one for batch in rows.to_batches(columns=["id"]) for one in batch["id"].to_pylist())
    return frozenset(heapq.nsmallest(limit, ids, key=lambda one: (share(seed, "choose", one), one)))


def passages(rows: ds.Dataset, wanted: frozenset[str]) -> Iterator[Text]:
    """The segments of the wanted passages."""
    for row in _wanted(rows, wanted, ["id", "source", "licence", "title", "text"]):
        for part, one in enumerate(segments(row["title"], row["text"])):
            yield Text(row["id"], row["source"], row["title"], one, row["licence"], part=part)


def records(rows: ds.Dataset, wanted: frozenset[str]) -> Iterator[Text]:
    """The wanted records."""
    for row in _wanted(rows, wanted, ["id", "source", "licence", "prompt", "answer", "score"]):
        yield Text(row["id"], row["source"], "", row["answer"], row["licence"], row["prompt"], row["score"])


def _wanted(rows: ds.Dataset, wanted: frozenset[str], columns: list[str]) -> Iterator[dict[str, Any]]:
    is_wanted = pc.field("id").isin(pa.array(sorted(wanted), pa.string()))
    for batch in read_batches(rows, columns, is_wanted):
        for some in range(0, len(batch), _ROWS):  # as Python's objects rows take several times as much
            yield from batch.slice(some, _ROWS).to_pylist()


@dataclass(frozen=True, slots=True)
class Placed:
    """The text number `number` of those that were placed, without its words: what it is part of, and in which split."""

    number: int
    id: str
    part: int
    source: str
    is_record: bool
    cluster: str = ""
    split: str = ""

    def whole(self, texts: Sequence[Text]) -> Text:
        """The text itself."""
        return replace(texts[self.number], cluster=self.cluster, split=self.split)


def placed(texts: Sequence[Text], splits: Mapping[str, float], seed: int) -> tuple[list[Placed], list[Placed]]:
    """The texts with their clusters and splits, and those that are boilerplate and belong to none.

    splits: shares that add up to 1; a cluster's split follows from its own hash, so that one more text moves no other cluster.
    """
    heads, pages = list[Placed](), list[str]()
    for number, text in enumerate(texts):
        heads.append(Placed(number, text.id, text.part, text.source, bool(text.question)))
        pages.append(_page(text.title) if text.title else "")
    ordered = sorted(heads, key=lambda head: (head.id, head.part))
    groups = [[head.id, page] if (page := pages[head.number]) else [head.id] for head in ordered]
    said = (f"{text.question} {text.text}" for text in (texts[head.number] for head in ordered))
    firsts = clusters(said, groups)
    whole = [
        replace(head, cluster=ordered[first].id, split=_split_of(ordered[first].id, splits, seed))
        for head, first in zip(ordered, firsts, strict=True)
        if first is not None
    ]
    boilerplate = [head for head, first in zip(ordered, firsts, strict=True) if first is None]
    return sorted(whole, key=lambda head: (share(seed, "order", head.id), head.id, head.part)), boilerplate


def _page(title: str) -> str:
    """What texts have in common that stand together: of a name in a program the module, of any other title the title.

    >>> _page("json.decoder.JSONDecoder.decode"), _page("json.dumps"), _page("Compost")
    ('json.decoder', 'json', 'compost')
    """
    parts = title.split(".")
    if len(parts) == 1 or not all(part.isidentifier() for part in parts):
        return title.casefold()
    of_class = next((place for place, part in enumerate(parts) if part[0].isupper()), len(parts) - 1)
    return ".".join(parts[: max(1, of_class)])


def _split_of(cluster: str, splits: Mapping[str, float], seed: int) -> str:
    place = share(seed, "split", cluster)
    for name, size in splits.items():
        place -= size
        if place < 0:
            return name
    return list(splits)[-1]
