"""A plan tells what would be made, of how much and in what time, without making any of it."""

import re

from inference.mixture_params import MixtureParams
from inference.mixture_plan import ITEMS_A_PASSAGE, ITEMS_A_RECORD

WANTED = 144_000


def told(passages: int, records: int, **params: object) -> str:
    counts = {"silver/passages": passages, "silver/best_records": records}
    return MixtureParams.model_validate(params).asks(counts.__getitem__)


def test_a_hundred_thousand_items_are_planned_by_type_with_time_and_memory() -> None:
    passages = round(WANTED / ITEMS_A_PASSAGE)
    said = told(passages, 0, limit=passages, originals=0)
    assert said.startswith("makes about 144,000 items (37,440 qa, 26,640 multiple_choice, 26,640 true_false,")
    assert f"of {passages:,} passages and 0 best records" in said
    assert re.search(r", \d+ min and \d+\.\d GB in all by the rules on \d+ cores$", said)


def test_what_sources_lack_is_named() -> None:
    said = told(1_000, 10, limit=1_500, originals=40)
    now, allowed = said.split("; its limits allow ")
    assert f"about {round(1_000 * ITEMS_A_PASSAGE + 10 * ITEMS_A_RECORD):,} items" in now
    assert allowed.startswith("500 more passages and 30 more best records: about ")
    assert "of 1,500 passages and 40 best records" in allowed


def test_more_than_the_limits_is_not_counted_and_a_model_is_given_no_time() -> None:
    said = told(9_000, 900, limit=100, originals=10, engine={"kind": "vllm", "model": "embedded"})
    assert "of 100 passages and 10 best records" in said and "limits allow" not in said and " min" not in said


def test_a_record_is_a_question_with_its_answer() -> None:
    said = told(0, 100, limit=1, originals=100)
    assert f"({round(100 * ITEMS_A_RECORD)} qa) of 0 passages and 100 best records" in said
