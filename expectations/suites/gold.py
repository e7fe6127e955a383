"""What must hold of held-out answers and the training set before they are published; MIXTURE in suites.mixture, distilled items in suites.distilled.

The gate trusts no column that it can check against its source. Not yet: personal data inside the words of a distilled item, and
benchmark items that a released text only paraphrases or contains in part.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pyarrow.dataset as ds

from expectations.frames import as_kind, elements, empty, field, keys, pc, phrases
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
from expectations.summaries import summary
from lake.tables.reasons import DUPLICATE_RULES, NOT_RELEASED
from texts.benchmark_items import known_by

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

    from expectations.frames import Frames

EXPECTED_ANSWERED = 0.5


def heldout_answers(frames: Frames) -> Iterable[Batch]:
    """The suite of gold/heldout_answers: every model answered every held-out item, or failed with a reason."""
    rows = frames["gold/heldout_answers"]
    scores = [
        rule
        for name in ("quality", "alignment", "reference", "grounding", "recovered", "conciseness", "score")
        for rule in _share(name)
    ]
    rules = [*identified("id", "ans"), filled("item_id"), filled("model"), filled("engine"), filled("well_formed")]
    rules.append(one_of("role", ["champion", "challenger"]))
    yield Batch("gold/heldout_answers", rows, [*rules, *scores], key="id")
    heldout = keys(frames["gold/mixture"], "id", field("split") == "heldout")
    items = membership(heldout=heldout, answered=keys(rows, "item_id"))
    wanted = items.count("heldout == 1")
    complete = [between(name, wanted, wanted) for name in ("rows", "item_id")]
    yield Batch("models", summary(rows, "model", ["item_id"]), complete, key="model")
    answers = rows.count_rows()
    failed = answers - rows.count_rows(filter=empty("error"))
    yield metrics(
        none("items_nobody_answered", items.count("heldout > answered")),
        none("answers_to_no_heldout_item", items.count("answered > heldout")),
        none("neither_text_nor_error", rows.count_rows(filter=empty("text", "error"))),
        at_most("failed_share", failed / max(answers, 1), 1 - EXPECTED_ANSWERED, warning=True),
    )


def _share(name: str) -> list[Expectation]:
    return [filled(name), between(name, 0, 1 + 1e-6)]


def training_set(frames: Frames, *, budget: int, quality_floor: float, validation_share: float) -> Iterable[Batch]:
    """The suite of gold/training_set: within budget, good enough, and nothing in it that may not be released."""
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
    weak = (field("origin") == "original") & (field("score") < quality_floor)
    held_back = validation / max(examples, 1)
    yield metrics(
        at_least("examples", examples, 1),
        at_most("examples_over_budget", examples - budget, 0),
        none("originals_below_the_quality_floor", rows.count_rows(filter=weak)),
        at_most("validation_share", held_back, 2 * validation_share + 0.05, warning=True),
        *_forbidden(frames),
        *_accounts(frames),
        *_disjoint(rows),
    )


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
