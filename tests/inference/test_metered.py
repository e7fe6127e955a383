"""Counting what answers cost: the bill, the forecast, and a cap that ends a run cleanly so that the next goes on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path

import pytest
from fakes import collected, context, dataset
from pydantic import ValidationError

from inference.batch import complete
from inference.judge_params import JudgeParams, RateParams
from inference.rate import ratings
from inference.text_engines import Completion, EngineGone, EngineParams, Request, open_engine
from inference.text_engines.metered import Bill, MeteredEngine, billed
from inference.text_engines.scripted import ScriptedEngine
from lake.storage.store import Lake

PRICED = {"kind": "scripted", "answers": ("two words",), "prompt_price": 1e6, "completion_price": 2e6}


class Counting(ScriptedEngine):
    """Ten tokens in and two out for each request, one request at a time."""

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        for one in super().generate(requests):
            yield Completion(one.id, one.text, None, 10, 2)


def metered(expected: int | None = None, **more: float) -> MeteredEngine:
    params = EngineParams.model_validate(PRICED | more)
    ticks = count()
    return MeteredEngine(Counting(params, room=1), params, expected, lambda: float(next(ticks)))


def requests(number: int) -> list[Request]:
    return [Request(f"row{n}", "distil", [{"role": "user", "content": f"question {n}"}]) for n in range(number)]


def test_the_bill_adds_up_tokens_and_money() -> None:
    engine = metered()
    assert len(list(complete(requests(5), engine))) == 5
    bill = engine.bill
    assert (bill.requests, bill.prompt_tokens, bill.completion_tokens, bill.money) == (5, 50, 10, 50 + 2 * 10)
    figures = billed(engine, kept=4)
    assert (figures["tokens_per_kept"], figures["money"]) == (15.0, 70.0)
    assert billed(ScriptedEngine(EngineParams()), kept=4) == {}


@pytest.mark.parametrize(
    ("cap", "told", "answered"),
    [
        ({"most_tokens": 25}, "25 tokens", 3),
        ({"most_money": 30.0}, "30.00 of money", 3),
        ({"most_hours": 0.01}, "0.01 hours", None),
    ],
)
def test_a_cap_ends_the_run_and_the_next_one_goes_on(
    tmp_path: Path, cap: dict[str, float], told: str, answered: int | None
) -> None:
    lake = Lake(str(tmp_path))
    capped = metered(**cap)
    with pytest.raises(EngineGone, match=f"The cap of {told} is reached after .* requests"):
        list(complete(requests(200), capped, lake, shard_size=64))
    assert 0 < capped.bill.requests < 200 and answered in (None, capped.bill.requests)
    free = metered()
    assert len(list(complete(requests(200), free, lake, shard_size=64))) == 200
    assert free.bill.requests == 200 - capped.bill.requests, "what was answered is not asked again"


def test_a_cap_in_money_needs_a_price() -> None:
    with pytest.raises(ValidationError, match="most_money is never reached without a price"):
        EngineParams(most_money=5.0)


def test_a_cap_that_all_requests_fit_under_ends_nothing() -> None:
    assert len(list(complete(requests(5), metered(most_tokens=60)))) == 5


def test_a_forecast_is_made_from_the_first_answers(capsys: pytest.CaptureFixture[str]) -> None:
    engine = metered(expected=64)
    list(complete(requests(64), engine))
    assert engine.forecast is not None
    assert (engine.forecast.tokens, engine.forecast.money) == (engine.bill.tokens, engine.bill.money)
    told = capsys.readouterr().err
    assert "forecast: at most 64 requests, 768 tokens" in told
    assert "of 64 requests" in told and "tokens/s" in told and "left" in told


def test_a_stage_reports_its_bill(tmp_path: Path) -> None:
    records = {
        "silver/unique_instructions": dataset(
            "silver/unique_instructions", [{"id": f"rec_{n}", "text": f"text {n}"} for n in range(3)]
        )
    }
    run = context(tmp_path)
    good = '{"Rarity": 5, "Complexity": 5, "Informativeness": 5, "Overall": 5}'
    params = RateParams(engine=JudgeParams.model_validate(PRICED | {"answers": (good,)}))
    collected(ratings(records, params, run))
    assert run.metrics["requests"] == run.metrics["records"] == 3
    assert run.metrics["tokens_per_kept"] * 3 == run.metrics["prompt_tokens"] + run.metrics["completion_tokens"]


def test_the_rules_cost_nothing_and_are_not_counted() -> None:
    with open_engine(EngineParams()) as engine:
        assert not isinstance(engine, MeteredEngine)


def test_a_bill_is_told_in_one_line() -> None:
    assert str(Bill(1200, 5000, 400, 9000.0, 3.5)) == "1,200 requests, 5,400 tokens, 2 h 30 min, 3.50 of money"
