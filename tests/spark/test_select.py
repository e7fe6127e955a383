"""The training set: the mix, the budget, what is blocked and why, and that nobody is lost or released twice."""

from collections.abc import Sequence
from typing import Any

import pytest
from pyspark.sql import SparkSession
from spark_frames import context, frame, record, rows

from lake.ids import content_id
from lake.tables.reasons import NOT_RELEASED
from spark_jobs.select.job import SelectParams, side_sizes, training_set

QUESTION = "A farmer has 12 cows and buys 7 more before selling half of them; how many cows are left on the farm?"


def _inputs(
    spark: SparkSession,
    records: Sequence[dict[str, Any]],
    scores: dict[str, float],
    distilled: Sequence[dict[str, Any]] = (),
    benchmark: str = QUESTION,
    withdrawn: Sequence[str] = (),
    copies: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    quality = [
        {"id": row["id"], "score": 1.0, "curated": scores.get(row["id"], 4.5), "high": True}
        for row in records
        if scores.get(row["id"], 4.5) >= 0
    ]
    return {
        "silver/unique_instructions": frame(spark, "silver/unique_instructions", records),
        "silver/quality": frame(spark, "silver/quality", quality),
        "silver/groups": frame(spark, "silver/groups", []),
        "silver/duplicates": frame(spark, "silver/duplicates", copies),
        "bronze/instructions_withdrawn": frame(
            spark, "bronze/instructions_withdrawn", [{"id": one} for one in withdrawn]
        ),
        "gold/distilled": frame(spark, "gold/distilled", distilled),
        "bronze/references": frame(
            spark,
            "bronze/references",
            [
                {"id": "ref_1", "source": "quiz", "role": "benchmark", "text": f"{benchmark}\n9"},
                {"id": "ref_2", "role": "truth", "text": "prompt 0\nanswer"},
            ],
        ),
    }


def _distilled(name: str, members: Sequence[str], **columns: Any) -> dict[str, Any]:
    plain = {
        "sources": ["a"],
        "licences": ["MIT"],
        "language": "en",
        "prompt": f"fused {name}",
        "answer": "whole",
        "worth": 1.0,
    }
    return {"id": f"dst_{name}", "group_id": f"grp_{name}", "member_ids": list(members), **plain, **columns}


def test_everybody_ends_once_with_the_right_reason(spark: SparkSession) -> None:
    records = [
        *(record(f"good{n}", f"prompt {n}", "answer") for n in range(4)),
        record("low", "poor", "thing"),
        record("mail", "write to me", "at home", personal=["email"]),
        record("wild", "unknown", "origin", licence=None),
        record("leak", QUESTION.upper(), "There are 9 cows."),
        record("part", "one of", "a group"),
        record("unrated", "never", "rated"),
        record("gone", "a fine", "record"),
        record("still", "two of", "a group"),
        record("away", "two of", "that group"),
    ]
    scores = {"rec_low": 3.9, "rec_unrated": -1.0, "rec_good3": 5.0, "rec_mail": 0.0}
    items = [
        _distilled("kept", ["rec_part"]),
        _distilled("mixed", ["rec_other"], licences=["MIT", None]),
        _distilled("stale", ["rec_still", "rec_away"]),
        _distilled("invented", ["rec_x"], prompt="Whom do I ask?", answer="Write to jane.roe@bakery-lund.se about it."),
        _distilled(
            "strayed", ["rec_y"], answer="Man lässt den Teig über Nacht ruhen und backt ihn am nächsten Morgen aus."
        ),
        _distilled("taught", ["rec_z"], prompt=QUESTION, answer="There are 9 cows."),
    ]
    around = context()
    withdrawn = ["raw_gone", "raw_away", "raw_unrated"]
    inputs = _inputs(spark, records, scores, items, withdrawn=withdrawn)
    found = training_set(inputs, SelectParams(budget=4), around)
    chosen, left = rows(found["gold/training_set"], "origin_id"), rows(found["gold/training_set_exits"], "id")
    assert [row["origin_id"] for row in chosen] == ["dst_kept", "rec_good0", "rec_good1", "rec_good3"]
    assert {row["id"]: (row["outcome"], row["reason"]) for row in left} == {
        "dst_invented": ("blocked", "personal_data"),
        "dst_mixed": ("blocked", "unknown_licence"),
        "dst_stale": ("blocked", "withdrawn"),
        "dst_strayed": ("blocked", "other_language"),
        "dst_taught": ("blocked", "contamination"),
        "rec_gone": ("withdrawn", "withdrawn"),
        "rec_good2": ("not_selected", "over_budget"),
        "rec_leak": ("blocked", "contamination"),
        "rec_low": ("blocked", "quality_floor"),
        "rec_mail": ("blocked", "personal_data"),
        "rec_wild": ("blocked", "unknown_licence"),
    }
    assert {row["reason"] for row in left} == set(NOT_RELEASED)
    details = {row["id"]: row["detail"] for row in left}
    assert details["rec_leak"] == "holds 100 % of ref_1"
    assert details["dst_invented"] == "email"
    assert details["dst_strayed"] == "in de, its members in en"
    assert details["dst_stale"] == "1 of 2 records are no longer in their files"
    assert chosen[0]["messages"] == [
        {"role": "user", "content": "fused kept"},
        {"role": "assistant", "content": "whole"},
    ]
    assert [row["member_ids"] for row in chosen[:2]] == [["rec_part"], ["rec_good0"]]
    assert all(row["id"] == content_id("rel", row["origin_id"]) for row in chosen)
    assert around.metrics["selected/distilled"] == 1 and around.metrics["selected/original"] == 3


def test_an_item_in_the_language_of_its_members_or_in_none_that_can_be_told_is_released(spark: SparkSession) -> None:
    items = [
        _distilled(
            "german",
            ["rec_a"],
            language="de",
            prompt="Wie lange ruht der Teig?",
            answer="Über Nacht im Kühlen, bis er aufgeht.",
        ),
        _distilled("short", ["rec_b"], language="de", prompt="7 * 6?", answer="42"),
        _distilled(
            "code",
            ["rec_c"],
            prompt="How is a list sorted?",
            answer="```python\nnombres.sort(key=len, reverse=True)\n```",
        ),
        _distilled(
            "names", ["rec_d"], prompt="Who painted Las Meninas?", answer="Diego Velázquez, in the Alcázar of Madrid."
        ),
    ]
    found = training_set(_inputs(spark, [], {}, items), SelectParams(distilled_share=1), context())
    assert {row["id"]: row["detail"] for row in rows(found["gold/training_set_exits"], "id")} == {}


def test_a_record_that_moved_to_another_file_of_its_source_is_not_withdrawn(spark: SparkSession) -> None:
    records = [record(name, f"prompt {name}", "answer") for name in ("moved", "near", "abroad", "both")]
    copies = [
        {"removed_id": f"rec_{name}_copy", "kept_id": f"rec_{name}", "source": source, "rule": rule, "similarity": 1.0}
        for name, source, rule in (
            ("moved", "a", "exact_record"), ("near", "a", "near"), ("abroad", "b", "exact_record"), ("both", "a", "exact_record"),
        )
    ]  # fmt: skip
    withdrawn = [*(f"raw_{row['id'][4:]}" for row in records), "raw_both_copy"]
    found = training_set(_inputs(spark, records, {}, withdrawn=withdrawn, copies=copies), SelectParams(), context())
    assert [row["origin_id"] for row in rows(found["gold/training_set"], "id")] == ["rec_moved"]
    assert {row["id"] for row in rows(found["gold/training_set_exits"], "id")} == {"rec_near", "rec_abroad", "rec_both"}


def test_the_split_is_a_stable_share(spark: SparkSession) -> None:
    records = [record(f"{n:03}", f"prompt {n}", f"answer {n}") for n in range(400)]
    params = SelectParams(validation_share=0.1)
    first = {
        row["id"]: row["split"]
        for row in rows(training_set(_inputs(spark, records, {}), params, context())["gold/training_set"], "id")
    }
    fewer = training_set(_inputs(spark, records[::-2], {}), params, context())["gold/training_set"].repartition(3)
    assert 0.05 < list(first.values()).count("validation") / len(first) < 0.15
    assert all(first[row["id"]] == row["split"] for row in rows(fewer, "id"))


@pytest.mark.parametrize(
    ("budget", "distilled", "original", "expected"),
    [
        (10, 50, 50, (5, 5)),
        (10, 2, 50, (2, 8)),
        (10, 50, 3, (7, 3)),
        (10, 2, 3, (2, 3)),
        (10, 0, 0, (0, 0)),
        (1, 5, 5, (0, 1)),
    ],
)
def test_a_shortfall_is_filled_by_the_other_side(
    budget: int, distilled: int, original: int, expected: tuple[int, int]
) -> None:
    found = side_sizes(budget, 0.5, distilled, original)
    assert (found["distilled"], found["original"]) == expected
