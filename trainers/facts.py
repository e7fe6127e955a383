"""The facts that distilling recovered: of truths that are known, the shares that members and distilled items state."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from statistics import fmean
from typing import Any

import pyarrow.dataset as ds

from lake.harness.job import ArrowInputs
from texts.coverage import facts_recovered
from texts.words import words
from trainers.evaluation_params import EvaluationParams
from trainers.heldout_items import chosen

_SIDES = ("best_member", "distilled", "concatenation", "full")
Figure = dict[str, Any]


def facts(inputs: ArrowInputs, params: EvaluationParams) -> Iterator[Figure]:
    """facts_best_member, _distilled, _concatenation, _full: mean shares (0..1) of the truths' facts, over groups whose truths are known.

    facts_per_100_words_...: how many facts each states in a hundred words, all facts over all words: a text is not better for being longer.
    Over accepted and refused groups alike, of each what the distiller wrote: acceptance must not choose what is measured. A member's
    original_id is the truth's name, `#`, and the aspect it answers. Nothing where no group has a truth.
    """
    groups = _written(inputs, params)
    member_ids = sorted({member for group in groups for member in group["members"]})
    wanted = ds.field("id").isin(member_ids)
    members = _by_key(inputs["silver/unique_instructions"], "id", ["id", "original_id", "text"], wanted)
    names = sorted({_truth_name(member) for member in members.values()})
    truths = _by_key(
        inputs["bronze/references"], "name", ["name", "text", "facts"],
        (ds.field("role") == "truth") & ds.field("name").isin(names),
    )  # fmt: skip
    told = [sides for group in groups if (sides := _recovered(group, members, truths))]
    for side in _SIDES if told else ():
        stated = [one[side] for one in told]
        words_in_all = sum(text.words for text in stated)
        figures = {
            f"facts_{side}": fmean(text.share for text in stated),
            f"facts_per_100_words_{side}": 100 * sum(text.facts for text in stated) / max(words_in_all, 1),
        }
        for metric, value in figures.items():
            yield {"arm": "distilled", "seed": 0, "metric": metric, "value": value, "items": len(told)}


def _written(inputs: ArrowInputs, params: EvaluationParams) -> list[Figure]:
    """The members of the chosen groups and what the distiller wrote of them, in the order of their ids."""
    tables = {"gold/distilled": ["prompt", "answer"], "gold/distilled_refused": ["text"]}
    batches = chain.from_iterable(inputs[key].to_batches(columns=["group_id"]) for key in tables)
    ids = (one for batch in batches for one in batch["group_id"].to_pylist())
    wanted = chosen(ids, params.distilled_items, params.seed)
    found: list[Figure] = []
    for key, columns in tables.items():
        rows = inputs[key].to_table(
            columns=["group_id", "member_ids", *columns], filter=ds.field("group_id").isin(wanted)
        )
        for row in rows.to_pylist():
            text = "\n".join(row[name] or "" for name in columns)
            found.append({"id": row["group_id"], "members": row["member_ids"], "text": text})
    return sorted(found, key=lambda row: row["id"])


def _by_key(dataset: ds.Dataset, key: str, columns: list[str], where: ds.Expression) -> dict[str, Figure]:
    return {row[key]: row for row in dataset.to_table(columns=columns, filter=where).to_pylist()}


def _truth_name(member: Mapping[str, Any]) -> str:
    return (member["original_id"] or "").partition("#")[0]


@dataclass(frozen=True)
class _Stated:
    """What a text states of the wanted facts: their share (0..1) and number, and the words that it takes."""

    share: float
    facts: float
    words: int

    @classmethod
    def of(cls, wanted: Sequence[str], text: str) -> "_Stated":
        share = facts_recovered(wanted, text)
        return cls(share, share * len(wanted), len(words(text)))


def _recovered(
    group: Mapping[str, Any], members: Mapping[str, Figure], truths: Mapping[str, Figure]
) -> dict[str, _Stated] | None:
    known_members = [members[name] for name in group["members"] if name in members]
    known_truths = [
        truths[name] for name in sorted({_truth_name(member) for member in known_members}) if name in truths
    ]
    wanted = [fact for truth in known_truths for fact in truth["facts"] or ()]
    if not wanted:
        return None
    return {
        "best_member": max(
            (_Stated.of(wanted, member["text"]) for member in known_members), key=lambda one: (one.share, -one.words)
        ),
        "distilled": _Stated.of(wanted, group["text"]),
        "concatenation": _Stated.of(wanted, "\n".join(member["text"] for member in known_members)),
        "full": _Stated.of(wanted, "\n".join(truth["text"] for truth in known_truths)),
    }
