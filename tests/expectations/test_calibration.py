"""Ratings are held against those of their neighbours, and a handful of new rows is not judged by shares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from world import ident

from expectations.calibration import gaps
from expectations.suites.silver import quality, ratings
from lake.harness.job import Views
from lake.tables import TABLES
from spark_jobs.curate.job import QualityParams

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def table(key: str, rows: Sequence[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=TABLES[key].schema)


def scored(foretold: Callable[[float], float | None], count: int = 120) -> Views:
    scores = [float(n % 6) for n in range(count)]
    rows = [
        {
            "id": ident("rec", n),
            "score": s,
            "uncertainty": 0.5,
            "neighbour_score": foretold(s),
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
        },
        {},
    )


def failed(batches: Any) -> set[str]:
    """The figures that are out of bounds."""
    (figures,) = [batch for batch in batches if batch.name == "figures"]
    found = set[str]()
    for rule in figures.expectations:
        least, most = getattr(rule, "min_value", None), getattr(rule, "max_value", None)
        value = figures.frame[rule.column][0]
        if value < (value if least is None else least) or value > (value if most is None else most):
            found.add(rule.column)
    return found


def test_neighbours_that_foretell_worse_than_guessing_are_noticed() -> None:
    params = QualityParams()
    assert failed(quality(scored(lambda s: s), params)) == set()
    assert failed(quality(scored(lambda s: 5 - s), params)) == {"held_out_error_over_guessing"}
    assert failed(quality(scored(lambda s: 5 - s, count=60), params)) == set()
    assert failed(quality(scored(lambda s: None), params)) == set()


def test_gaps_are_the_same_in_memory_and_in_spark(spark: SparkSession) -> None:
    rows = [(0.0, 1.0), (4.0, 4.0), (2.0, None)]
    held = pa.table({"score": [a for a, _ in rows], "neighbour_score": [b for _, b in rows]})
    assert gaps(held, "score", "neighbour_score") == (2, 0.5, 2.0)
    frame = spark.createDataFrame(rows, "score double, neighbour_score double")
    assert gaps(frame, "score", "neighbour_score") == (2, 0.5, 2.0)
    assert gaps(frame.limit(0), "score", "neighbour_score") == (0, 0.0, 0.0)


@pytest.mark.parametrize(("rows", "wrong"), [(5, set()), (200, {"unrated_share"})])
def test_one_failure_among_few_new_records_is_no_broken_judge(rows: int, wrong: set[str]) -> None:
    rated = [{"id": ident("rec", n), "judge": "j", "prompt_version": "1", "overall": 4 + n % 3} for n in range(rows)]
    for row in rated[::3]:
        row.update(overall=None, error="judge_failed: no")
    records = table("silver/unique_instructions", [{"id": row["id"]} for row in rated])
    frames = {"silver/unique_instructions": records, "silver/ratings": table("silver/ratings", rated)}
    older = {"silver/ratings": table("silver/ratings", [])}
    assert failed(ratings(Views(frames, older), None)) == wrong
    assert failed(ratings(Views(frames, {}), None)) == {"unrated_share"}
