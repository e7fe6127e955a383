"""Counting what answers cost: the bill, the forecast, and a cap that ends a run cleanly so that the next goes on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path

import pytest
from fakes import collected, context, dataset
from pydantic import ValidationError

from inference.batch import complete
from inference.forecast import Asked, foretell
from inference.judge_params import JudgeParams, RateParams
from inference.mixture import mixture
from inference.mixture_params import MixtureParams
from inference.rate import ratings
from inference.text_engines import Completion, EngineGone, EngineParams, Request, open_engine
from inference.text_engines.metered import Bill, MeteredEngine, billed
from inference.text_engines.scripted import ScriptedEngine
from lake.storage.publication import Publication, now
from lake.storage.store import Lake
from lake.tables import TABLES

PASSAGE = {"source": "made", "title": "Kettle", "text": "A kettle boils water. Its spout pours it."}
PRICED = {"kind": "scripted", "answers": ("two words",), "prompt_price": 1e6, "completion_price": 2e6}


class Counting(ScriptedEngine):
    """Ten tokens in and two out for each request, one request at a time."""

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        for one in super().generate(requests):
            yield Completion(one.id, one.text, None, 10, 2)


class Silent(ScriptedEngine):
    """Reports no tokens, as some servers do, one request at a time."""

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        for one in super().generate(requests):
            yield Completion(one.id, one.text)


def metered(engine: type[ScriptedEngine] = Counting, **more: float) -> MeteredEngine:
    params = EngineParams.model_validate(PRICED | more)
    ticks = count()
    return MeteredEngine(engine(params, room=1), params, lambda: float(next(ticks)))


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


def test_a_cap_holds_where_the_server_reports_no_usage() -> None:
    engine = metered(Silent, most_tokens=100)
    with pytest.raises(EngineGone, match=r"The cap of 100 tokens is reached after .* estimated"):
        list(complete(requests(200), engine))
    bill = engine.bill
    # "question 0" and what surrounds a message are 8 tokens, "two words" are 3
    assert (bill.requests, bill.estimated, bill.tokens) == (10, 10, 110)
    assert billed(engine, kept=5)["estimated_requests"] == 10


PARAMS = EngineParams.model_validate(PRICED)


def test_a_forecast_is_told_before_anything_is_sent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    engine, lake = metered(), Lake(str(tmp_path))
    foretell(engine, PARAMS, [Asked(64, requests(8))], lake, "silver/ratings")
    assert engine.bill.requests == 0
    # nobody answered before: an answer is taken to be as long as it may be
    assert engine.forecast == Bill(64, 64 * 8, 64 * 256, None, 64 * (8 + 2 * 256))
    told = capsys.readouterr().err
    assert "forecast: about 64 requests, 512 tokens in and 16,384 out, time unknown, 33,280.00 of money" in told
    list(complete(requests(64), engine, lake))
    told = capsys.readouterr().err
    assert "after 32 answers: about 64 requests, 640 tokens in and 128 out" in told
    assert "of about 64 requests" in told and "tokens/s" in told and "left" in told


def test_a_forecast_knows_what_was_answered(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    list(complete(requests(48), metered(), lake))
    engine = metered()
    foretell(engine, PARAMS, [Asked(96, requests(96)), Asked(192, requests(1))], lake, "silver/ratings")
    assert engine.forecast is not None
    assert engine.forecast.requests == 144, "half of the first is in the cache, and so is half of what follows from it"
    assert engine.forecast.completion_tokens == 2 * 144, "answers are as long as earlier ones"


def test_the_speed_is_that_of_the_stages_last_run(tmp_path: Path) -> None:
    lake, key = Lake(str(tmp_path)), "silver/ratings"
    publication = Publication(
        stage=key, run_id="run-1", published_at=now(), inputs={}, params_hash="", code_hash="", suite="",
        metrics={"tokens_per_second": 8.0}, params={"engine": PARAMS.model_dump(mode="json")},
    )  # fmt: skip
    lake.publish(lake.write(key, "run-1", TABLES[key].schema.empty_table()), publication)
    for params, seconds in ((PARAMS, 1.0 + 32.0), (PARAMS.model_copy(update={"model": "another"}), None)):
        engine = metered()
        foretell(engine, params, [Asked(1, requests(1))], lake, key)
        assert engine.forecast and engine.forecast.seconds == seconds


def test_the_rules_are_not_foretold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_engine(EngineParams()) as engine:
        foretell(engine, EngineParams(), [Asked(1, requests(1))], Lake(str(tmp_path)), "silver/ratings")
    assert capsys.readouterr().err == ""


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
    assert run.metrics["forecast_requests"] == 3 and run.metrics["forecast_tokens"] > run.metrics["prompt_tokens"]
    assert run.metrics["tokens_per_kept"] * 3 == run.metrics["prompt_tokens"] + run.metrics["completion_tokens"]


def test_mixture_is_foretold_as_targets_and_variants(tmp_path: Path) -> None:
    passages = {
        "silver/passages": dataset(
            "silver/passages", [PASSAGE | {"id": f"psg_{n}", "title": f"Kettle {n}"} for n in range(10)]
        ),
        "silver/best_records": dataset("silver/best_records", []),
    }
    run = context(tmp_path)
    params = MixtureParams(engine=PARAMS, mean_variants=3.0, cross_topic=0.0, attempts=1, least_content=1)
    produced = collected(mixture(passages, params, run))
    assert len(produced["gold/mixture_unused"]) == 10, "two words are no item"
    assert (run.metrics["forecast_requests"], run.metrics["requests"]) == (10 + 30, 10)


def test_the_rules_cost_nothing_and_are_not_counted() -> None:
    with open_engine(EngineParams()) as engine:
        assert not isinstance(engine, MeteredEngine)


def test_a_bill_is_told_in_one_line() -> None:
    told = "1,200 requests, 5,000 tokens in and 400 out, 2 h 30 min, 3.50 of money"
    assert str(Bill(1200, 5000, 400, 9000.0, 3.5)) == told
    assert str(Bill(1200, 5000, 400, 9000.0, 3.5, 7)) == f"{told} (tokens of 7 requests estimated)"
