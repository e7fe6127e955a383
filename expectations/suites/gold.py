"""What must hold of MIXTURE items and held-out answers before they are published; distilled items in suites.distilled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.dataset as ds

from expectations.frames import Computed, empty, field, keys
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
    unique,
)
from expectations.summaries import summary
from lake.engines.batches import read_batches
from lake.tables.reasons import MIXTURE_UNUSED
from texts.formats import FORMATS

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

    from expectations.frames import Frames

SPLITS = ("sft", "grpo", "heldout")
ENOUGH_HELDOUT = 200  # items: fewer make the champion's interval wide
EXPECTED_ANSWERED = 0.5
ITEM = ("id", "variants", "malformed_target", "blank_variants", "variants_equal_to_target")


def mixture(frames: Frames, *, target_score: float, min_variants: int, max_variants: int) -> Iterable[Batch]:
    """The suite of gold/mixture: well-formed on both sides, no target among its variants, splits that share nothing."""
    rows, unused = frames["gold/mixture"], frames["gold/mixture_unused"]
    ids = [*identified("id", "mix"), filled("split"), one_of("split", SPLITS), filled("builder")]
    kinds = [filled("item_type"), one_of("item_type", list(FORMATS))]
    scores = [filled("target_score"), between("target_score", target_score, 5)]
    yield Batch("gold/mixture", rows, [*ids, *kinds, *scores, unique("target")], key="id")
    right = [between(name, 0, 0) for name in ITEM[2:]]
    yield Batch("items", _items(rows), [between("variants", min_variants, max_variants), *right], key="id")
    yield exits("gold/mixture_unused", unused, ["mixture_unused"], MIXTURE_UNUSED)
    yield metrics(*_splits(rows, unused, frames["silver/passages"]))


def _items(rows: ds.Dataset) -> Computed:
    """For each item, how many variants it has, and counts of what is wrong with them or with the target."""

    def read() -> Iterator[pa.RecordBatch]:
        for batch in read_batches(rows, ["id", "item_type", "members", "target"]):
            if len(batch):
                yield pa.RecordBatch.from_pylist([_item(row) for row in batch.to_pylist()])

    return Computed(ITEM, read)


def _item(row: dict[str, Any]) -> dict[str, Any]:
    """One row of `_items`."""
    members, form = row["members"] or [], FORMATS.get(row["item_type"])
    well_formed = form is not None and form.parse(row["target"] or "") is not None
    blank = sum(not (member or "").strip() for member in members)
    counts = (row["id"], len(members), int(not well_formed), blank, members.count(row["target"]))
    return dict(zip(ITEM, counts, strict=True))


def _splits(rows: ds.Dataset, unused: ds.Dataset, passages: ds.Dataset) -> Iterable[Metric]:
    sft, grpo, heldout = (keys(rows, "passage_ids", field("split") == split) for split in SPLITS)
    used = membership(sft=sft, grpo=grpo, heldout=heldout, unused=keys(unused, "id"), passages=keys(passages, "id"))
    yield none("passages_in_two_places", used.count("sft + grpo + heldout + unused > 1"))
    yield none("passages_in_no_place", used.count("passages > sft + grpo + heldout + unused"))
    yield none("unknown_passages", used.count("passages == 0"))
    heldout_items = rows.count_rows(filter=field("split") == "heldout")
    yield at_least("heldout_items", heldout_items, ENOUGH_HELDOUT, warning=True)


def heldout_answers(frames: Frames) -> Iterable[Batch]:
    """The suite of gold/heldout_answers: every model answered every held-out item, or failed with a reason."""
    rows = frames["gold/heldout_answers"]
    scores = [
        rule
        for name in ("quality", "alignment", "grounding", "recovered", "conciseness", "score")
        for rule in _share(name)
    ]
    rules = [*identified("id", "ans"), filled("item_id"), filled("model"), filled("engine"), filled("well_formed")]
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
