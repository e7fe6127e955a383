"""Quality: the published compression, the stated uncertainty, and where unrated records go."""

from math import sqrt
from typing import Any

import numpy as np
import pytest
from lakes import vector
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from spark_frames import as_for_many, context, frame, record, rows

from lake.tables.reasons import UNRATED
from spark_jobs.columnar.vectors import unit
from spark_jobs.curate.job import QualityParams, curated_scores
from texts.embed.embedder import open_embedder


def test_scores_uncertainty_neighbours_and_the_unrated(spark: SparkSession) -> None:
    records = [record(name, name, "answer") for name in "abcdefgh"]
    ratings = [("a", "one", 8), ("a", "two", 10), ("c", "one", 6)]
    errors = [
        ("d", "unparsable_rating: hm"),
        ("e", "judge_failed: time out"),
        ("f", None),
        ("h", "nothing_to_rate: no"),
    ]
    vectors = {"a": vector(1.0, 0.0), "b": vector(0.6, 0.8), "c": vector(1.0, 0.0)}
    around = context()
    found = curated_scores(
        {
            "silver/unique_instructions": frame(spark, "silver/unique_instructions", records),
            "silver/ratings": frame(
                spark,
                "silver/ratings",
                [{"id": f"rec_{name}", "judge": judge, "overall": overall} for name, judge, overall in ratings]
                + [{"id": "rec_b", "judge": "one", "overall": 3, "margin": 1.645}]
                + [{"id": f"rec_{name}", "judge": "one", "error": error} for name, error in errors],
            ),
            "silver/embeddings": frame(
                spark,
                "silver/embeddings",
                [
                    {
                        "text_hash": row["text_hash"],
                        "embedder": open_embedder().digest,
                        "vector": vectors.get(row["prompt"], vector(0.0, 1.0)),
                    }
                    for row in records
                ],
            ),
        },
        QualityParams(neighbours=2),
        around,
    )
    scored = {row["id"]: row for row in rows(found["silver/quality"], "id")}
    assert {name: (row["score"], row["judges"], row["high"]) for name, row in scored.items()} == {
        "rec_a": (4.5, 2, True),  # 8 is 4, 10 is cut to 9: 5
        "rec_b": (0.0, 1, False),  # 3 is raised to 4
        "rec_c": (2.0, 1, False),
    }
    assert [scored[f"rec_{name}"]["neighbour_score"] for name in "abc"] == [1.0, 3.25, 2.25], (
        "the mean of the two others"
    )
    assert scored["rec_a"]["uncertainty"] == pytest.approx(sqrt(0.25 + 0.8 * 3.5**2 / 2), rel=1e-4)
    assert scored["rec_b"]["uncertainty"] == pytest.approx(sqrt(1 + 0.6 * 3.25**2 / 2), rel=1e-4), (
        "a predicted rating is as uncertain as its margin says"
    )
    lost = {row["id"]: (row["outcome"], row["reason"]) for row in rows(found["silver/unrated"], "id")}
    assert lost == {
        "rec_d": ("unrated", "unparsable_rating"),
        "rec_e": ("unrated", "judge_failed"),
        "rec_f": ("unrated", "judge_failed"),
        "rec_g": ("unrated", "judge_failed"),
        "rec_h": ("unrated", "nothing_to_rate"),
    }
    assert {reason for _, reason in lost.values()} == set(UNRATED)
    assert around.metrics["high_share"] == pytest.approx(1 / 3)
    assert around.metrics["neighbour_mae"] > 0 and -1 <= around.metrics["neighbour_correlation"] <= 1
    assert around.metrics["neighbours_measured"] == 3


def test_beyond_the_sample_neighbours_are_not_measured_and_uncertainty_is_the_mean(spark: SparkSession) -> None:
    names = [f"{n:02d}" for n in range(60)]
    records = [record(name, name, "answer") for name in names]
    ratings = [{"id": f"rec_{name}", "judge": "one", "overall": 4 + int(name) % 6} for name in names]
    cached = [
        {"text_hash": row["text_hash"], "embedder": open_embedder().digest, "vector": vector(1.0, 0.0)}
        for row in records
    ]
    inputs = {
        "silver/unique_instructions": frame(spark, "silver/unique_instructions", records),
        "silver/ratings": frame(spark, "silver/ratings", ratings),
        "silver/embeddings": frame(spark, "silver/embeddings", cached),
    }

    def scored(given: dict[str, DataFrame]) -> list[dict[str, Any]]:
        return rows(curated_scores(given, QualityParams(neighbours=2, sample=20), context())["silver/quality"], "id")

    found = scored(inputs)
    measured = [row for row in found if row["neighbour_score"] is not None]
    assert 5 < len(measured) < 40 and len(found) == 60
    terms = [row["uncertainty"] ** 2 for row in measured]
    rest = {round(row["uncertainty"], 9) for row in found if row["neighbour_score"] is None}
    assert rest == {round(sqrt(sum(terms) / len(terms)), 9)}
    with as_for_many(spark):
        assert scored({key: given.repartition(3).orderBy(F.rand(1)) for key, given in inputs.items()}) == found


