"""The funnel counts what the tables hold; the examples are chosen alike each time and show what distilling gained."""

from pathlib import Path
from typing import Any

import pytest
from lakes import ROWS, publish, rec, small_lake

from lake.books.ledger import ledger
from lake.storage.store import Lake
from reports.funnel import examples, funnel
from reports.support import as_read


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return small_lake(tmp_path_factory.mktemp("funnel"))


def test_the_steps_hold_the_rows_of_their_tables(full: Lake) -> None:
    assert [(step.name, step.rows) for step in funnel(full)] == [
        ("raw records", 13), ("quarantined", 1), ("rejected", 1), ("duplicates", 1), ("unique records", 10),
        ("rated high", 3), ("rated low", 6), ("groups", 2), ("distilled items", 1), ("selected examples", 2),
    ]  # fmt: skip


def test_what_leaves_is_what_the_ledger_says(full: Lake) -> None:
    instructions = [source for source in ledger(full).sources if source.source != "almanac"]
    left = {step.name: step.rows for step in funnel(full) if step.leaves}
    for name, outcome in (("quarantined", "quarantined"), ("rejected", "rejected"), ("duplicates", "duplicate")):
        assert left[name] == sum(source.outcomes[outcome] for source in instructions)


def test_steps_that_did_not_run_are_left_out(tmp_path: Path) -> None:
    assert funnel(Lake(str(tmp_path / "empty"))) == []
    steps = funnel(small_lake(tmp_path / "half", last="silver/unique_instructions"))
    assert steps[-1].name == "unique records"


def test_a_pair_shows_the_members_and_the_gain(full: Lake) -> None:
    (pair,) = examples(full, 3).pairs
    texts = {row["id"]: as_read(row) for row in ROWS["silver/unique_instructions"]}
    assert [member.text for member in pair.before] == [
        texts[rec(name)] for name in ("rice_water", "rice_time", "rice_rest")
    ]
    assert pair.after.text.startswith("Q: How do I cook rice?\nA: Use two cups")
    assert 0 < pair.gain < pair.coverage <= 1


def test_a_pair_marks_each_statement_and_what_supports_it(full: Lake) -> None:
    (pair,) = examples(full, 3).pairs
    [statement] = [piece.text for piece in pair.after.pieces(999) if piece.marked]
    [support] = [piece for member in pair.before for piece in member.pieces(999) if piece.marked]
    assert statement == "simmer for fifteen minutes with the lid on"
    assert support.text == pair.before[1].text[20:72] and support.ends == (1,)


def test_items_of_several_sources_come_first(tmp_path: Path) -> None:
    lake = small_lake(tmp_path)
    (item,) = ROWS["gold/distilled"]
    alone: dict[str, Any] = {**item, "id": "dst_000", "sources": ["pantry"], "member_ids": item["member_ids"][:2]}
    publish(lake, "gold/distilled", [alone, item], run_id="two")
    assert [len(pair.sources) for pair in examples(lake, 2).pairs] == [2, 1]
    assert len(examples(lake, 1).pairs) == 1


def test_an_item_whose_members_are_gone_is_not_shown(tmp_path: Path) -> None:
    lake = small_lake(tmp_path)
    kept = [row for row in ROWS["silver/unique_instructions"] if row["id"] != rec("rice_time")]
    publish(lake, "silver/unique_instructions", kept, run_id="fewer")
    assert examples(lake, 3).pairs == []


def test_a_rejection_of_content_is_preferred_to_one_of_form(tmp_path: Path) -> None:
    lake = small_lake(tmp_path)
    (thin,) = ROWS["gold/distilled_refused"]
    odd = [
        {**thin, "group_id": "grp_0", "reason": "malformed"},
        {**thin, "group_id": "grp_1", "reason": "engine_error", "text": None},
    ]
    publish(lake, "gold/distilled", ROWS["gold/distilled"], {"gold/distilled_refused": [*odd, thin]}, run_id="odd")
    shown = examples(lake, 1).rejection
    assert shown is not None
    assert (shown.reason, shown.text) == ("thin", thin["text"])


def test_nothing_rejected_is_none(tmp_path: Path) -> None:
    lake = small_lake(tmp_path, last="silver/groups")
    assert examples(lake, 3).rejection is None
