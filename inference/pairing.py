"""Which passages become which MIXTURE items: chosen, split and paired by hashes, so that the order of rows changes nothing.

A cross-topic item (method, section 2.1, step 4) is made of two passages of similar vocabulary; likeness is measured by
the rarer words they share, inside one batch, not by embeddings yet.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from inference.baseline.build import dense, introduced
from inference.baseline.passage import read
from lake.ids import sha256_text
from texts.words import content_words

CROSSABLE = ("qa", "category_statement", "paragraph")
_RARE = 24  # passages of a batch that may share a word for it to count as likeness
_OTHERS = 4  # passages that lend wrong options
_HALF = 65  # words of each passage in a cross-topic item


@dataclass(frozen=True)
class Text:
    """One passage as silver/passages has it."""

    id: str
    source: str
    title: str
    text: str


@dataclass(frozen=True)
class Draft:
    """What one item is to be made of. others: passages of the same split, each its title, a line break, its text."""

    passage_ids: tuple[str, ...]
    split: str
    title: str
    text: str
    others: tuple[str, ...]


def share(seed: int, purpose: str, identity: str) -> float:
    """A number in [0, 1) that depends on nothing but its arguments."""
    return int(sha256_text(f"{seed} {purpose} {identity}")[:13], 16) / 16**13


def chosen(passages: ds.Dataset, limit: int, seed: int) -> frozenset[str]:
    """The `limit` ids of the smallest hashes; holds no more than these in memory."""
    ids = (one for batch in passages.to_batches(columns=["id"]) for one in batch["id"].to_pylist())
    return frozenset(heapq.nsmallest(limit, ids, key=lambda one: (share(seed, "choose", one), one)))


def texts(passages: ds.Dataset, wanted: frozenset[str], seed: int) -> list[Text]:
    """The wanted passages in the order of their hashes."""
    is_wanted = pc.field("id").isin(pa.array(sorted(wanted), pa.string()))
    rows = passages.to_table(columns=["id", "source", "title", "text"], filter=is_wanted).to_pylist()
    return sorted((Text(**row) for row in rows), key=lambda text: (share(seed, "order", text.id), text.id))


def split_of(passage_id: str, splits: Mapping[str, float], seed: int) -> str:
    """The split of a passage, by its own hash; `splits` are shares that add up to 1."""
    place = share(seed, "split", passage_id)
    for name, size in splits.items():
        place -= size
        if place < 0:
            return name
    return list(splits)[-1]


def drafts(batch: Sequence[Text], splits: Mapping[str, float], cross_topic: float, seed: int) -> Iterator[Draft]:
    """A draft for each passage of the batch, but one for two passages where they are paired; each passage is in one draft."""
    for split in splits:
        members = [text for text in batch if split_of(text.id, splits, seed) == split]
        pairs = _pairs(members, cross_topic, seed)
        partners = set(pairs.values())
        for at, text in enumerate(members):
            if text in partners:
                continue
            others = _others(members, at)
            yield _crossed(text, pairs[text], split) if text in pairs else _single(text, split, others)


def _single(text: Text, split: str, others: Sequence[Text]) -> Draft:
    return Draft((text.id,), split, text.title, text.text, tuple(f"{one.title}\n{one.text}" for one in others))


def _crossed(one: Text, other: Text, split: str) -> Draft:
    """One draft about both passages: their titles, and what the prose of each says first."""
    passages = [read(text.title, text.text) for text in (one, other)]
    prose = [introduced(passage, dense(passage.without_lists(), _HALF)) for passage in passages]
    return Draft((one.id, other.id), split, " and ".join(passage.subject for passage in passages), "\n".join(prose), ())


def _pairs(members: Sequence[Text], cross_topic: float, seed: int) -> dict[Text, Text]:
    """Each passage that is to be crossed with the likest one that is still free."""
    vocabulary = {text: set(content_words(text.text)) for text in members}
    holders: dict[str, list[Text]] = {}
    for text in members:
        for stem in vocabulary[text]:
            holders.setdefault(stem, []).append(text)
    paired: set[Text] = set()
    pairs: dict[Text, Text] = {}
    for text in members:
        if text in paired or share(seed, "cross", text.id) >= cross_topic:
            continue
        common = Counter(other for stem in vocabulary[text] if len(holders[stem]) <= _RARE for other in holders[stem])
        free = [other for other in common if other not in paired and other.title != text.title]
        if free:
            partner = max(free, key=lambda other: (common[other] / len(vocabulary[other]), other.id))
            pairs[text] = partner
            paired |= {text, partner}
    return pairs


def _others(members: Sequence[Text], at: int) -> list[Text]:
    """The next passages after this one, around the end of the batch, of its own source first."""
    following = [*members[at + 1 :], *members[:at]]
    return sorted(following[: 4 * _OTHERS], key=lambda text: text.source != members[at].source)[:_OTHERS]
