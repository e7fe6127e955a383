"""What must hold of held-out answers before they are published; MIXTURE, distilled items and the training set have suites of their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from expectations.frames import empty, field, keys
from expectations.gate import Batch
from expectations.membership import membership
from expectations.rules import (
    at_most,
    between,
    filled,
    identified,
    metrics,
    none,
    one_of,
)
from expectations.summaries import summary

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
