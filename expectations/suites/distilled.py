"""What must hold of distilled items before they are published.

The gate trusts the measures of an item; it checks that they are as high as the params ask, and that evidence names members.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.dataset as ds

from expectations.frames import Computed, KeyValues, keys, pc
from expectations.gate import Batch
from expectations.membership import membership
from expectations.rules import Metric, at_most, between, filled, identified, metrics, none, one_of, sized, unique
from lake.engines.batches import read_batches
from lake.tables.reasons import DISTILLED_REJECTED
from texts.formats import FORMATS

if TYPE_CHECKING:
    from expectations.frames import Frames

EXPECTED_REJECTED_GROUPS = 0.9  # share; beyond it, as beyond every EXPECTED_, a gate only warns
EVIDENCE = ("id", "evidence_of_no_member", "empty_evidence")


def distilled(frames: Frames, *, limits: Any) -> Iterable[Batch]:
    """The suite of gold/distilled: faithful, full, novel and worth more than a member; every group accepted or rejected.

    limits: what an item must reach, its `support`, `recovered`, `gain` and `copied`.
    """
    rows, rejected = frames["gold/distilled"], frames["gold/distilled_refused"]
    texts = [*sized("prompt"), *sized("answer"), *sized("member_ids", 2), *sized("sources"), *sized("licences")]
    reached = [
        between("faithful", limits.support, 1),
        between("recovered", limits.recovered, 1),
        between("gain", limits.gain, 1),
        between("novelty", 1 - limits.copied, 1),
        *(between(name, 0, most) for name, most in (("coverage", 1), ("worth", 1), ("rating", 5))),
    ]
    measures = ["faithful", "recovered", "gain", "novelty", "coverage", "worth", "rating"]
    required = ["group_id", "item_type", "language", "model", *measures]
    rules = [*identified("id", "dst"), unique("group_id"), one_of("item_type", list(FORMATS)), *map(filled, required)]
    yield Batch("gold/distilled", rows, [*rules, *reached, *texts, *sized("evidence")], key="id")
    yield Batch("evidence", _evidence(rows), [between(name, 0, 0) for name in EVIDENCE[1:]], key="id")
    reasons = [filled("reason"), one_of("reason", DISTILLED_REJECTED)]
    ids = [filled("group_id"), unique("group_id")]
    yield Batch("gold/distilled_refused", rejected, [*ids, *reasons], key="group_id")
    yield metrics(*_groups(rows, rejected, frames["silver/groups"]))


def _evidence(rows: ds.Dataset) -> Computed:
    """For each distilled item, how much of its evidence names no member of its own, or no stretch of one."""

    def read() -> Iterator[pa.RecordBatch]:
        for batch in read_batches(rows, ["id", "member_ids", "evidence"]):
            if len(batch):
                yield pa.RecordBatch.from_pylist([_evidence_of(row) for row in batch.to_pylist()])

    return Computed(EVIDENCE, read)


def _evidence_of(row: dict[str, Any]) -> dict[str, Any]:
    """One row of `_evidence`."""
    members, evidence = set(row["member_ids"] or ()), row["evidence"] or []
    foreign = sum(one["member_id"] not in members for one in evidence)
    return dict(zip(EVIDENCE, (row["id"], foreign, sum(one["start"] >= one["end"] for one in evidence)), strict=True))


def _groups(rows: ds.Dataset, rejected: ds.Dataset, grouped: ds.Dataset) -> Iterable[Metric]:
    ids = membership(
        groups=keys(grouped, "group_id"), accepted=keys(rows, "group_id"), rejected=keys(rejected, "group_id")
    )
    members = membership(
        grouped=_pairs(grouped, "id"), accepted=_pairs(rows, "member_ids"), rejected=_pairs(rejected, "member_ids")
    )
    yield none("groups_without_an_end", ids.count("groups > accepted + rejected"))
    yield none("groups_with_two_ends", ids.count("accepted + rejected > 1"))
    yield none("unknown_groups", ids.count("groups == 0"))
    differ = members.count("grouped != (accepted + rejected > 0)")
    yield none("members_that_differ_from_the_group", differ)
    share = ids.count("rejected == 1") / max(ids.count("groups == 1"), 1)
    yield at_most("refused_share", share, EXPECTED_REJECTED_GROUPS, warning=True)


def _pairs(rows: ds.Dataset, column: str) -> KeyValues:
    """Group and member as one text; a list of members gives one for each."""

    def read() -> Iterator[pa.Array]:
        for batch in read_batches(rows, ["group_id", column]):
            groups, members = batch.columns
            if pa.types.is_list(members.type):
                groups, members = groups.take(pc.list_parent_indices(members)), pc.list_flatten(members)
            yield pc.binary_join_element_wise(
                groups, members, " ", null_handling="replace", null_replacement="no member"
            )

    return KeyValues(read)