@pytest.mark.parametrize("overall", [[5, 5, 5], [5], [], [4, 9], [1, 1, 10]])
def test_equal_few_and_no_ratings_are_scored_like_any_others(spark: SparkSession, overall: list[int]) -> None:
    records = [record(f"{place}", f"question {place}", "answer") for place in range(len(overall))]
    embeddings = [
        {"text_hash": row["text_hash"], "embedder": open_embedder().digest, "vector": vector(1.0, 0.0)}
        for row in records
    ]
    ratings = [{"id": row["id"], "judge": "one", "overall": value} for row, value in zip(records, overall, strict=True)]
    inputs = {
        "silver/unique_instructions": frame(spark, "silver/unique_instructions", records),
        "silver/ratings": frame(spark, "silver/ratings", ratings),
        "silver/embeddings": frame(spark, "silver/embeddings", embeddings),
    }
    found = rows(curated_scores(inputs, QualityParams(neighbours=2), context())["silver/quality"], "id")
    assert [row["score"] for row in found] == [min(max(value, 4), 9) - 4 for value in overall]


def rated_places(spark: SparkSession, places: int, noise: float) -> tuple[dict[str, DataFrame], dict[str, float]]:
    """Inputs of 1,200 records, 20 a place of the space that holds one true score, a share `noise` rated otherwise; the true scores."""
    draw = np.random.default_rng(7)
    centres = unit(draw.normal(size=(places, 16)))
    truth = {f"rec_{n:04}": float(place % 6) for n, place in enumerate(draw.integers(places, size=1_200))}
    records = [record(name.removeprefix("rec_"), name, "answer") for name in truth]
    where = np.array([centres[int(score) :: 6][draw.integers(places // 6)] for score in truth.values()])
    vectors = unit(where + 0.2 * unit(draw.normal(size=where.shape)))
    off = draw.random(len(truth)) < noise
    given = np.where(off, (np.array([*truth.values()]) + draw.integers(1, 6, size=len(truth))) % 6, [*truth.values()])
    embedded = [
        {"text_hash": row["text_hash"], "embedder": open_embedder().digest, "vector": vector(*one)}
        for row, one in zip(records, vectors.tolist(), strict=True)
    ]
    ratings = [
        {"id": name, "judge": "one", "overall": int(score) + 4} for name, score in zip(truth, given, strict=True)
    ]
    tables = {"silver/unique_instructions": records, "silver/ratings": ratings, "silver/embeddings": embedded}
    return {key: frame(spark, key, found) for key, found in tables.items()}, truth


DS2 = QualityParams(curation="ds2", rows_per_cell=200)


def distance(scored: list[dict[str, Any]], column: str, truth: dict[str, float]) -> float:
    return float(np.mean([abs(row[column] - truth[row["id"]]) for row in scored]))


def test_ds2_mends_ratings_in_and_outside_of_its_sample_and_says_how_scores_are_confused(spark: SparkSession) -> None:
    inputs, truth = rated_places(spark, places=60, noise=0.2)
    found = curated_scores(inputs, DS2.model_copy(update={"sample": 1_100, "high_score": 3.5}), around := context())
    scored = rows(found["silver/quality"], "id")
    assert distance(scored, "curated", truth) < 0.2 * distance(scored, "score", truth)
    assert all(row["high"] == (row["curated"] >= 3.5) for row in scored)
    assert around.metrics["replaced_share"] == pytest.approx(0.2, abs=0.05)
    assert all(row["neighbour_score"] is not None for row in scored), "all are compared with the sample"
    transitions = rows(found["silver/score_transitions"], "score")
    assert [row["score"] for row in transitions] == [*range(6)]
    assert all(row["used"] and 1_000 <= row["records"] < 1_200 for row in transitions)
    assert [row[f"rated_{row['score']}"] for row in transitions] == pytest.approx([0.8] * 6, abs=0.1)
    shuffled = {key: given.repartition(3).orderBy(F.rand(1)) for key, given in inputs.items()}
    with as_for_many(spark):
        again = curated_scores(shuffled, DS2.model_copy(update={"sample": 1_100, "high_score": 3.5}), context())
        assert rows(again["silver/quality"], "id") == scored


def test_ds2_leaves_scores_alone_where_vectors_say_nothing_of_them(spark: SparkSession) -> None:
    inputs, _ = rated_places(spark, places=60, noise=1.0)  # every rating is another than its place's
    plain = inputs["silver/ratings"].withColumn("overall", (F.pmod(F.xxhash64("id"), F.lit(6)) + 4).cast("int"))
    found = curated_scores({**inputs, "silver/ratings": plain}, DS2, context())
    assert all(row["curated"] == row["score"] for row in rows(found["silver/quality"], "id"))
    (decision,) = {row["decision"] for row in rows(found["silver/score_transitions"], "score")}
    assert decision.startswith("Scores are left as rated: of 1,200 records, ratings of nearest neighbours agree")
    few = curated_scores({**inputs, "silver/ratings": plain.where("id < 'rec_0900'")}, DS2, context())
    assert {row["used"] for row in rows(few["silver/score_transitions"], "score")} == {False}


def test_ds2_takes_no_predicted_rating_for_a_judges_own(spark: SparkSession) -> None:
    inputs, _ = rated_places(spark, places=60, noise=0.2)
    predicted = inputs["silver/ratings"].withColumn("margin", F.when(F.col("id") >= "rec_0100", F.lit(1.0)))
    found = curated_scores({**inputs, "silver/ratings": predicted}, DS2, context())
    transitions = rows(found["silver/score_transitions"], "score")
    assert {row["records"] for row in transitions} == {100}
    scored = rows(found["silver/quality"], "id")
    assert len(scored) == 1_200 and sum(row["neighbour_score"] is not None for row in scored) == 100


def test_without_curation_nothing_is_estimated(spark: SparkSession) -> None:
    inputs, _ = rated_places(spark, places=60, noise=0.2)
    found = curated_scores(inputs, QualityParams(), context())
    assert rows(found["silver/score_transitions"]) == []
    assert all(row["curated"] == row["score"] for row in rows(found["silver/quality"], "id"))
