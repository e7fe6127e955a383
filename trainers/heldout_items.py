"""What the evaluation measures models on: benchmark items, held-out MIXTURE items, and the truths that distilling is measured against.

    kind        from                                  measured
    choice      benchmark items with wrong answers    whether the right answer is the likeliest
    answer      benchmark items without               how likely the answer is
    mixture     MIXTURE's held-out targets            the same; what the rules wrote, as much of a released set is
    truth       references with facts                 the same; not held out: what was distilled was written of them

Near-duplicates make one cluster. MIXTURE says which of its items are; of one benchmark those are that share half of the shorter question's
word 3-grams.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import nsmallest
from itertools import combinations
from statistics import fmean
from typing import Any

import pyarrow.dataset as ds

from lake.harness.job import ArrowInputs
from lake.ids import sha256_text
from texts.coverage import shingles
from texts.formats import FORMATS
from trainers.comparison import clustered
from trainers.evaluation_params import EvaluationParams

_NEAR = 0.5


@dataclass(frozen=True)
class Item:
    """One held-out question. benchmark: the source it was registered under, or where it is from; cluster: of near-duplicates."""

    id: str
    kind: str
    benchmark: str
    question: str
    answer: str
    wrong: tuple[str, ...] = ()
    cluster: int = 0


def guessing(items: Sequence[Item]) -> float:
    """The share of right answers that guessing gives on these: blindly, or always the most frequent right answer, whichever is more."""
    blind = fmean(1 / (1 + len(item.wrong)) for item in items)
    return max(blind, Counter(item.answer.casefold() for item in items).most_common(1)[0][1] / len(items))


def heldout_items(inputs: ArrowInputs, params: EvaluationParams) -> list[Item]:
    """At most `items` of each benchmark, of MIXTURE and of truths, chosen by hash, in the order of kind, benchmark and id."""
    benchmark = _chosen_references(inputs["bronze/references"], params)
    mixture, together = _mixture(inputs["gold/mixture"], params)
    items = [*benchmark, *mixture]
    keys: dict[str, list[str]] = defaultdict(list, together)
    for name in {item.benchmark for item in benchmark}:
        for pair in _near({item.id: item.question for item in benchmark if item.benchmark == name}):
            for one in pair:
                keys[one].append(" ".join(pair))
    numbers = clustered({item.id: keys[item.id] for item in items})
    found = [replace(item, cluster=numbers[item.id]) for item in items]
    return sorted(found, key=lambda item: (item.kind, item.benchmark, item.id))


def chosen(ids: Iterable[str], count: int, seed: int) -> list[str]:
    """The `count` ids whose hash with the seed is smallest, in its order: a random sample that does not hang on order."""
    return nsmallest(count, ids, key=lambda value: sha256_text(f"{seed} {value}"))


def _chosen_references(references: ds.Dataset, params: EvaluationParams) -> list[Item]:
    columns = ["id", "role", "source", "name", "text", "question", "answer", "wrong"]
    sources: dict[tuple[str, str], list[str]] = {}
    for batch in references.to_batches(columns=["id", "role", "source"]):
        for row in batch.to_pylist():
            known = sources.setdefault((row["role"], row["source"] if row["role"] == "benchmark" else ""), [])
            known.append(row["id"])
            if len(known) > 2 * params.items:  # never more than twice what is wanted
                known[:] = chosen(known, params.items, params.seed)
    wanted = [one for known in sources.values() for one in chosen(known, params.items, params.seed)]
    rows = references.to_table(columns=columns, filter=ds.field("id").isin(wanted)).to_pylist()
    return [item for row in rows if (item := _reference(row))]


def _reference(row: Mapping[str, Any]) -> Item | None:
    if row["role"] == "truth":
        return Item(row["id"], "truth", "truths", row["name"] or "", row["text"])
    if not row["question"] or not row["answer"]:
        return None
    kind = "choice" if row["wrong"] else "answer"
    return Item(row["id"], kind, row["source"], row["question"], row["answer"], tuple(row["wrong"] or ()))


def _mixture(mixture: ds.Dataset, params: EvaluationParams) -> tuple[list[Item], dict[str, list[str]]]:
    """Held-out MIXTURE targets, their question (where the form has one) as what is asked; and the clusters of each."""
    heldout = ds.field("split") == "heldout"
    ids = (one for batch in mixture.to_batches(columns=["id"], filter=heldout) for one in batch["id"].to_pylist())
    wanted = chosen(ids, params.items, params.seed)
    columns = ["id", "item_type", "target", "clusters"]
    rows = mixture.to_table(columns=columns, filter=ds.field("id").isin(wanted)).to_pylist()
    items: list[Item] = []
    for row in rows:
        fields = dict(FORMATS[row["item_type"]].parse(row["target"]) or {"": row["target"]})
        items.append(Item(row["id"], "mixture", "mixture", fields.pop("question", ""), "\n".join(fields.values())))
    return items, {row["id"]: list(row["clusters"] or ()) for row in rows}


def _near(texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Pairs of texts of which one has half of the other's word 3-grams."""
    grams = {name: shingles(text) for name, text in sorted(texts.items())}
    holders: dict[tuple[str, ...], list[str]] = {}
    for name, held in grams.items():
        for gram in held:
            holders.setdefault(gram, []).append(name)
    shared: Counter[tuple[str, str]] = Counter()
    for names in holders.values():
        shared.update(combinations(names, 2))
    for (one, other), count in sorted(shared.items()):
        if count >= _NEAR * min(len(grams[one]), len(grams[other])):
            yield one, other
