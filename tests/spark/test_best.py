"""The best records: which are kept for MIXTURE, and that a few new ones change nothing until they are enough."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pyspark.sql import SparkSession
from spark_frames import context, frame, record, rows

from spark_jobs.best.job import BEST, BestParams, best_records

QUESTION = "A farmer has 12 cows and buys 7 more before selling half of them; how many cows are left on the farm?"
UNIQUE, QUALITY = "silver/unique_instructions", "silver/quality"
Rows = Sequence[dict[str, Any]]


def inputs(
    spark: SparkSession, records: Rows, low: Sequence[str] = (), withdrawn: Sequence[str] = ()
) -> dict[str, Any]:
    """What the job reads of these records, all rated high but for those named."""
    quality = [
        {"id": row["id"], "score": 1.0, "curated": 2.0 if row["id"] in low else 4.5, "high": row["id"] not in low}
        for row in records
    ]
    gone = [{"id": one} for one in withdrawn]
    asked = [{"id": "ref_1", "source": "quiz", "role": "benchmark", "text": f"{QUESTION}\n9"}]
    return {
        UNIQUE: frame(spark, UNIQUE, records),
        QUALITY: frame(spark, QUALITY, quality),
        "bronze/instructions_withdrawn": frame(spark, "bronze/instructions_withdrawn", gone),
        "bronze/references": frame(spark, "bronze/references", asked),
    }


def some(first: int, count: int) -> list[dict[str, Any]]:
    return [record(f"{n:03}", f"What is {n}?", f"A number after {n - 1}.") for n in range(first, first + count)]


def after(spark: SparkSession, old: Rows, kept: Rows, fresh: Rows, **params: Any) -> list[str]:
    """The ids added by a run on what is new, where `old` was there before and `kept` in the snapshot."""
    given = inputs(spark, fresh)
    older = inputs(spark, old) | {BEST: frame(spark, BEST, [{"id": row["id"]} for row in kept])}
    before: Mapping[str, Any] = older | {"bronze/references": older["bronze/references"].limit(0)}
    found = best_records(given, BestParams(**params), replace(context(), before=before))
    return [row["id"] for row in rows(found[BEST], "id")]


def test_high_rated_records_fit_to_be_passed_on_are_kept(spark: SparkSession) -> None:
    unfit = {
        "low": record("low", "Why?", "So."),
        "gone": record("gone", "Why not?", "It rains."),
        "leak": record("leak", QUESTION, "Nine."),
        "mail": record("mail", "Who?", "Ask me.", personal=["email"]),
        "bare": record("bare", "When?", "Now.", licence=None),
        "whole": record("whole", "Where?", "There.", licence="CC-BY-ND-4.0"),
        "talk": record("talk", "And then?", "Then that.", item_type="chat"),
    }
    given = inputs(spark, [*some(0, 3), *unfit.values()], low=["rec_low"], withdrawn=["raw_gone"])
    found = rows(best_records(given, BestParams(), context())[BEST], "id")
    assert [row["id"] for row in found] == ["rec_000", "rec_001", "rec_002"]
    first = {name: found[0][name] for name in ("prompt", "answer", "licence", "score")}
    assert first == {"prompt": "What is 0?", "answer": "A number after -1.", "licence": "MIT", "score": 4.5}
    few = rows(best_records(given, BestParams(most=2), context())[BEST], "id")
    assert [row["id"] for row in few] == ["rec_000", "rec_001"]


def test_a_few_new_records_change_nothing_until_they_are_enough(spark: SparkSession) -> None:
    old = some(0, 20)
    assert after(spark, old, old, some(20, 2)) == [], "two of twenty are a tenth, and no more"
    assert after(spark, old, old, some(20, 3)) == ["rec_020", "rec_021", "rec_022"]
    assert after(spark, [*old, *some(20, 2)], old, some(22, 1)) == ["rec_020", "rec_021", "rec_022"], "they add up"
    assert after(spark, old, old, some(20, 3), refresh_share=0.5) == []


def test_new_records_that_are_unfit_are_not_counted_and_none_goes_over_the_limit(spark: SparkSession) -> None:
    old = some(0, 20)
    leaks = [record(f"leak_{n}", f"{QUESTION} {n}", "Nine.") for n in range(5)]
    assert after(spark, old, old, [*some(20, 2), *leaks]) == []
    assert after(spark, old, old, some(20, 9), most=23) == ["rec_020", "rec_021", "rec_022"]
    assert after(spark, old, old, some(20, 9), most=21) == [], "one alone is not worth making MIXTURE anew"
