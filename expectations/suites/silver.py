"""What must hold of normalised, embedded, scored and grouped rows before they are published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import pyarrow.dataset as ds

from expectations.frames import field, keys, mean, records, rows_by, table
from expectations.membership import Membership, membership
from expectations.rules import (
    Batch,
    Rule,
    at_most,
    between,
    equal,
    exits,
    figures,
    filled,
    foreign,
    identified,
    matches,
    none,
    one_of,
    sized,
    unique,
    vital,
)
from expectations.suites.since_last import since_last
from expectations.summaries import summary
from expectations.vectors import vector_shapes
from lake.tables.reasons import ALONE, PASSAGE_REJECTED, RECORD_REJECTED

if TYPE_CHECKING:
    from expectations.frames import Frames
    from expectations.limits import Cleaned, Grouped, Limits

UNIT = (0.999, 1.001)
ROUNDING = 1e-4  # cosines are computed in single precision


def instructions(
    frames: Frames, *, gate: Cleaned, min_characters: int, max_characters: int, empty_prompt: bool
) -> Iterable[Batch]:
    """The suite of silver/instructions; `empty_prompt` says whether a record without a question is rejected."""
    rows, rejected = frames["silver/instructions"], frames["silver/instructions_rejected"]
    texts = [
        *sized("prompt", 1 if empty_prompt else 0),
        *sized("answer"),
        *sized("text", min_characters, max_characters),
    ]
    kinds = [one_of("item_type", ["qa", "code", "chat", "tools"]), filled("item_type"), *_language()]
    hashes = [filled("text_hash"), matches("text_hash", "^[0-9a-f]{64}$")]
    rules = [*identified("id", "rec"), *identified("raw_id", "raw"), filled("source"), *texts, *kinds, *hashes]
    yield Batch("silver/instructions", rows, rules, key="id")
    yield exits("silver/instructions_rejected", rejected, ["rejected"], RECORD_REJECTED)
    changes = [filled("id"), unique("id"), filled("source")]
    yield Batch("silver/instructions_changed", frames["silver/instructions_changed"], changes, key="id")
    yield _losses(frames["bronze/instructions"], rows, gate)
    yield figures(*_not_published_before(frames, "silver/instructions", "id"))
    yield from since_last(frames, "silver/instructions", gate, categories=["language", "item_type"])


def passages(frames: Frames, *, gate: Cleaned, min_characters: int, max_characters: int) -> Iterable[Batch]:
    """The suite of silver/passages."""
    rows, rejected = frames["silver/passages"], frames["silver/passages_rejected"]
    texts = sized("text", min_characters, max_characters)
    distinct = [filled("text_key"), matches("text_key", "^[0-9a-f]{64}$"), unique("text_key")]
    rules = [*identified("id", "psg"), *identified("raw_id", "raw"), filled("source"), *texts, *_language(), *distinct]
    yield Batch("silver/passages", rows, rules, key="id")
    yield exits("silver/passages_rejected", rejected, ["rejected", "duplicate"], PASSAGE_REJECTED)
    yield _losses(frames["bronze/passages"], rows, gate)
    yield figures(*_not_published_before(frames, "silver/passages", "id", "text_key"))
    yield from since_last(frames, "silver/passages", gate, categories=["language"])


def embeddings(frames: Frames, *, gate: Limits, least_fidelity: float) -> Iterable[Batch]:
    """The suite of silver/embeddings: vectors of one length and of unit norm, of texts that exist; a student that drifts warns."""
    rows = frames["silver/embeddings"]
    yield Batch("silver/embeddings", rows, [filled("text_hash"), unique("text_hash"), filled("embedder")])
    shapes = vector_shapes(rows, "vector")
    lengths = [
        between("dimension", 1, None, says="Every vector has components."),
        between("shortest", *UNIT, says="No vector is shorter than unit length."),
        between("longest", *UNIT, says="No vector is longer than unit length."),
    ]
    yield Batch("vectors", shapes, [filled("shortest"), *lengths], key="dimension")
    hashes = membership(texts=keys(frames["silver/unique_instructions"], "text_hash"), vectors=keys(rows, "text_hash"))
    vectors = sum(shape["vectors"] for shape in records(shapes, ["vectors"]))
    yield figures(
        none("rows_without_a_vector", lambda: rows.count_rows() - vectors, "Every row has a vector."),
        foreign(
            "vectors_of_no_text", lambda: hashes.count("vectors > texts"), "Every vector is of a text that exists."
        ),
        vital(at_most("dimensions", shapes.count_rows, 1, "All vectors have as many components.")),
    )
    yield from since_last(frames, "silver/embeddings", gate)
    # key: the failing row's example then says what to do
    says = "The student finds neighbours nearly as similar as the teacher does, in new texts too."
    drift = between("share", least_fidelity, None, warning=True, says=says)
    yield Batch("silver/student_fidelity", frames["silver/student_fidelity"], [drift], key="advice")


def groups(
    frames: Frames, *, gate: Grouped, similarity_floor: float, least_size: int, most_size: int
) -> Iterable[Batch]:
    """The suite of silver/groups: coherent groups of low-rated records, each record once, nobody left unnamed.

    Where only what is new was grouped, older groups are not looked at again; a newcomer may not be in one.
    """
    members, alone = frames["silver/groups"], frames["silver/singletons"]
    floor = similarity_floor - ROUNDING
    sizes = [filled("size"), between("size", least_size, most_size)]
    cosines = [filled("cohesion"), between("cohesion", floor, 1 + ROUNDING), between("similarity", floor, 1 + ROUNDING)]
    ids = [*identified("id", "rec"), filled("group_id"), matches("group_id", "^grp_[0-9a-f]{24}$")]
    licences = [filled("licence"), filled("licence_class"), filled("group_licence")]
    yield Batch("silver/groups", members, [*ids, *sizes, *cosines, *licences], key="id")
    yield exits("silver/singletons", alone, ["not_grouped"], ALONE)
    kinds = ["licence_class", "group_licence", "language", "item_type", "size"]
    one_kind = [one_of(kind, [1], says=f"The members of a group have one {kind}.") for kind in kinds]
    bounds = [
        between("rows", least_size, most_size, says="Every group has as many members as it may."),
        equal("rows", "largest_size", says="The size of every group is the number of its members."),
    ]
    yield Batch("members", summary(members, "group_id", kinds, ["size"]), [*one_kind, *bounds], key="group_id")
    yield figures(*_places(frames["silver/quality"], members, alone, frames.before, gate))
    yield from since_last(frames, "silver/groups", gate, ["cohesion"], ["size", "language"])


def _places(
    quality_rows: ds.Dataset, members: ds.Dataset, alone: ds.Dataset, before: Mapping[str, ds.Dataset], gate: Grouped
) -> Iterable[Rule]:
    """Each low-rated record, and each that waited alone before, is in one place; those grouped before are in no new one."""
    low, grouped = keys(quality_rows, "id", ~field("high")), keys(members, "id")
    waiting = keys(before["silver/singletons"], "id") if before else ()
    ids = membership(low=low, waiting=waiting, grouped=grouped, alone=keys(alone, "id"))
    settled = before["silver/groups"] if before else None
    earlier = {"earlier": keys(settled, "id")} if settled is not None else {}
    twice = membership(now=grouped, lookup=earlier)
    yield none(
        "low_rated_without_a_place",
        lambda: ids.count("low + waiting > 0 and grouped + alone == 0"),
        "Every low-rated record is in a group, or alone with a reason.",
    )
    yield vital(
        none("grouped_and_alone", lambda: ids.count("grouped + alone > 1"), "No record is in a group and alone.")
    )
    yield foreign(
        "not_low_rated",
        lambda: ids.count("grouped + alone > 0 and low + waiting == 0"),
        "Every record of a group, or alone, is a low-rated one.",
    )
    yield vital(
        none(
            "grouped_before",
            lambda: twice.count("earlier + now > 1") if earlier else None,
            "No record of a new group is in an older one.",
        )
    )
    yield from _drift(ids, members, settled, gate)


def _drift(ids: Membership, members: ds.Dataset, settled: ds.Dataset | None, gate: Grouped) -> Iterable[Rule]:
    """How much worse newcomers find company than the records before them did; a rebuild regroups all."""

    def alone_share_rise() -> float | None:
        if settled is None:
            return None
        newcomers, waiting, grouped_before = ids.count("low == 1"), ids.count("waiting == 1"), settled.count_rows()
        share = ids.count("low == 1 and alone == 1") / max(newcomers, 1)
        return share - waiting / max(waiting + grouped_before, 1)

    def cohesion_drop() -> float | None:
        if settled is None or not members.count_rows() or not settled.count_rows():
            return None
        return mean(settled, "cohesion") - mean(members, "cohesion")

    yield at_most(
        "alone_share_rise",
        alone_share_rise,
        gate.expected_alone_rise,
        "New records stay alone hardly more often than those before them.",
        warning=True,
    )
    yield at_most(
        "cohesion_drop",
        cohesion_drop,
        gate.expected_cohesion_drop,
        "New groups are nearly as coherent as those before them.",
        warning=True,
    )


def _not_published_before(frames: Frames, key: str, *columns: str) -> Iterable[Rule]:
    """When only new rows were made: that none of them shares a value of these columns with a row that was published before."""
    old = frames.before.get(key)
    for name in columns:
        both = membership(fresh=keys(frames[key], name), lookup={"old": keys(old, name)} if old is not None else {})
        yield vital(
            none(
                f"{name}_published_before",
                lambda both=both: both.count("fresh + old > 1") if old is not None else None,
                f"No new row has the {name} of one published before.",
            )
        )


def _language() -> list[Rule]:
    return [filled("language"), matches("language", "^[a-z]{2,3}$")]


def _losses(before: ds.Dataset, after: ds.Dataset, gate: Cleaned) -> Batch:
    """One row a source: `over_limit` is by how much it lost more than it may; small sources only warn."""
    kept = rows_by(after, "source")
    lost = (
        (source, count, 1 - kept[source] / count)
        for source, count in sorted(rows_by(before, "source").items(), key=str)
    )
    sources = [
        (source, share, share - gate.most_rejected if count >= gate.small_source else -1.0)
        for source, count, share in lost
    ]
    too_much = "No source loses a larger share of its records than it may (by how much it does)."
    much = "No source loses a large share of its records."
    rules = [
        between("over_limit", None, 0, says=too_much),
        between("lost", None, gate.expected_rejected, warning=True, says=much),
    ]
    return Batch("sources", table(sources, ["source", "lost", "over_limit"]), rules, key="source")
