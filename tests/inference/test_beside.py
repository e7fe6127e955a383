"""Judges beside the one that decides: they rate the same few records, are compared with it, and change nothing of its ratings."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes import collected, context, dataset
from pydantic import ValidationError

from inference.beside import SECOND
from inference.judge_params import JudgeParams, RateParams
from inference.rate import ratings
from inference.sampling import drawn
from inference.text_engines.rules import RulesEngine
from lake.harness.new_rows import NewRows
from texts.agreement import agreement
from texts.rubric import Rating

RECORDS, RATINGS = "silver/unique_instructions", "silver/ratings"


def said(overall: int) -> str:
    return json.dumps({"rarity": 5, "complexity": 5, "informativeness": 5, "overall": overall})


def judge(*overall: int) -> JudgeParams:
    return JudgeParams(kind="scripted", answers=tuple(map(said, overall)))


def records(count: int, first: int = 0) -> dict[str, Any]:
    texts = [f"Why is {n} odd? Because {n} leaves one. {'Check it. ' * (n % 7)}" for n in range(first, first + count)]
    return {RECORDS: dataset(RECORDS, [{"id": f"rec_{n}", "text": text} for n, text in enumerate(texts, first)])}


def test_a_judge_beside_rates_a_few_and_changes_no_rating_that_decides(tmp_path: Path) -> None:
    alone = collected(ratings(records(90), RateParams(), context(tmp_path)))
    run = context(tmp_path)
    both = collected(ratings(records(90), RateParams(beside=(judge(3, 6, 9),), compared=30), run))
    assert both[RATINGS] == alone[RATINGS] and not alone.get(SECOND)
    rows = both[SECOND]
    assert len({row["record_id"] for row in rows}) == len(rows) == 30 == len({row["id"] for row in rows})
    assert {(row["name"], row["role"], row["state"]) for row in rows} == {("scripted", "beside", "rated")}
    assert {row["said"] for row in rows} <= {said(n) for n in (3, 6, 9)}
    first = {row["id"]: row["overall"] for row in both[RATINGS]}
    ours = sorted((row["record_id"], row["overall"]) for row in rows)
    expected = agreement([first[one] for one, _ in ours], [overall for _, overall in ours])
    assert expected and run.metrics["beside_scripted_kappa"] == expected.kappa
    assert run.metrics["beside_scripted_records"] == 30 and run.metrics["records"] == 90


def test_the_records_compared_are_the_same_in_any_order_and_the_first_of_the_sample(tmp_path: Path) -> None:
    params = RateParams(beside=(judge(3, 6, 9), judge(2, 4)), compared=20)
    rows = collected(ratings(records(60), params, context(tmp_path)))[SECOND]
    table = records(60)[RECORDS].to_table().take(list(range(59, -1, -1)))
    turned = {RECORDS: dataset(RECORDS, table.to_pylist())}
    assert collected(ratings(turned, params, context(tmp_path)))[SECOND] == rows
    by_name = {name: {row["record_id"] for row in rows if row["name"] == name} for name in ("scripted", "scripted_2")}
    assert by_name["scripted"] == by_name["scripted_2"] and len(rows) == 40
    more = collected(ratings(records(60), RateParams(beside=(judge(3, 6, 9),), compared=40), context(tmp_path)))[SECOND]
    assert by_name["scripted"] < {row["record_id"] for row in more}


def test_a_small_delivery_has_its_share_of_what_is_compared_and_opens_no_judge_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = RateParams(beside=(judge(3, 6, 9),), compared=40)

    def second(given: dict[str, Any], before: list[dict[str, Any]]) -> list[dict[str, Any]]:
        run = replace(context(tmp_path), before={SECOND: dataset(SECOND, before)} if before else {})
        return collected(ratings(given, params, run)).get(SECOND, [])

    whole = {row["record_id"] for row in second(records(300), [])}
    before = second(records(280), [])
    assert {row["record_id"] for row in second(records(20, 280), before)} == whole - {f"rec_{n}" for n in range(280)}
    assert len(second(records(60, 300), before)) == 40, "a delivery that can be compared is"
    strangers = [n for n in range(300, 340) if f"rec_{n}" not in {row["record_id"] for row in second(records(340), [])}]
    monkeypatch.setattr("inference.beside.open_judge", None)
    assert second(records(1, strangers[0]), before) == []


def test_a_judge_that_is_asked_again_is_asked_with_another_seed_and_compared_with_itself(tmp_path: Path) -> None:
    run = context(tmp_path)
    params = RateParams(engine=judge(2, 5, 8), repeat=True, compared=25)
    found = collected(ratings(records(60), params, run))
    assert {row["role"] for row in found[SECOND]} == {"repeat"} and len(found[SECOND]) == 25
    assert run.lake.dataset("cache/generations").count_rows() == 85, "the repeats are requests of their own"
    # the scripted engine answers by the messages alone, and so the same
    assert (run.metrics["repeat_scripted_kappa"], run.metrics["repeat_scripted_deviation"]) == (1.0, 0.0)


def test_records_that_a_judge_could_not_rate_are_kept_and_not_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = context(tmp_path)
    mute = JudgeParams(kind="scripted", answers=(said(3), said(9), "no rating"))
    rows = collected(ratings(records(90), RateParams(beside=(mute,), compared=80), run))[SECOND]
    unparsable = [row for row in rows if row["state"] == "unparsable"]
    assert unparsable and all(row["overall"] is None and row["error"] for row in unparsable)
    assert run.metrics["beside_scripted_records"] == 80 - len(unparsable)
    monkeypatch.setattr(RulesEngine, "rate", lambda _, texts: [Rating(5, 5, 5, 5)] * len(texts))
    same = context(tmp_path)
    list(ratings(records(90), RateParams(beside=(mute,), compared=80), same))
    assert not [name for name in same.metrics if "kappa" in name], "a judge that tells nothing apart agrees with nobody"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"repeat": True}, "rules gives a record the same rating again"),
        (
            {"engine": {"kind": "perplexity", "cuts": range(1, 10)}, "repeat": True},
            "perplexity gives a record the same",
        ),
        ({"beside": [{"kind": "rules"}, {"kind": "rules"}]}, "a judge is named twice"),
        ({"beside": [{"kind": "difficulty"}]}, "difficulty needs cuts"),
    ],
)
def test_what_cannot_be_compared_is_refused(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        RateParams.model_validate(given)


def test_a_model_beside_runs_in_a_process_of_its_own_and_rules_do_not() -> None:
    assert RateParams(beside=(JudgeParams(),)).loads_no_model
    by_losses = JudgeParams.model_validate({"kind": "perplexity", "cuts": range(1, 10)})
    assert not RateParams(beside=(by_losses,)).loads_no_model


def test_new_rows_of_which_none_is_for_a_model_beside_need_no_process(tmp_path: Path) -> None:
    lake = context(tmp_path).lake
    params = RateParams(beside=(JudgeParams.model_validate({"kind": "perplexity", "cuts": range(1, 10)}),), compared=20)
    first = drawn(records(60)[RECORDS], 21)
    lake.append(SECOND, dataset(SECOND, [{"record_id": one} for one in first[:20]]).to_table(), "rated")

    def opens_none(*ids: str) -> bool:
        rows = dataset(RECORDS, [{"id": one, "text": "Why?"} for one in ids]).to_table()
        return params.opens_no_model(
            lake, NewRows({RECORDS: lake.write(RECORDS, f"run-{ids[0]}", rows).paths}, {SECOND: 0})
        )

    assert opens_none(first[20]) and not opens_none(first[3], first[20])
    assert not params.opens_no_model(lake, None), "of all records some are compared"


def test_what_judges_are_asked_is_told_as_a_bound() -> None:
    by_losses = JudgeParams.model_validate({"kind": "perplexity", "cuts": range(1, 10)})
    params = RateParams(engine=judge(5), sample=1_000, beside=(JudgeParams(), by_losses), repeat=True, compared=50)
    assert (
        params.asks(lambda _: 20_000)
        == "asks scripted about 1,000, perplexity about 50, scripted about 50 of 20,000 records at most"
    )
    assert (
        params.asks(lambda _: 30)
        == "asks scripted about 30, perplexity about 30, scripted about 30 of 30 records at most"
    )
    assert params.asks(lambda _: 0) == RateParams().asks(lambda _: 9) == ""
