"""Which passages become which MIXTURE items: chosen, split and paired by hashes, so that the order of rows changes nothing.

Texts of one page or module, and near-duplicates (inference.overlap), are one cluster and share a split. A cross-topic item (method, section 2.1, step 4) is made of two passages of similar vocabulary; likeness is measured by
the rarer words they share, inside one batch, not by embeddings yet.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from inference.baseline.build import dense, introduced
from inference.baseline.passage import read
from inference.overlap import clusters
from lake.ids import sha256_text
from texts.words import content_words

CROSSABLE = ("qa", "category_statement", "paragraph")
_RARE = 24  # passages of a batch that may share a word for it to count as likeness
_OTHERS = 4  # passages that lend wrong options, of so many behind it in its batch
_NEXT = 24
_HALF = 65  # words of each passage in a cross-topic item


@dataclass(frozen=True)
class Text:
    """One passage as silver/passages has it, or one record of silver/best_records: its question, and the answer as `text`.

    cluster: the smallest id of the texts that must not be parted from it; split: of all of these. score: of a record, 0..5.
    """

    id: str
    source: str
    title: str
    text: str
    licence: str | None = None
    question: str = ""
    score: float = 0.0
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


def passages(rows: ds.Dataset, wanted: frozenset[str]) -> list[Text]:
    """The wanted passages."""
    return [Text(**row) for row in _wanted(rows, wanted, ["id", "source", "licence", "title", "text"])]


def records(rows: ds.Dataset, wanted: frozenset[str]) -> list[Text]:
    """The wanted records."""
    found = _wanted(rows, wanted, ["id", "source", "licence", "prompt", "answer", "score"])
    return [
        Text(row["id"], row["source"], "", row["answer"], row["licence"], row["prompt"], row["score"]) for row in found
    ]


def _wanted(rows: ds.Dataset, wanted: frozenset[str], columns: list[str]) -> list[dict[str, Any]]:
    is_wanted = pc.field("id").isin(pa.array(sorted(wanted), pa.string()))
    return rows.to_table(columns=columns, filter=is_wanted).to_pylist()


def placed(texts: Sequence[Text], splits: Mapping[str, float], seed: int) -> tuple[list[Text], list[Text]]:
    """The texts with their clusters and splits, and those that are boilerplate and belong to none.

    splits: shares that add up to 1; a cluster's split follows from its own hash, so that one more text moves no other cluster.
    """
    ordered = sorted(texts, key=lambda text: text.id)
    pages = [[_page(text.title)] if text.title else [] for text in ordered]
    firsts = clusters([f"{text.question} {text.text}" for text in ordered], pages)
    whole = [
        replace(text, cluster=ordered[first].id, split=_split_of(ordered[first].id, splits, seed))
        for text, first in zip(ordered, firsts, strict=True)
        if first is not None
    ]
    boilerplate = [text for text, first in zip(ordered, firsts, strict=True) if first is None]
    return sorted(whole, key=lambda text: (share(seed, "order", text.id), text.id)), boilerplate


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


def drafts(batch: Sequence[Text], cross_topic: float, seed: int) -> Iterator[Draft]:
    """A draft for each text of a batch of one split, but one for two passages where they are paired; each text is in one draft."""
    about = [text for text in batch if not text.question]
    vocabulary = {text: frozenset(content_words(text.text)) for text in about}
    pairs = _pairs(vocabulary, cross_topic, seed)
    partners = set(pairs.values())
    yield from (Draft((text,), "", text.text) for text in batch if text.question)
    for at, text in enumerate(about):
        if text in pairs:
            yield _crossed(text, pairs[text])
        elif text not in partners:
            following = [*about[at + 1 :], *about[:at]][:_NEXT]
            lent = [f"{one.title}\n{one.text}" for one in _others(text, following, vocabulary)]
            yield Draft((text,), text.title, text.text, tuple(lent))


def _crossed(one: Text, other: Text) -> Draft:
    """One draft about both passages: their titles, and what the prose of each says first."""
    passages = [read(text.title, text.text) for text in (one, other)]
    prose = [introduced(passage, dense(passage.without_lists(), _HALF)) for passage in passages]
    title = " and ".join(passage.subject for passage in passages)
    return Draft((one, other), title, "\n".join(prose))


def _pairs(vocabulary: Mapping[Text, frozenset[str]], cross_topic: float, seed: int) -> dict[Text, Text]:
    """Each passage that is to be crossed with the likest one that is still free."""
    holders: dict[str, list[Text]] = {}
    for text in vocabulary:
        for stem in vocabulary[text]:
            holders.setdefault(stem, []).append(text)
    paired: set[Text] = set()
    pairs: dict[Text, Text] = {}
    for text in vocabulary:
        if text in paired or share(seed, "cross", text.id) >= cross_topic:
            continue
        common = Counter(other for stem in vocabulary[text] if len(holders[stem]) <= _RARE for other in holders[stem])
        free = [other for other in common if other not in paired and other.title != text.title]
        if free:
            partner = max(free, key=lambda other: (common[other] / len(vocabulary[other]), other.id))
            pairs[text] = partner
            paired |= {text, partner}
    return pairs


def _others(text: Text, following: Sequence[Text], vocabulary: Mapping[Text, frozenset[str]]) -> list[Text]:
    """Those of the passages behind this one that lend wrong options: of its own source first, then the likest."""
    own = vocabulary[text]
    return sorted(following, key=lambda one: (one.source != text.source, -len(own & vocabulary[one])))[:_OTHERS]
