"""Ratings are compared with those of their neighbours, and a handful of new rows is not judged by shares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from world import ident

from expectations.calibration import mean_errors
from expectations.limits import Rated, Scored
from expectations.suites.quality import quality
from expectations.suites.ratings import ratings
from lake.harness.job import Views
from lake.tables import TABLES
from spark_jobs.curate.job import QualityParams


def table(key: str, rows: Sequence[dict[str, Any]]) -> ds.Dataset:
    return ds.dataset(pa.Table.from_pylist(list(rows), schema=TABLES[key].schema))


def scored(predicted: Callable[[float], float | None], count: int = 120) -> Views:
    scores = [float(n % 6) for n in range(count)]
    rows = [
        {
            "id": ident("rec", n),
            "score": s,
            "curated": s,
            "uncertainty": 0.5,
            "neighbour_score": predicted(s),
            "judges": 1,
            "high": s >= 4,
        }
        for n, s in enumerate(scores)
    ]
    records = table("silver/unique_instructions", [{"id": row["id"]} for row in rows])
    return Views(
        {
            "silver/unique_instructions": records,
            "silver/quality": table("silver/quality", rows),
            "silver/unrated": table("silver/unrated", []),
            "silver/score_transitions": table("silver/score_transitions", []),
        },
        {},
    )


def failed(batches: Any) -> set[str]:
    """The metrics that are out of bounds."""
    (figures,) = [batch for batch in batches if batch.name == "figures"]
    found = set[str]()
    for rule in figures.rules:
        least, most, value = rule.arguments["min_value"], rule.arguments["max_value"], rule.figure()
        if value is not None and not (least or value) <= value <= (value if most is None else most):
            found.add(rule.name)
    return found


def test_neighbours_that_predict_worse_than_guessing_are_noticed() -> None:
    high = QualityParams().high_score
    assert failed(quality(scored(lambda s: s), high_score=high, gate=Scored())) == set()
    assert failed(quality(scored(lambda s: 5 - s), high_score=high, gate=Scored())) == {"held_out_error_over_guessing"}
    assert failed(quality(scored(lambda s: 5 - s, count=60), high_score=high, gate=Scored())) == set()
    assert failed(quality(scored(lambda s: None), high_score=high, gate=Scored())) == set()


def test_errors_are_means_over_the_rows_that_have_both_values() -> None:
    columns = {"score": [0.0, 4.0, 2.0, float("nan")], "neighbour_score": [1.0, 4.0, None, 1.0]}
    rows = ds.dataset(pa.table(columns))
    assert mean_errors(rows, "score", "neighbour_score") == (2, 0.5, 2.0)
    assert mean_errors(ds.dataset(pa.table(columns).slice(0, 0)), "score", "neighbour_score") == (0, 0.0, 0.0)


@pytest.mark.parametrize(("rows", "wrong"), [(5, set()), (200, {"unrated_share"})])
def test_one_failure_among_few_new_records_is_no_broken_judge(rows: int, wrong: set[str]) -> None:
    rated = [
        {"id": ident("rec", n), "judge": "j", "prompt_version": "1", "state": "rated", "overall": 4 + n % 3}
        for n in range(rows)
    ]
    for row in rated[::3]:
        row.update(overall=None, state="failed", error="judge_failed: no")
    records = table("silver/unique_instructions", [{"id": row["id"]} for row in rated])
    frames = {"silver/unique_instructions": records, "silver/ratings": table("silver/ratings", rated)}
    sides = {key: table(key, []) for key in ("silver/rating_predictors", "silver/second_ratings")}
    frames |= sides
    older = {"silver/ratings": table("silver/ratings", []), **sides}
    assert failed(ratings(Views(frames, older), gate=Rated())) == wrong
    assert failed(ratings(Views(frames, {}), gate=Rated())) == {"unrated_share"}


def rated_and_second(overall: Callable[[int], int], count: int, first: int = 0) -> dict[str, ds.Dataset]:
    """The tables of a run in which one judge rates `count` records and another, with the same ratings, stands beside it."""
    ids = [ident("rec", first + n) for n in range(count)]
    rows = [
        {"id": one, "judge": "j", "prompt_version": "1", "state": "rated", "overall": overall(n)}
        for n, one in enumerate(ids)
    ]
    second = [
        {
            **row,
            "id": ident("opn", first + n),
            "record_id": row["id"],
            "judge": "k",
            "name": "perplexity",
            "role": "beside",
        }
        for n, row in enumerate(rows)
    ]
    return {
        "silver/unique_instructions": table("silver/unique_instructions", [{"id": one} for one in ids]),
        "silver/ratings": table("silver/ratings", rows),
        "silver/second_ratings": table("silver/second_ratings", second),
        "silver/rating_predictors": table("silver/rating_predictors", []),
    }


@pytest.mark.parametrize(
    ("count", "shift", "drifted"), [(300, 0, set()), (300, 3, {"j", "k"}), (60, 3, set()), (100, 3, {"j", "k"})]
)
def test_a_delivery_whose_ratings_are_spread_otherwise_warns_for_each_judge(
    count: int, shift: int, drifted: set[str]
) -> None:
    before = rated_and_second(lambda n: 2 + n % 6, 300)
    frames = Views(rated_and_second(lambda n: 2 + n % 6 + shift, count, 1_000), before)
    (drift,) = [batch for batch in ratings(frames, gate=Rated()) if batch.name == "drift"]
    (rule,) = drift.rules
    assert rule.severity == "warning"
    rows = drift.rows.to_table().to_pylist()
    assert {row["judge"] for row in rows if row["drift"] > rule.arguments["max_value"]} == drifted
    assert {row["judge"] for row in rows} == (set() if count < 100 else {"j", "k"})


def test_without_rows_before_there_is_no_drift() -> None:
    (drift,) = [
        batch
        for batch in ratings(Views(rated_and_second(lambda n: 1 + n % 9, 300), {}), gate=Rated())
        if batch.name == "drift"
    ]
    assert drift.rows.to_table().num_rows == 0


def test_a_judge_beside_that_fails_on_many_records_warns_and_rejects_nothing() -> None:
    frames = rated_and_second(lambda n: 1 + n % 9, 200)
    second = frames["silver/second_ratings"].to_table().to_pylist()
    for row in second[::2]:
        row.update(overall=None, state="failed", error="judge_failed: no")
    frames["silver/second_ratings"] = table("silver/second_ratings", second)
    assert failed(ratings(Views(frames, {}), gate=Rated())) == {"second_failed_share"}


def test_the_worked_example_is_true() -> None:
    import doctest

    import expectations.suites.ratings

    found = doctest.testmod(expectations.suites.ratings)
    assert found.attempted > 0 and found.failed == 0
