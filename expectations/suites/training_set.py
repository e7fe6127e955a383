"""What must hold of the training set before it is published.

The gate trusts no column that it can check against its source. Not yet: personal data inside the words of a distilled item, and
benchmark items that a released text only paraphrases.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import pyarrow.dataset as ds

from expectations.frames import as_kind, elements, field, keys, pc, phrases
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
    sized,
    unique,
    vital,
)
from expectations.suites.budget import within_budget
from expectations.suites.since_last import since_last
from lake.tables.reasons import DUPLICATE_RULES, NOT_RELEASED
from texts.benchmark_items import known_by

if TYPE_CHECKING:
    from expectations.frames import Frames
    from expectations.limits import Selected


def training_set(
    frames: Frames,
    *,
    gate: Selected,
    budget: int,
    unit: str,
    quality_floor: float,
    source_share: float,
    licence_shares: Mapping[str, float],
    validation_share: float,
) -> Iterable[Batch]:
    """The suite of gold/training_set: within budget and quotas, good enough, and nothing in it that may not be released."""
    rows = frames["gold/training_set"]
    required = ["origin", "origin_id", "language", "split", "score"]
    kinds = [one_of("origin", ["original", "distilled"]), one_of("split", ["train", "validation"])]
    rules = [*identified("id", "rel"), unique("origin_id"), *map(filled, required), *kinds, between("score", 0, 5)]
    long_columns = ["prompt", "answer", "messages", "member_ids", "sources", "licences"]
    texts = [rule for name in long_columns for rule in sized(name)]
    yield Batch("gold/training_set", rows, [*rules, *texts], key="id")
    outcomes = ["withdrawn", "blocked", "not_selected"]
    yield exits("gold/training_set_exits", frames["gold/training_set_exits"], outcomes, NOT_RELEASED)
    yield _overlaps(frames)
    vectors = [unique("id"), *map(filled, ("text_hash", "embedder", "vector"))]
    yield Batch("gold/training_set_vectors", frames["gold/training_set_vectors"], vectors, key="id")
    yield figures(
        at_least("examples", rows.count_rows, 1, "The training set is not empty."),
        *within_budget(rows, budget, unit, source_share, licence_shares),
        *_good_enough(frames, quality_floor),
        at_most(
            "validation_share",
            lambda: rows.count_rows(filter=field("split") == "validation") / max(rows.count_rows(), 1),
            2 * validation_share + gate.expected_excess,
            "About as many examples are held back for validation as were asked for.",
            warning=True,
        ),
        *map(vital, _forbidden(frames)),
        *_accounts(frames),
        *_compared(frames),
        *_vectors(frames),
        *_disjoint(rows),
    )
    yield from since_last(frames, "gold/training_set", gate, ["score"], ["language", "origin"])


def _overlaps(frames: Frames) -> Batch:
    """Runs that examples share with benchmarks, each told as it was found."""
    told = [unique("id"), filled("raw_id"), filled("benchmark"), one_of("outcome", ["released", "blocked"])]
    found = [between("shared", 8, None), between("covered", 0, 1), between("items", 1, None), filled("stretch")]
    return Batch("gold/training_set_overlaps", frames["gold/training_set_overlaps"], [*told, *found], key="id")


def _compared(frames: Frames) -> Iterable[Rule]:
    """What is told of runs is of this training set; a long run is a reason to look at it."""
    found, released = frames["gold/training_set_overlaps"], field("outcome") == "released"
    ids = membership(found=keys(found, "id", released), released=keys(frames["gold/training_set"], "origin_id"))
    yield foreign(
        "overlaps_of_no_example",
        lambda: ids.count("found > released"),
        "Every run that is told of a released example is of one in the training set.",
    )
    yield none(
        "examples_sharing_13_words",
        lambda: found.count_rows(filter=released & (field("shared") >= 13)),
        "No released example shares 13 words in a row with a benchmark item.",
        warning=True,
    )


def _vectors(frames: Frames) -> Iterable[Rule]:
    """What is kept of vectors is of this run's candidates, so that no text that has gone leaves its vector behind."""
    released, left = keys(frames["gold/training_set"], "origin_id"), keys(frames["gold/training_set_exits"], "id")
    ids = membership(vectors=keys(frames["gold/training_set_vectors"], "id"), released=released, left=left)
    yield foreign(
        "vectors_of_no_candidate",
        lambda: ids.count("vectors > released + left"),
        "Every vector is of a record or an item that was released or left out.",
    )


