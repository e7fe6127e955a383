"""What must hold of MIXTURE, and of the records kept for it, before they are published.

The gate measures again what the stage measured: whether targets can be derived from their variants, and whether splits are apart.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.dataset as ds

from expectations.frames import Computed, as_kind, field, keys, pc
from expectations.gate import Batch
from expectations.membership import membership
from expectations.rules import (
    Metric,
    at_least,
    at_most,
    between,
    exits,
    filled,
    identified,
    metrics,
    none,
    one_of,
    unique,
)
from lake.engines.batches import read_batches
from lake.tables.reasons import MIXTURE_UNUSED
from texts.coverage import shingles
from texts.formats import FORMATS
from texts.grounding import grounding

if TYPE_CHECKING:
    from expectations.frames import Frames

SPLITS = ("sft", "grpo", "heldout")
ENOUGH_HELDOUT = 200  # items: fewer make the champion's interval wide
DERIVABLE = 0.98  # share of targets of which every statement stands in a variant
_HELDOUT = 500  # held-out targets that all others are compared with
_MEASURED = 1_000  # items, those of the smallest ids, which are hashes
_KINDS = {"passages": "psg_", "records": "rec_"}
ITEM = ("id", "variants", "malformed_target", "blank_variants", "variants_equal_to_target")


def best_records(frames: Frames, *, most: int) -> Iterable[Batch]:
    """The suite of silver/best_records: high-rated records as they are, none withdrawn, no more than the params allow."""
    rows, before = frames["silver/best_records"], frames.before
    texts = [filled(name) for name in ("source", "licence", "prompt", "answer")]
    yield Batch("silver/best_records", rows, [*identified("id", "rec"), *texts, between("score", 0, 5)], key="id")
    ids, rated = keys(rows, "id"), [frames["silver/quality"], *([before["silver/quality"]] if before else [])]
    high = [keys(one, "id", field("high")) for one in rated]
    gone = as_kind("rec", keys(frames["bronze/instructions_withdrawn"], "id"))
    of = membership(best=ids, lookup={"gone": gone} | {f"high_{n}": one for n, one in enumerate(high)})
    sides = " + ".join(f"high_{n}" for n in range(len(high)))
    kept = before["silver/best_records"] if before else None
    if kept is not None:
        twice = membership(now=ids, lookup={"earlier": keys(kept, "id")})
        yield metrics(none("kept_before", twice.count("earlier + now > 1")))
    yield metrics(
        none("best_but_not_high", of.count(f"best == 1 and {sides} == 0")),
        none("best_but_withdrawn", of.count("best + gone > 1")),
        at_most("best_records", rows.count_rows() + (kept.count_rows() if kept is not None else 0), most),
    )


def mixture(
    frames: Frames, *, target_score: float, min_variants: int, max_variants: int, support: float
) -> Iterable[Batch]:
    """The suite of gold/mixture: well-formed on both sides, targets that their variants carry, splits that share nothing."""
    rows, unused = frames["gold/mixture"], frames["gold/mixture_unused"]
    ids = [*identified("id", "mix"), filled("split"), filled("clusters"), one_of("split", SPLITS), filled("builder")]
    kinds = [filled("item_type"), one_of("item_type", list(FORMATS))]
    scores = [filled("target_score"), between("target_score", target_score, 5)]
    yield Batch("gold/mixture", rows, [*ids, *kinds, *scores, unique("target")], key="id")
    right = [between(name, 0, 0) for name in ITEM[2:]]
    yield Batch("items", _items(rows), [between("variants", min_variants, max_variants), *right], key="id")
    yield exits("gold/mixture_unused", unused, ["mixture_unused"], MIXTURE_UNUSED)
    yield metrics(*_books(rows, unused, "passages", frames["silver/passages"]))
    yield metrics(*_books(rows, unused, "records", frames["silver/best_records"]))
    yield metrics(*_splits(rows))
    share, measured = _derivable(rows, support)
    yield metrics(
        at_least("derivable_share", share, DERIVABLE), at_least("targets_measured", measured, 1, warning=True)
    )


def _near_heldout(rows: ds.Dataset) -> int:
    """How many targets for training share half of their 3-grams, or of a held-out one's, with one of the held-out targets looked at."""
    batches = read_batches(rows, ["id", "target"], field("split") == "heldout")
    looked_at = heapq.nsmallest(_HELDOUT, (row for batch in batches for row in batch.to_pylist()), key=itemgetter("id"))
    heldout = [shingles(row["target"] or "") for row in looked_at]
    holders: dict[tuple[str, ...], list[int]] = {}
    for place, grams in enumerate(heldout):
        for gram in grams:
            holders.setdefault(gram, []).append(place)
    near = 0
    for batch in read_batches(rows, ["target"], field("split") != "heldout"):
        for target in batch["target"].to_pylist():
            own = shingles(target or "")
            shared = Counter(place for gram in own for place in holders.get(gram, ()))
            near += any(2 * count >= min(len(own), len(heldout[place])) for place, count in shared.items())
    return near


