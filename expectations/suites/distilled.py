"""What must hold of distilled items before they are published.

The gate trusts the measures of an item; it checks that they are as high as the params ask, and that evidence names members.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.dataset as ds

from expectations.frames import Computed, KeyValues, keys, pc
from expectations.membership import membership
from expectations.rules import (
    Batch,
    Rule,
    at_most,
    between,
    figures,
    filled,
    foreign,
    identified,
    none,
    one_of,
    sized,
    unique,
    vital,
)
from expectations.suites.since_last import since_last
from lake.engines.batches import read_batches
from lake.tables.reasons import DISTILLED_REJECTED
from texts.formats import FORMATS

if TYPE_CHECKING:
    from expectations.frames import Frames
    from expectations.limits import Distilled

EVIDENCE = ("id", "evidence_of_no_member", "empty_evidence")


def distilled(frames: Frames, *, gate: Distilled, limits: Any) -> Iterable[Batch]:
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
    proven = [
        vital(between("evidence_of_no_member", 0, 0, says="All evidence of an item is of one of its own members.")),
        between("empty_evidence", 0, 0, says="All evidence of an item is a stretch of text."),
    ]
    yield Batch("evidence", _evidence(rows), proven, key="id")
    reasons = [filled("reason"), one_of("reason", DISTILLED_REJECTED)]
    ids = [filled("group_id"), unique("group_id")]
    yield Batch("gold/distilled_refused", rejected, [*ids, *reasons], key="group_id")
    yield figures(*_groups(rows, rejected, frames["silver/groups"], gate), _distilled_before(frames))
    yield from since_last(frames, "gold/distilled", gate, ["gain"], ["model"])


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


def _groups(rows: ds.Dataset, rejected: ds.Dataset, grouped: ds.Dataset, gate: Distilled) -> Iterable[Rule]:
    ids = membership(
        groups=keys(grouped, "group_id"), accepted=keys(rows, "group_id"), rejected=keys(rejected, "group_id")
    )
    members = membership(
        grouped=_pairs(grouped, "id"), accepted=_pairs(rows, "member_ids"), rejected=_pairs(rejected, "member_ids")
    )
    yield none(
        "groups_without_an_end",
        lambda: ids.count("groups > accepted + rejected"),
        "Every group became an item or was refused.",
    )
    yield none("groups_with_two_ends", lambda: ids.count("accepted + rejected > 1"), "No group has two ends.")
    yield foreign("unknown_groups", lambda: ids.count("groups == 0"), "Every item is of a group of silver/groups.")
    yield none(
        "members_that_differ_from_the_group",
        lambda: members.count("grouped != (accepted + rejected > 0)"),
        "Every item, and every refusal, names exactly the members of its group.",
    )
    yield at_most(
        "refused_share",
        lambda: ids.count("rejected == 1") / max(ids.count("groups == 1"), 1),
        gate.expected_refused,
        "Not nearly all groups were refused.",
        warning=True,
    )


def _distilled_before(frames: Frames) -> Rule:
    """When only new groups were fused: that none of them had an end before."""
    items, refusals, before = "gold/distilled", "gold/distilled_refused", frames.before
    earlier = (
        {"was_item": keys(before[items], "group_id"), "was_refused": keys(before[refusals], "group_id")}
        if before
        else {}
    )
    both = membership(items=keys(frames[items], "group_id"), refused=keys(frames[refusals], "group_id"), lookup=earlier)
    return vital(
        none(
            "groups_distilled_before",
            lambda: both.count("was_item + was_refused > 0") if before else None,
            "No new group had an end before.",
        )
    )


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
