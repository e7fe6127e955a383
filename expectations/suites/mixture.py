"""What must hold of MIXTURE, and of the records kept for it, before they are published.

The gate measures again what the stage measured: whether targets can be derived from their variants, and whether splits are apart.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.dataset as ds

from expectations.frames import Computed, as_kind, field, keys, pc
from expectations.membership import membership
from expectations.rules import (
    Batch,
    Rule,
    at_least,
    at_most,
    between,
    exits,
    figures,
    filled,
    foreign,
    identified,
    none,
    one_of,
    unique,
    vital,
)
from expectations.suites.since_last import since_last
from lake.engines.batches import read_batches
from lake.tables.reasons import MIXTURE_UNUSED
from texts.coverage import shingles
from texts.formats import FORMATS, OF_ONE_FACT
from texts.grounding import grounding

if TYPE_CHECKING:
    from expectations.frames import Frames
    from expectations.limits import Limits, Mixed

SPLITS = ("sft", "grpo", "heldout")
_HELDOUT = 500  # held-out targets that all others are compared with
_MEASURED = 1_000  # items, those of the smallest ids, which are hashes
_KINDS = {"passages": "psg_", "records": "rec_"}
ITEM = ("id", "variants", "malformed_target", "blank_variants", "variants_equal_to_target")


def best_records(frames: Frames, *, gate: Limits, most: int) -> Iterable[Batch]:
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
    twice = membership(now=ids, lookup={"earlier": keys(kept, "id")} if kept is not None else {})
    yield figures(
        vital(
            none(
                "kept_before",
                lambda: twice.count("earlier + now > 1") if kept is not None else None,
                "No record that is taken in was kept before.",
            )
        ),
        none(
            "best_but_not_high",
            lambda: of.count(f"best == 1 and {sides} == 0"),
            "Every kept record is one that is rated high.",
        ),
        vital(none("best_but_withdrawn", lambda: of.count("best + gone > 1"), "No kept record was withdrawn.")),
        at_most(
            "best_records",
            lambda: rows.count_rows() + (kept.count_rows() if kept is not None else 0),
            most,
            "No more records are kept than the params allow.",
        ),
    )
    yield from since_last(frames, "silver/best_records", gate, ["score"], ["language"])


def mixture(
    frames: Frames,
    *,
    gate: Mixed,
    target_score: float,
    fact_score: float,
    min_variants: int,
    max_variants: int,
    support: float,
) -> Iterable[Batch]:
    """The suite of gold/mixture: well-formed on both sides, targets that their variants carry, splits that share nothing."""
    rows, unused = frames["gold/mixture"], frames["gold/mixture_unused"]
    ids = [*identified("id", "mix"), filled("split"), filled("clusters"), one_of("split", SPLITS), filled("builder")]
    kinds = [filled("item_type"), one_of("item_type", list(FORMATS))]
    yield Batch("gold/mixture", rows, [*ids, *kinds, filled("target_score"), unique("target")], key="id")
    of_one = field("item_type").isin([*OF_ONE_FACT])
    for told, which, least in (("one fact", of_one, fact_score), ("several facts", ~of_one, target_score)):
        yield Batch(f"items of {told}", rows.filter(which), [between("target_score", least, 5)], key="id")
    right = [
        between("variants", min_variants, max_variants, says="Every item has as many variants as it may."),
        between("malformed_target", 0, 0, says="Every target is a well-formed item of its type."),
        between("blank_variants", 0, 0, says="No variant is blank."),
        between("variants_equal_to_target", 0, 0, says="No variant is the target itself."),
    ]
    yield Batch("items", _items(rows), right, key="id")
    yield exits("gold/mixture_unused", unused, ["mixture_unused"], MIXTURE_UNUSED)
    yield figures(*_books(rows, unused, "passages", frames["silver/passages"]))
    yield figures(*_books(rows, unused, "records", frames["silver/best_records"]))
    yield figures(*_splits(rows, gate))
    measured = cache(lambda: _derivable(rows, support))
    yield figures(
        at_least(
            "derivable_share",
            lambda: measured()[0],
            gate.least_derivable,
            "Nearly every target looked at stands, statement by statement, in its variants.",
        ),
        at_least("targets_measured", lambda: measured()[1], 1, "There were targets to look at.", warning=True),
    )
    yield from since_last(frames, "gold/mixture", gate, ["target_score"], ["split", "item_type"])


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


def _books(rows: ds.Dataset, unused: ds.Dataset, name: str, given: ds.Dataset) -> Iterable[Rule]:
    """Each passage, or each record, is in the items of one split or unused."""
    column, of_kind = f"{name[:-1]}_ids", pc.starts_with(field("id"), _KINDS[name])
    sft, grpo, heldout = (keys(rows, column, field("split") == split) for split in SPLITS)
    left = keys(unused, "id", of_kind)
    used = membership(sft=sft, grpo=grpo, heldout=heldout, unused=left, given=keys(given, "id"))
    one = name[:-1]
    yield none(
        f"{name}_in_two_places",
        lambda: used.count("sft + grpo + heldout + unused > 1"),
        f"No {one} is in two splits, or used and unused.",
    )
    yield none(
        f"{name}_in_no_place",
        lambda: used.count("given > sft + grpo + heldout + unused"),
        f"Every {one} that was given is used, or unused with a reason.",
    )
    yield foreign(f"unknown_{name}", lambda: used.count("given == 0"), f"Every {one} of an item is one that was given.")


def _splits(rows: ds.Dataset, gate: Mixed) -> Iterable[Rule]:
    """What the splits share: no cluster, and no near target."""
    sft, grpo, heldout = (keys(rows, "clusters", field("split") == split) for split in SPLITS)
    clusters = membership(sft=sft, grpo=grpo, heldout=heldout)
    yield none(
        "clusters_in_two_splits",
        lambda: clusters.count("sft + grpo + heldout > 1"),
        "No page, module or near-duplicate has texts in two splits.",
    )
    yield none(
        "targets_near_heldout",
        lambda: _near_heldout(rows),
        "No target for training is nearly one of the held-out targets looked at.",
    )
    yield at_least(
        "heldout_items",
        lambda: rows.count_rows(filter=field("split") == "heldout"),
        gate.expected_heldout,
        "There are enough held-out items to decide about a challenger.",
        warning=True,
    )