def _derivable(rows: ds.Dataset, support: float) -> tuple[float, int]:
    """The share of the items measured whose target its variants support, as gold/distilled asks it of an item; and how many were."""
    columns = ["id", "members", "target"]
    sample = heapq.nsmallest(
        _MEASURED,
        (row for batch in read_batches(rows, columns) for row in batch.to_pylist()),
        key=lambda row: row["id"] or "",
    )
    good = sum(grounding(row["members"] or [], row["target"] or "").score >= support for row in sample)
    return good / len(sample) if sample else 1.0, len(sample)


def _items(rows: ds.Dataset) -> Computed:
    """For each item, how many variants it has, and counts of what is wrong with them or with the target."""

    def read() -> Iterator[pa.RecordBatch]:
        for batch in read_batches(rows, ["id", "item_type", "members", "target"]):
            if len(batch):
                yield pa.RecordBatch.from_pylist([_item(row) for row in batch.to_pylist()])

    return Computed(ITEM, read)


def _item(row: dict[str, Any]) -> dict[str, Any]:
    """One row of `_items`."""
    members, form = row["members"] or [], FORMATS.get(row["item_type"])
    well_formed = form is not None and form.parse(row["target"] or "") is not None
    blank = sum(not (member or "").strip() for member in members)
    counts = (row["id"], len(members), int(not well_formed), blank, members.count(row["target"]))
    return dict(zip(ITEM, counts, strict=True))


def _books(rows: ds.Dataset, unused: ds.Dataset, name: str, given: ds.Dataset) -> Iterable[Metric]:
    """Each passage, or each record, is in the items of one split or unused."""
    column, of_kind = f"{name[:-1]}_ids", pc.starts_with(field("id"), _KINDS[name])
    sft, grpo, heldout = (keys(rows, column, field("split") == split) for split in SPLITS)
    left = keys(unused, "id", of_kind)
    used = membership(sft=sft, grpo=grpo, heldout=heldout, unused=left, given=keys(given, "id"))
    yield none(f"{name}_in_two_places", used.count("sft + grpo + heldout + unused > 1"))
    yield none(f"{name}_in_no_place", used.count("given > sft + grpo + heldout + unused"))
    yield none(f"unknown_{name}", used.count("given == 0"))


def _splits(rows: ds.Dataset) -> Iterable[Metric]:
    """What the splits share: no cluster, and no near target."""
    sft, grpo, heldout = (keys(rows, "clusters", field("split") == split) for split in SPLITS)
    yield none(
        "clusters_in_two_splits", membership(sft=sft, grpo=grpo, heldout=heldout).count("sft + grpo + heldout > 1")
    )
    yield none("targets_near_heldout", _near_heldout(rows))
    heldout_items = rows.count_rows(filter=field("split") == "heldout")
    yield at_least("heldout_items", heldout_items, ENOUGH_HELDOUT, warning=True)
