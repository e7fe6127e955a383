"""What must hold of the training set before it is published.

The gate trusts no column that it can check against its source. Not yet: personal data inside the words of a distilled item, and
benchmark items that a released text only paraphrases or contains in part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import pyarrow.dataset as ds

from expectations.frames import as_kind, elements, field, keys, pc, phrases
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
    sized,
    unique,
)
from expectations.suites.budget import within_budget
from lake.tables.reasons import DUPLICATE_RULES, NOT_RELEASED
from texts.benchmark_items import known_by

if TYPE_CHECKING:
    from expectations.frames import Frames


def training_set(
    frames: Frames,
    *,
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
    examples, validation = rows.count_rows(), rows.count_rows(filter=field("split") == "validation")
    held_back = validation / max(examples, 1)
    yield metrics(
        at_least("examples", examples, 1),
        *within_budget(rows, budget, unit, source_share, licence_shares),
        *_good_enough(frames, quality_floor),
        at_most("validation_share", held_back, 2 * validation_share + 0.05, warning=True),
        *_forbidden(frames),
        *_accounts(frames),
        *_disjoint(rows),
    )


def _good_enough(frames: Frames, floor: float) -> Iterable[Metric]:
    """No original below the floor: by its own score, and by that of its record."""
    rows, weak = frames["gold/training_set"], keys(frames["silver/quality"], "id", field("curated") < floor)
    originals, below = membership(released=keys(rows, "origin_id"), lookup={"weak": weak}), field("score") < floor
    yield none("originals_below_the_quality_floor", rows.count_rows(filter=(field("origin") == "original") & below))
    yield none("originals_rated_below_the_quality_floor", originals.count("released + weak > 1"))


def _forbidden(frames: Frames) -> Iterable[Metric]:
    """Personal data, unknown licences and benchmark items among what is released, looked up where they are known."""
    rows, unique_rows = frames["gold/training_set"], frames["silver/unique_instructions"]
    personal = keys(unique_rows, "id", pc.list_value_length(field("personal")) > 0)
    members = membership(released=keys(rows, "member_ids"), lookup={"personal": personal})
    _, unknown_licences = elements(rows, "licences")
    references, benchmark = frames["bronze/references"], field("role") == "benchmark"
    leaks = membership(
        items=phrases(references, ["text"], benchmark, parts=known_by),
        lookup={"prompts": phrases(rows, ["prompt"]), "texts": phrases(rows, ["prompt", "answer"])},
    )
    withdrawn = as_kind("rec", keys(frames["bronze/instructions_withdrawn"], "id"))
    # what another file has word for word only moved there
    moved = keys(frames["silver/duplicates"], "kept_id", field("rule") == DUPLICATE_RULES[0])
    gone = membership(released=keys(rows, "member_ids"), lookup={"withdrawn": withdrawn, "moved": moved})
    yield none("withdrawn_members", gone.count("released + withdrawn > 1 and moved == 0"))
    yield none("members_with_personal_data", members.count("released + personal > 1"))
    yield none("unknown_licences", unknown_licences)
    yield none("benchmark_items", leaks.count("prompts + texts > 0 and items > 0"))


def _accounts(frames: Frames) -> Iterable[Metric]:
    """Every rated record is released, left with a reason, or carried by a distilled item that did."""
    rows, exit_rows, items = frames["gold/training_set"], frames["gold/training_set_exits"], frames["gold/distilled"]
    ids = membership(
        rated=keys(frames["silver/quality"], "id"),
        released=keys(rows, "member_ids"),
        carried=keys(items, "member_ids"),
        left=keys(exit_rows, "id"),
    )
    origins = membership(released=keys(rows, "origin_id"), left=keys(exit_rows, "id"), distilled=keys(items, "id"))
    yield none("records_without_an_end", ids.count("rated > released + carried + left"))
    yield none("released_but_never_rated", ids.count("released > rated"))
    yield none("released_and_left", origins.count("released + left > 1"))
    yield none("distilled_items_without_an_end", origins.count("distilled > released + left"))
    yield none("carried_and_left_alone", ids.count("carried + left > 1"))


def _disjoint(rows: ds.Dataset) -> Iterable[Metric]:
    """No record and no text on both sides of the split, and no record released twice."""
    train, validation = field("split") == "train", field("split") == "validation"
    members = membership(train=keys(rows, "member_ids", train), validation=keys(rows, "member_ids", validation))
    texts = membership(
        validation=phrases(rows, ["prompt", "answer"], validation),
        lookup={"train": phrases(rows, ["prompt", "answer"], train)},
    )
    released, _ = elements(rows, "member_ids")
    distinct = membership(members=keys(rows, "member_ids")).count("members == 1")
    yield none("records_in_both_splits", members.count("train + validation > 1"))
    yield none("texts_in_both_splits", texts.count("train + validation > 1"))
    yield none("records_released_twice", released - distinct)
