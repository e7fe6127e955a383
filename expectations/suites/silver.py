"""What must hold of normalised, embedded, rated and grouped rows before they are published.

Not yet: the drift of ratings against the last published version; only their spread is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from expectations.calibration import gaps
from expectations.frames import empty, keys, loss, mean, measured, patterns, rows_in, summary
from expectations.gate import Batch
from expectations.members import count, membership, met
from expectations.norms import vectors
from expectations.rules import (
    Figure,
    at_least,
    at_most,
    between,
    equal,
    exits,
    figures,
    filled,
    identified,
    matches,
    none,
    one_of,
    sized,
    unique,
)

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

    from expectations.frames import Frame, Frames
    from expectations.limits import EmbedLimits, GroupLimits, QualityLimits, RecordLimits, TextLimits

RECORD_REFUSALS = (
    "empty_prompt", "empty_answer", "boilerplate_refusal", "truncated", "placeholder", "repetition", "too_short", "too_long",
    "unsupported_language",
)  # fmt: skip
PASSAGE_REFUSALS = ("empty", "too_short", "too_long", "unsupported_language", "exact_passage")
UNRATED = ("judge_failed", "unparsable_rating")
ALONE = (
    "no_neighbour", "neighbours_grouped", "mixed_only", "personal_data", "unknown_licence", "no_derivatives", "no_vector",
)  # fmt: skip
CRITERIA = ("rarity", "complexity", "informativeness", "overall")

MAX_REFUSED = 0.9  # largest share of a source that cleaning may refuse
EXPECTED_REFUSED = 0.3
NEGLIGIBLE_SOURCE = 10  # rows: one bad row of so few is a large share
MAX_UNRATED = 0.1
EXPECTED_HIGH = (0.05, 0.95)
ENOUGH = 100  # rows: of fewer, a share or a mean error says little
MAX_HELD_OUT = 1.1  # mean error of the neighbours, in units of the error of guessing the mean
UNIT = (0.999, 1.001)
ROUNDING = 1e-4  # cosines are computed in single precision
MAX_ALONE_RISE = 0.5  # of newcomers left alone: fewer are free to join them than when everything was grouped at once
MAX_COHESION_DROP = 0.05


def instructions(frames: Frames, params: RecordLimits) -> Iterable[Batch]:
    """The suite of silver/instructions."""
    rows, rejected = frames["silver/instructions"], frames["silver/instructions_rejected"]
    asked = sized("prompt", int(params.empty_prompt))
    texts = [*asked, *sized("answer"), *sized("text", params.min_characters, params.max_characters)]
    kinds = [one_of("item_type", ["qa", "chat", "tools"]), filled("item_type"), *_language()]
    hashes = [filled("text_hash"), matches("text_hash", "^[0-9a-f]{64}$")]
    rules = [*identified("id", "rec"), *identified("raw_id", "raw"), filled("source"), *texts, *kinds, *hashes]
    plain = ["id", "raw_id", "source", "language", "item_type", "text_hash"]
    yield Batch("silver/instructions", measured(rows, ["prompt", "answer", "text"], plain), rules, key="id")
    yield exits("silver/instructions_rejected", rejected, ["rejected"], RECORD_REFUSALS)
    yield _losses(loss(frames["bronze/instructions"], rows))
    yield from _not_published_before(frames, "silver/instructions", "id")


def passages(frames: Frames, params: TextLimits) -> Iterable[Batch]:
    """The suite of silver/passages."""
    rows, rejected = frames["silver/passages"], frames["silver/passages_rejected"]
    texts = sized("text", params.min_characters, params.max_characters)
    distinct = [filled("text_key"), matches("text_key", "^[0-9a-f]{64}$"), unique("text_key")]
    rules = [*identified("id", "psg"), *identified("raw_id", "raw"), filled("source"), *texts, *_language(), *distinct]
    plain = ["id", "raw_id", "source", "language", "text_key"]
    yield Batch("silver/passages", measured(rows, ["text"], plain), rules, key="id")
    yield exits("silver/passages_rejected", rejected, ["rejected", "duplicate"], PASSAGE_REFUSALS)
    yield _losses(loss(frames["bronze/passages"], rows))
    yield from _not_published_before(frames, "silver/passages", "id", "text_key")


def embeddings(frames: Frames, params: EmbedLimits) -> Iterable[Batch]:
    """The suite of silver/embeddings: vectors of one length and of unit norm, of texts that exist; a student that drifts warns."""
    rows = frames["silver/embeddings"]
    shapes = vectors(rows, "vector")
    yield Batch("silver/embeddings", rows, [filled("text_hash"), unique("text_hash"), filled("embedder")])
    lengths = [between("dimension", 1, None), between("shortest", *UNIT), between("longest", *UNIT)]
    yield Batch("vectors", shapes, [filled("shortest"), *lengths], key="dimension")
    hashes = membership(texts=keys(frames["silver/unique_instructions"], "text_hash"), vectors=keys(rows, "text_hash"))
    yield figures(
        none("rows_without_a_vector", rows_in(rows) - int(shapes["vectors"].sum())),
        none("vectors_of_no_text", count(hashes, "vectors > texts")),
        at_most("dimensions", len(shapes), 1),
    )
    # key: the failing row's example then says what to do
    yield Batch(
        "silver/student_fidelity",
        frames["silver/student_fidelity"],
        [between("share", params.least_fidelity, None, warning=True)],
        key="advice",
    )


def ratings(frames: Frames, params: Any) -> Iterable[Batch]:
    """The suite of silver/ratings."""
    rows = frames["silver/ratings"]
    yield Batch("silver/ratings", rows, [filled("id"), filled("judge"), filled("prompt_version")], key="id")
    ranges = [between(name, 1, 10) for name in CRITERIA]
    yield Batch("criteria", patterns(rows, CRITERIA, "id"), ranges, key="id")
    ids = membership(records=keys(frames["silver/unique_instructions"], "id"), rated=keys(rows, "id"))
    records = count(ids, "records == 1")
    failed, grown = empty(rows, "overall"), bool(frames.before)
    distinct = count(membership(overall=keys(rows, "overall")), "overall == 1")
    yield figures(
        none("records_without_a_row", count(ids, "records > rated")),
        none("ratings_of_no_record", count(ids, "rated > records")),
        none("neither_rating_nor_error", empty(rows, "overall", "error")),
        # one failure among a handful of new records is no broken judge
        at_most("unrated_share", failed / max(records, ENOUGH if grown else 1), MAX_UNRATED),
        *([] if grown and records < ENOUGH else [at_least("distinct_ratings", distinct, 2, warning=True)]),
    )


def quality(frames: Frames, params: QualityLimits) -> Iterable[Batch]:
    """The suite of silver/quality: a label for every record or a reason, consistent, and calibrated on held-out ratings."""
    rows, unrated = frames["silver/quality"], frames["silver/unrated"]
    scores = [filled("score"), between("score", 0, 5), between("neighbour_score", 0, 5)]
    spread = [filled("uncertainty"), between("uncertainty", 0, 5), filled("high"), between("judges", 1, None)]
    yield Batch("silver/quality", rows, [*identified("id", "rec"), *scores, *spread], key="id")
    yield exits("silver/unrated", unrated, ["unrated"], UNRATED)
    ids = membership(
        records=keys(frames["silver/unique_instructions"], "id"), scored=keys(rows, "id"), unrated=keys(unrated, "id")
    )
    yield figures(
        none("records_without_a_label", count(ids, "records > scored + unrated")),
        none("scored_and_unrated", count(ids, "scored + unrated > 1")),
        none("high_without_the_score", rows_in(rows, f"high != (score >= {params.high_score})")),
        *_calibration(rows, count(ids, "scored == 1"), whole=not frames.before),
    )


def _calibration(rows: Frame, scored: int, whole: bool) -> Iterable[Figure]:
    """Whether both sides of the line are populated, and whether neighbours foretell a held-out rating better than guessing.

    A record's own rating is no part of its neighbours' score: each is held out once.
    """
    if whole or scored >= ENOUGH:
        share = rows_in(rows, "high == True") / max(scored, 1)
        yield at_least("high_share", share, EXPECTED_HIGH[0], warning=True)
        yield at_most("high_share_above", share, EXPECTED_HIGH[1], warning=True)
    measured, gap, guess = gaps(rows, "score", "neighbour_score")
    if measured >= ENOUGH:
        yield at_most("held_out_error_over_guessing", gap / max(guess, ROUNDING), MAX_HELD_OUT, warning=True)


def groups(frames: Frames, params: GroupLimits) -> Iterable[Batch]:
    """The suite of silver/groups: coherent groups of low-rated records, each record once, nobody left unnamed.

    Where only what is new was grouped, older groups are not looked at again; a newcomer may not be in one.
    """
    before = frames.before
    members, alone = frames["silver/groups"], frames["silver/singletons"]
    floor = params.similarity_floor - ROUNDING
    sizes = [filled("size"), between("size", params.least_size, params.most_size)]
    cosines = [filled("cohesion"), between("cohesion", floor, 1 + ROUNDING), between("similarity", floor, 1 + ROUNDING)]
    ids = [*identified("id", "rec"), filled("group_id"), matches("group_id", "^grp_[0-9a-f]{24}$")]
    licences = [filled("licence"), filled("licence_class"), filled("group_licence")]
    yield Batch("silver/groups", members, [*ids, *sizes, *cosines, *licences], key="id")
    yield exits("silver/singletons", alone, ["not_grouped"], ALONE)
    kinds = ["licence_class", "group_licence", "language", "item_type", "size"]
    alike = [one_of(kind, [1]) for kind in kinds]
    whole = summary(members, "group_id", kinds, largest=["size"])
    bounds = [between("rows", params.least_size, params.most_size), equal("rows", "largest_size")]
    yield Batch("groups", whole, [*alike, *bounds], key="group_id")
    yield figures(*_places(frames["silver/quality"], members, alone, before))


def _places(quality_rows: Frame, members: Frame, alone: Frame, before: Mapping[str, Frame]) -> Iterable[Figure]:
    """Each low-rated record, and each that waited alone before, is in one place; those grouped before are in no new one."""
    low = keys(quality_rows, "id", "high == False")
    waiting = {"waiting": keys(before["silver/singletons"], "id")} if before else {}
    ids = membership(low=low, grouped=keys(members, "id"), alone=keys(alone, "id"), **waiting)
    ids = ids if waiting else ids.assign(waiting=0)
    yield none("low_rated_without_a_place", count(ids, "low + waiting > 0 and grouped + alone == 0"))
    yield none("grouped_and_alone", count(ids, "grouped + alone > 1"))
    yield none("not_low_rated", count(ids, "grouped + alone > 0 and low + waiting == 0"))
    if before:
        settled = before["silver/groups"]
        now = keys(members, "id")
        twice = membership(earlier=met(keys(settled, "id"), now), now=now)
        yield none("grouped_before", count(twice, "earlier + now > 1"))
        yield from _drift(ids, members, settled)


def _drift(ids: pd.DataFrame, members: Frame, settled: Frame) -> Iterable[Figure]:
    """How much worse newcomers find company than the records before them did; a rebuild regroups all."""
    newcomers, waiting = count(ids, "low == 1"), count(ids, "waiting == 1")
    share = count(ids, "low == 1 and alone == 1") / max(newcomers, 1)
    share_before = waiting / max(waiting + rows_in(settled), 1)
    yield at_most("alone_share_rise", share - share_before, MAX_ALONE_RISE, warning=True)
    if rows_in(members) and rows_in(settled):
        drop = mean(settled, "cohesion") - mean(members, "cohesion")
        yield at_most("cohesion_drop", drop, MAX_COHESION_DROP, warning=True)


def _not_published_before(frames: Frames, table: str, *columns: str) -> Iterable[Batch]:
    """When only new rows were made: that none of them shares a value of these columns with a row that was published before."""
    before = frames.before
    if table in before:
        pairs = ((name, keys(frames[table], name), keys(before[table], name)) for name in columns)
        found = ((name, membership(fresh=fresh, old=met(old, fresh))) for name, fresh, old in pairs)
        yield figures(*(none(f"{name}_published_before", count(both, "fresh + old > 1")) for name, both in found))


def _language() -> list[Expectation]:
    return [filled("language"), matches("language", "^[a-z]{2,3}$")]


def _losses(losses: pd.DataFrame) -> Batch:
    """One row a source: `over_limit` is by how much it lost more than it may; small sources only warn."""
    over = (losses["lost"] - MAX_REFUSED).where(losses["before"] >= NEGLIGIBLE_SOURCE, -1.0)
    rules = [between("over_limit", None, 0), between("lost", None, EXPECTED_REFUSED, warning=True)]
    return Batch("sources", losses.assign(over_limit=over), rules, key="source")