def _good_enough(frames: Frames, floor: float) -> Iterable[Rule]:
    """No original below the floor: by its own score, and by that of its record."""
    rows, quality = frames["gold/training_set"], frames["silver/quality"]
    original = field("origin") == "original"

    def rated_below() -> int:
        weak = keys(quality, "id", field("curated") < floor)
        return membership(released=keys(rows, "origin_id"), lookup={"weak": weak}).count("released + weak > 1")

    yield none(
        "originals_below_the_quality_floor",
        lambda: rows.count_rows(filter=original & (field("score") < floor)),
        "No original has a score below the quality floor.",
    )
    yield none(
        "originals_rated_below_the_quality_floor",
        rated_below,
        "No original is of a record rated below the quality floor.",
    )


def _forbidden(frames: Frames) -> Iterable[Rule]:
    """Personal data, unknown licences and benchmark items among what is released, looked up where they are known."""
    rows, unique_rows = frames["gold/training_set"], frames["silver/unique_instructions"]
    personal = keys(unique_rows, "id", pc.list_value_length(field("personal")) > 0)
    members = membership(released=keys(rows, "member_ids"), lookup={"personal": personal})
    references, benchmark = frames["bronze/references"], field("role") == "benchmark"
    leaks = membership(
        items=phrases(references, ["text"], benchmark, parts=known_by),
        lookup={"prompts": phrases(rows, ["prompt"]), "texts": phrases(rows, ["prompt", "answer"])},
    )
    withdrawn = as_kind("rec", keys(frames["bronze/instructions_withdrawn"], "id"))
    # what another file has word for word only moved there
    moved = keys(frames["silver/duplicates"], "kept_id", field("rule") == DUPLICATE_RULES[0])
    gone = membership(released=keys(rows, "member_ids"), lookup={"withdrawn": withdrawn, "moved": moved})
    yield none(
        "withdrawn_members",
        lambda: gone.count("released + withdrawn > 1 and moved == 0"),
        "No example carries a record that its owner withdrew.",
    )
    yield none(
        "members_with_personal_data",
        lambda: members.count("released + personal > 1"),
        "No example carries a record that is marked for personal data.",
    )
    yield none("unknown_licences", lambda: elements(rows, "licences")[1], "Every licence of every example is known.")
    yield none(
        "benchmark_items",
        lambda: leaks.count("prompts + texts > 0 and items > 0"),
        "No example is an item of a registered benchmark.",
    )


def _accounts(frames: Frames) -> Iterable[Rule]:
    """Every rated record is released, left with a reason, or carried by a distilled item that did."""
    rows, exit_rows, items = frames["gold/training_set"], frames["gold/training_set_exits"], frames["gold/distilled"]
    ids = membership(
        rated=keys(frames["silver/quality"], "id"),
        released=keys(rows, "member_ids"),
        carried=keys(items, "member_ids"),
        left=keys(exit_rows, "id"),
    )
    origins = membership(released=keys(rows, "origin_id"), left=keys(exit_rows, "id"), distilled=keys(items, "id"))
    yield none(
        "records_without_an_end",
        lambda: ids.count("rated > released + carried + left"),
        "Every rated record is released, carried by a distilled item, or left with a reason.",
    )
    yield foreign(
        "released_but_never_rated",
        lambda: ids.count("released > rated"),
        "Every released record is one that was rated.",
    )
    yield vital(
        none("released_and_left", lambda: origins.count("released + left > 1"), "Nothing is released and left out.")
    )
    yield none(
        "distilled_items_without_an_end",
        lambda: origins.count("distilled > released + left"),
        "Every distilled item is released, or left with a reason.",
    )
    yield none(
        "carried_and_left_alone",
        lambda: ids.count("carried + left > 1"),
        "No record is carried by a distilled item and left on its own.",
    )


def _disjoint(rows: ds.Dataset) -> Iterable[Rule]:
    """No record and no text on both sides of the split, and no record released twice."""
    train, validation = field("split") == "train", field("split") == "validation"
    members = membership(train=keys(rows, "member_ids", train), validation=keys(rows, "member_ids", validation))
    texts = membership(
        validation=phrases(rows, ["prompt", "answer"], validation),
        lookup={"train": phrases(rows, ["prompt", "answer"], train)},
    )
    distinct = membership(members=keys(rows, "member_ids"))
    yield none(
        "records_in_both_splits", lambda: members.count("train + validation > 1"), "No record is in both splits."
    )
    yield none("texts_in_both_splits", lambda: texts.count("train + validation > 1"), "No text is in both splits.")
    yield none(
        "records_released_twice",
        lambda: elements(rows, "member_ids")[0] - distinct.count("members == 1"),
        "No record is in two examples, or twice in one.",
    )
