"""What must hold of normalised, embedded, rated and grouped rows before they are published.

Not yet: the drift of ratings against the last published version; only their spread is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import pyarrow.dataset as ds

from expectations.calibration import mean_errors
from expectations.frames import empty, field, keys, mean, records, rows_by, table
from expectations.gate import Batch
from expectations.membership import Membership, membership
from expectations.rules import (
    Metric,
    at_least,
    at_most,
    between,
    equal,
    exits,
    filled,
    identified,
    matches,
    metrics,
    none,
    one_of,
    sized,
    unique,
)
from expectations.summaries import summary
from expectations.vectors import vector_shapes
from lake.tables.reasons import ALONE, PASSAGE_REJECTED, RATED, RATING_STATES, RECORD_REJECTED, UNRATED

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

    from expectations.frames import Frames

CRITERIA = ("rarity", "complexity", "informativeness", "overall")

# beyond MAX_ a stage is rejected
MAX_REJECTED = 0.9  # share of a source that cleaning may reject
MAX_UNRATED = 0.1
# beyond EXPECTED_ a gate only warns
EXPECTED_REJECTED = 0.3
EXPECTED_HIGH = (0.05, 0.95)
EXPECTED_HELD_OUT_ERROR = 1.1  # mean error of the neighbours, in units of the error of guessing the mean
EXPECTED_ALONE_RISE = (
    0.5  # of newcomers left alone: fewer are free to join them than when everything was grouped at once
)
EXPECTED_COHESION_DROP = 0.05
NEGLIGIBLE_SOURCE = 10  # rows: one bad row of so few is a large share
ENOUGH = 100  # rows: of fewer, a share or a mean error says little
UNIT = (0.999, 1.001)
ROUNDING = 1e-4  # cosines are computed in single precision


def instructions(frames: Frames, *, min_characters: int, max_characters: int, empty_prompt: bool) -> Iterable[Batch]:
    """The suite of silver/instructions; `empty_prompt` says whether a record without a question is rejected."""
    rows, rejected = frames["silver/instructions"], frames["silver/instructions_rejected"]
    texts = [*sized("prompt", int(empty_prompt)), *sized("answer"), *sized("text", min_characters, max_characters)]
    kinds = [one_of("item_type", ["qa", "code", "chat", "tools"]), filled("item_type"), *_language()]
    hashes = [filled("text_hash"), matches("text_hash", "^[0-9a-f]{64}$")]
    rules = [*identified("id", "rec"), *identified("raw_id", "raw"), filled("source"), *texts, *kinds, *hashes]
    yield Batch("silver/instructions", rows, rules, key="id")
    yield exits("silver/instructions_rejected", rejected, ["rejected"], RECORD_REJECTED)
    changes = [filled("id"), unique("id"), filled("source")]
    yield Batch("silver/instructions_changed", frames["silver/instructions_changed"], changes, key="id")
    yield _losses(frames["bronze/instructions"], rows)
    yield from _not_published_before(frames, "silver/instructions", "id")


def passages(frames: Frames, *, min_characters: int, max_characters: int) -> Iterable[Batch]:
    """The suite of silver/passages."""
    rows, rejected = frames["silver/passages"], frames["silver/passages_rejected"]
    texts = sized("text", min_characters, max_characters)
    distinct = [filled("text_key"), matches("text_key", "^[0-9a-f]{64}$"), unique("text_key")]
    rules = [*identified("id", "psg"), *identified("raw_id", "raw"), filled("source"), *texts, *_language(), *distinct]
    yield Batch("silver/passages", rows, rules, key="id")
    yield exits("silver/passages_rejected", rejected, ["rejected", "duplicate"], PASSAGE_REJECTED)
    yield _losses(frames["bronze/passages"], rows)
    yield from _not_published_before(frames, "silver/passages", "id", "text_key")


def embeddings(frames: Frames, *, least_fidelity: float) -> Iterable[Batch]:
    """The suite of silver/embeddings: vectors of one length and of unit norm, of texts that exist; a student that drifts warns."""
    rows = frames["silver/embeddings"]
    yield Batch("silver/embeddings", rows, [filled("text_hash"), unique("text_hash"), filled("embedder")])
    shapes = vector_shapes(rows, "vector")
    lengths = [between("dimension", 1, None), between("shortest", *UNIT), between("longest", *UNIT)]
    yield Batch("vectors", shapes, [filled("shortest"), *lengths], key="dimension")
    hashes = membership(texts=keys(frames["silver/unique_instructions"], "text_hash"), vectors=keys(rows, "text_hash"))
    vectors = sum(shape["vectors"] for shape in records(shapes, ["vectors"]))
    yield metrics(
        none("rows_without_a_vector", rows.count_rows() - vectors),
        none("vectors_of_no_text", hashes.count("vectors > texts")),
        at_most("dimensions", shapes.count_rows(), 1),
    )
    # key: the failing row's example then says what to do
    drift = between("share", least_fidelity, None, warning=True)
    yield Batch("silver/student_fidelity", frames["silver/student_fidelity"], [drift], key="advice")


def ratings(frames: Frames) -> Iterable[Batch]:
    """The suite of silver/ratings."""
    rows = frames["silver/ratings"]
    states = [filled("state"), one_of("state", RATING_STATES)]
    yield Batch("silver/ratings", rows, [filled("id"), filled("judge"), filled("prompt_version"), *states], key="id")
    yield Batch("criteria", rows, [between(name, 1, 10) for name in CRITERIA], key="id")
    ids = membership(records=keys(frames["silver/unique_instructions"], "id"), rated=keys(rows, "id"))
    records = ids.count("records == 1")
    failed, grown = rows.count_rows(filter=empty("overall")), bool(frames.before)
    predicted = field("state") == "predicted"
    judged = records - rows.count_rows(filter=predicted)
    distinct = len(rows_by(rows, "overall", ~empty("overall")))
    yield metrics(
        none("records_without_a_row", ids.count("records > rated")),
        none("ratings_of_no_record", ids.count("rated > records")),
        none("neither_rating_nor_error", rows.count_rows(filter=empty("overall", "error"))),
        none("another_state_than_rating", rows.count_rows(filter=field("state").isin(RATED) == empty("overall"))),
        none("another_state_than_margin", rows.count_rows(filter=predicted == empty("margin"))),
        # one failure among a handful of new records is no broken judge
        at_most("unrated_share", failed / max(judged, ENOUGH if grown else 1), MAX_UNRATED),
        *([] if grown and records < ENOUGH else [at_least("distinct_ratings", distinct, 2, warning=True)]),
    )
    # a predictor that may be no better than a constant is refused, with all that it predicted
    better = [filled("explained_low"), between("explained_low", ROUNDING, 1)]
    yield Batch("silver/rating_predictors", frames["silver/rating_predictors"], better, key="digest")


def quality(frames: Frames, *, high_score: float) -> Iterable[Batch]:
    """The suite of silver/quality: a label for every record or a reason, consistent, and calibrated on held-out ratings."""
    rows, unrated = frames["silver/quality"], frames["silver/unrated"]
    scores = [filled("score"), between("score", 0, 5), between("neighbour_score", 0, 5)]
    spread = [filled("uncertainty"), between("uncertainty", 0, 5), filled("high"), between("judges", 1, None)]
    yield Batch("silver/quality", rows, [*identified("id", "rec"), *scores, *spread], key="id")
    yield exits("silver/unrated", unrated, ["unrated"], UNRATED)
    ids = membership(
        records=keys(frames["silver/unique_instructions"], "id"), scored=keys(rows, "id"), unrated=keys(unrated, "id")
    )
    mislabelled = field("high") != (field("score") >= high_score)
    yield metrics(
        none("records_without_a_label", ids.count("records > scored + unrated")),
        none("scored_and_unrated", ids.count("scored + unrated > 1")),
        none("high_without_the_score", rows.count_rows(filter=mislabelled)),
        *_calibration(rows, ids.count("scored == 1"), whole=not frames.before),
    )


def _calibration(rows: ds.Dataset, scored: int, whole: bool) -> Iterable[Metric]:
    """Whether both sides of the line are populated, and whether neighbours predict a held-out rating better than guessing.

    A record's own rating is no part of its neighbours' score: each is held out once.
    """
    if whole or scored >= ENOUGH:
        share = rows.count_rows(filter=field("high")) / max(scored, 1)
        yield at_least("high_share", share, EXPECTED_HIGH[0], warning=True)
        yield at_most("high_share_above", share, EXPECTED_HIGH[1], warning=True)
    compared, error, guess = mean_errors(rows, "score", "neighbour_score")
    if compared >= ENOUGH:
        yield at_most(
            "held_out_error_over_guessing", error / max(guess, ROUNDING), EXPECTED_HELD_OUT_ERROR, warning=True
        )


def groups(frames: Frames, *, similarity_floor: float, least_size: int, most_size: int) -> Iterable[Batch]:
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
    one_kind = [one_of(kind, [1]) for kind in kinds]
    bounds = [between("rows", least_size, most_size), equal("rows", "largest_size")]
    yield Batch("groups", summary(members, "group_id", kinds, ["size"]), [*one_kind, *bounds], key="group_id")
    yield metrics(*_places(frames["silver/quality"], members, alone, frames.before))


def _places(
    quality_rows: ds.Dataset, members: ds.Dataset, alone: ds.Dataset, before: Mapping[str, ds.Dataset]
) -> Iterable[Metric]:
    """Each low-rated record, and each that waited alone before, is in one place; those grouped before are in no new one."""
    low, grouped = keys(quality_rows, "id", ~field("high")), keys(members, "id")
    waiting = keys(before["silver/singletons"], "id") if before else ()
    ids = membership(low=low, waiting=waiting, grouped=grouped, alone=keys(alone, "id"))
    yield none("low_rated_without_a_place", ids.count("low + waiting > 0 and grouped + alone == 0"))
    yield none("grouped_and_alone", ids.count("grouped + alone > 1"))
    yield none("not_low_rated", ids.count("grouped + alone > 0 and low + waiting == 0"))
    if before:
        settled = before["silver/groups"]
        twice = membership(now=grouped, lookup={"earlier": keys(settled, "id")})
        yield none("grouped_before", twice.count("earlier + now > 1"))
        yield from _drift(ids, members, settled)


def _drift(ids: Membership, members: ds.Dataset, settled: ds.Dataset) -> Iterable[Metric]:
    """How much worse newcomers find company than the records before them did; a rebuild regroups all."""
    newcomers, waiting, grouped_before = ids.count("low == 1"), ids.count("waiting == 1"), settled.count_rows()
    share = ids.count("low == 1 and alone == 1") / max(newcomers, 1)
    share_before = waiting / max(waiting + grouped_before, 1)
    yield at_most("alone_share_rise", share - share_before, EXPECTED_ALONE_RISE, warning=True)
    if members.count_rows() and grouped_before:
        drop = mean(settled, "cohesion") - mean(members, "cohesion")
        yield at_most("cohesion_drop", drop, EXPECTED_COHESION_DROP, warning=True)


def _not_published_before(frames: Frames, key: str, *columns: str) -> Iterable[Batch]:
    """When only new rows were made: that none of them shares a value of these columns with a row that was published before."""
    before = frames.before
    if key in before:
        shared = (
            (name, membership(fresh=keys(frames[key], name), lookup={"old": keys(before[key], name)}))
            for name in columns
        )
        yield metrics(*(none(f"{name}_published_before", both.count("fresh + old > 1")) for name, both in shared))


def _language() -> list[Expectation]:
    return [filled("language"), matches("language", "^[a-z]{2,3}$")]


def _losses(before: ds.Dataset, after: ds.Dataset) -> Batch:
    """One row a source: `over_limit` is by how much it lost more than it may; small sources only warn."""
    kept = rows_by(after, "source")
    lost = (
        (source, count, 1 - kept[source] / count)
        for source, count in sorted(rows_by(before, "source").items(), key=str)
    )
    sources = [
        (source, share, share - MAX_REJECTED if count >= NEGLIGIBLE_SOURCE else -1.0) for source, count, share in lost
    ]
    rules = [between("over_limit", None, 0), between("lost", None, EXPECTED_REJECTED, warning=True)]
    return Batch("sources", table(sources, ["source", "lost", "over_limit"]), rules, key="source")
