"""What must hold of held-out answers before they are published; MIXTURE, distilled items and the training set have suites of their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from expectations.frames import empty, field, keys
from expectations.membership import membership
from expectations.rules import Batch, Rule, at_most, between, figures, filled, foreign, identified, none, one_of
from expectations.suites.since_last import since_last
from expectations.summaries import summary

if TYPE_CHECKING:
    from expectations.frames import Frames
    from expectations.limits import Answered


def heldout_answers(frames: Frames, *, gate: Answered) -> Iterable[Batch]:
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
    complete = [
        between("rows", wanted, wanted, says="Every model has as many answers as there are held-out items."),
        between("item_id", wanted, wanted, says="Every model answered as many different items as there are."),
    ]
    yield Batch("models", summary(rows, "model", ["item_id"]), complete, key="model")
    unsaid = empty("text", "error")
    yield figures(
        none(
            "items_nobody_answered",
            lambda: items.count("heldout > answered"),
            "Every held-out item was answered, or failed with a reason.",
        ),
        foreign(
            "answers_to_no_heldout_item",
            lambda: items.count("answered > heldout"),
            "Every answer is to a held-out item of gold/mixture.",
        ),
        none(
            "neither_text_nor_error",
            lambda: rows.count_rows(filter=unsaid),
            "Every answer has a text or says why there is none.",
        ),
        at_most(
            "failed_share",
            lambda: rows.count_rows(filter=~empty("error")) / max(rows.count_rows(), 1),
            gate.expected_failed,
            "Not most of the answers failed.",
            warning=True,
        ),
    )
    yield from since_last(frames, "gold/heldout_answers", gate, ["score"], ["engine"])


def _share(name: str) -> list[Rule]:
    return [filled(name), between(name, 0, 1 + 1e-6)]
