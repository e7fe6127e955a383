"""The sets that are compared: what each arm of the evaluation trains on, and how much of what is held out it holds.

    released        the training set's split `train`
    random          unique records
    high_only       records whose score counts as high
    distilled       distilled items that were accepted
    concatenated    groups as they are: the members' prompts one behind the other, and their answers
    long_tail       of `candidates` random records those with the largest mean cosine distance to their nearest (LM-Mixup, section 5.5 of the
                    method; k-NN of DS2, arXiv 2410.10877)
    ds2             of as many those of the highest curated score, the long tail first among equals (DS2); curated where silver/quality is

All are drawn anew for each seed. A row that holds a held-out question is trained on by no arm.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.dataset as ds

from lake.harness.job import ArrowInputs
from texts.embed.vector_bytes import from_bytes
from texts.words import words
from trainers.evaluation_params import Arm, EvaluationParams
from trainers.heldout_items import Item, chosen

_GRAM = 8  # words: as in the check of released sets (docs/decisions/0009-contamination.md)


@dataclass(frozen=True)
class Example:
    """What is asked and what is to be answered."""

    prompt: str
    answer: str


def examples(arm: Arm, inputs: ArrowInputs, params: EvaluationParams, seed: int) -> list[Example]:
    """At most `candidates` rows of the arm, in the order in which they are to be read."""
    return _ARMS[arm](inputs, params, seed)


def _released(inputs: ArrowInputs, params: EvaluationParams, seed: int) -> list[Example]:
    return _drawn(inputs["gold/training_set"], params, seed, ds.field("split") == "train")


def _random(inputs: ArrowInputs, params: EvaluationParams, seed: int) -> list[Example]:
    return _drawn(inputs["silver/unique_instructions"], params, seed)


def _distilled(inputs: ArrowInputs, params: EvaluationParams, seed: int) -> list[Example]:
    return _drawn(inputs["gold/distilled"], params, seed)


def _high_only(inputs: ArrowInputs, params: EvaluationParams, seed: int) -> list[Example]:
    high = chosen(_ids(inputs["silver/quality"], "id", ds.field("high")), params.candidates, seed)
    return _read(inputs["silver/unique_instructions"], high)


def _concatenated(inputs: ArrowInputs, params: EvaluationParams, seed: int) -> list[Example]:
    groups = inputs["silver/groups"]
    # one name a member: so many members, whatever the sizes of groups
    wanted = list(dict.fromkeys(chosen(_ids(groups, "group_id"), params.candidates, seed)))
    members: dict[str, list[str]] = defaultdict(list)
    for row in groups.to_table(columns=["group_id", "id"], filter=ds.field("group_id").isin(wanted)).to_pylist():
        members[row["group_id"]].append(row["id"])
    texts = _texts(inputs["silver/unique_instructions"], [one for group in members.values() for one in group])
    grouped = [[texts[one] for one in sorted(members[group]) if one in texts] for group in wanted]
    return [
        Example("\n\n".join(one.prompt for one in group), "\n\n".join(one.answer for one in group))
        for group in grouped
        if group
    ]


def _long_tail(inputs: ArrowInputs, params: EvaluationParams, seed: int) -> list[Example]:
    return _ranked(inputs, params, seed, lambda ids, tail: sorted(ids, key=lambda one: (-tail[one], one)))


def _ds2(inputs: ArrowInputs, params: EvaluationParams, seed: int) -> list[Example]:
    def order(ids: Sequence[str], tail: Mapping[str, float]) -> list[str]:
        wanted = ds.field("id").isin(ids)
        rows = inputs["silver/quality"].to_table(columns=["id", "curated"], filter=wanted).to_pylist()
        scores = {row["id"]: round(row["curated"] or 0) for row in rows}
        return sorted(scores, key=lambda one: (-scores[one], -tail[one], one))

    return _ranked(inputs, params, seed, order)


Order = Callable[[Sequence[str], Mapping[str, float]], list[str]]


def _ranked(inputs: ArrowInputs, params: EvaluationParams, seed: int, order: Order) -> list[Example]:
    records = inputs["silver/unique_instructions"]
    ids = chosen(_ids(records, "id"), params.candidates, seed)
    tail = long_tail(_vectors(records, inputs["silver/embeddings"], ids), params.neighbours)
    return _read(records, order(list(tail), tail))


def long_tail(vectors: Mapping[str, Any], neighbours: int) -> dict[str, float]:
    """The mean cosine distance of each unit vector to its nearest others, by id."""
    if len(vectors) < 2:
        return dict.fromkeys(vectors, 0.0)
    stacked = np.stack(list(vectors.values()))
    cosines = stacked @ stacked.T
    np.fill_diagonal(cosines, -np.inf)
    nearest = min(neighbours, len(vectors) - 1)
    best = np.partition(cosines, -nearest, axis=1)[:, -nearest:]
    return dict(zip(vectors, (1 - best.mean(axis=1)).tolist(), strict=True))


def _vectors(records: ds.Dataset, embeddings: ds.Dataset, ids: Sequence[str]) -> dict[str, Any]:
    """The vectors of these records, of the embedder that has most of them."""
    rows = records.to_table(columns=["id", "text_hash"], filter=ds.field("id").isin(ids)).sort_by("id").to_pylist()
    wanted = ds.field("text_hash").isin([row["text_hash"] for row in rows])
    found = embeddings.to_table(columns=["text_hash", "embedder", "vector"], filter=wanted)
    counted = found.group_by("embedder").aggregate([("text_hash", "count")]).to_pylist()
    if not counted:
        return {}
    most = max(counted, key=lambda row: (row["text_hash_count"], row["embedder"]))["embedder"]
    own = found.filter(ds.field("embedder") == most)
    vectors = dict(zip(own["text_hash"].to_pylist(), from_bytes(own["vector"]), strict=True))
    return {row["id"]: vectors[row["text_hash"]] for row in rows if row["text_hash"] in vectors}


def _drawn(
    dataset: ds.Dataset, params: EvaluationParams, seed: int, where: ds.Expression | None = None
) -> list[Example]:
    return _read(dataset, chosen(_ids(dataset, "id", where), params.candidates, seed))


def _ids(dataset: ds.Dataset, name: str, where: ds.Expression | None = None) -> Iterator[str]:
    return (one for batch in dataset.to_batches(columns=[name], filter=where) for one in batch[name].to_pylist())


def _read(dataset: ds.Dataset, ids: Sequence[str]) -> list[Example]:
    """The rows with these ids, in their order."""
    texts = _texts(dataset, ids)
    return [texts[one] for one in ids if one in texts]


def _texts(dataset: ds.Dataset, ids: Sequence[str]) -> dict[str, Example]:
    table = dataset.to_table(columns=["id", "prompt", "answer"], filter=ds.field("id").isin(ids))
    return {row["id"]: Example(row["prompt"] or "", row["answer"] or "") for row in table.to_pylist()}


class HeldOut:
    """The questions that no arm may hold: those of the benchmarks that are measured."""

    def __init__(self, items: Sequence[Item], coverage: float) -> None:
        self._coverage = coverage
        self._words = [_words(item.question) for item in items if item.kind in ("choice", "answer")]
        self._whole = {tuple(asked) for asked in self._words}
        self._places: dict[tuple[str, ...], list[tuple[int, int]]] = defaultdict(list)
        for number, asked in enumerate(self._words):
            for place, gram in enumerate(_grams(asked)):
                self._places[gram].append((number, place))

    def holds(self, example: Example) -> bool:
        """Whether the example has more than `coverage` of a question's words in 8-grams they share, or is a question word for word."""
        prompt, text = _words(example.prompt), _words(f"{example.prompt}\n{example.answer}")
        if prompt and tuple(prompt) in self._whole:
            return True
        covered: dict[int, AbstractSet[int]] = defaultdict(set)
        for gram in set(_grams(text)):
            for number, place in self._places.get(gram, ()):
                covered[number] = covered[number] | set(range(place, place + _GRAM))
        return any(len(places) > self._coverage * len(self._words[number]) for number, places in covered.items())


def _words(text: str) -> list[str]:
    return [word.lower() for word in words(text)]


def _grams(told: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(told[at : at + _GRAM]) for at in range(len(told) - _GRAM + 1)]


_ARMS: Mapping[Arm, Callable[[ArrowInputs, EvaluationParams, int], list[Example]]] = {
    "released": _released, "random": _random, "high_only": _high_only, "distilled": _distilled,
    "concatenated": _concatenated, "long_tail": _long_tail, "ds2": _ds2,
}  # fmt: skip
