"""Any id's whole way, forward to its end and back to its raw rows."""

import pytest
from lakes import ROWS, psg, raw_id, rec

from lake.books.ledger import ledger
from lake.books.lineage import explain
from lake.errors import UserError
from lake.ids import content_id
from lake.storage.store import Lake


@pytest.mark.parametrize(
    ("name", "outcome", "reason"),
    [
        ("broken", "quarantined", "malformed_json"),
        ("empty", "rejected", "empty_answer"),
        ("rice_copy", "duplicate", "exact_record"),
        ("nail", "unrated", "judge_failed"),
        ("rice_water", "distilled_released", "distilled"),
        ("drill_oil", "blocked", "quality_floor"),
        ("paint", "blocked", "quality_floor"),
        ("bread", "released", "original"),
        ("saw", "not_selected", "over_budget"),
        ("tides", "mixture_source", "used"),
        ("frost", "mixture_unused", "over_limit"),
        ("dew", "rejected", "too_short"),
    ],
)
def test_a_raw_rows_end_is_the_one_in_the_ledger(lake: Lake, name: str, outcome: str, reason: str) -> None:
    told = explain(lake, raw_id(name))
    assert (told.outcome, told.reason) == (outcome, reason)
    assert told.raw_ids[0] == raw_id(name)
    assert told.path[0]["table"].startswith("bronze/")
    assert told.path[0]["uri"]
    assert sum(source.outcomes[outcome] for source in ledger(lake).sources) > 0


def test_a_duplicate_is_followed_to_its_survivors_end(lake: Lake) -> None:
    path = explain(lake, rec("rice_copy")).path
    (removed,) = [step for step in path if step["table"] == "silver/duplicates"]
    assert (removed["kept_id"], removed["rule"], removed["similarity"]) == (rec("rice_water"), "exact_record", 1.0)
    assert path[-1]["table"] == "gold/training_set"


def test_a_released_row_names_every_raw_row_it_came_from(lake: Lake) -> None:
    distilled, original = ROWS["gold/training_set"]
    assert sorted(explain(lake, distilled["id"]).raw_ids) == sorted(
        raw_id(f"rice_{part}") for part in ("water", "time", "rest")
    )
    assert explain(lake, distilled["origin_id"]).raw_ids == explain(lake, distilled["id"]).raw_ids
    assert explain(lake, original["id"]).raw_ids == [raw_id("bread")]


def test_a_distilled_items_evidence_is_told(lake: Lake) -> None:
    distilled, _ = ROWS["gold/training_set"]
    [step] = [step for step in explain(lake, distilled["origin_id"]).path if step["table"] == "gold/distilled"]
    assert [(one["member_id"], one["start"]) for one in step["evidence"]] == [(rec("rice_time"), 20)]


def test_groups_and_mixture_items_are_explained(lake: Lake) -> None:
    group = explain(lake, content_id("grp", "drill"))
    assert (group.outcome, group.reason) == ("rejected", "thin")
    assert sorted(group.raw_ids) == sorted([raw_id("drill_speed"), raw_id("drill_oil")])
    assert explain(lake, content_id("mix", "moon")).raw_ids == [raw_id("moon")]
    assert explain(lake, psg("tides")).outcome == "mixture_source"


@pytest.mark.parametrize("row_id", ["", "foo", "foo_1", "raw", "rec_absent"])
def test_an_unknown_id_gets_a_sentence(lake: Lake, row_id: str) -> None:
    with pytest.raises(UserError, match=r"ids start with raw_|There is no row"):
        explain(lake, row_id)


def test_a_reference_ends_as_one(lake: Lake) -> None:
    told = explain(lake, ROWS["bronze/references"][0]["id"])
    assert (told.outcome, told.reason) == ("reference", "benchmark")
