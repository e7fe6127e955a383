"""Quality: the published compression, the stated uncertainty, and where unrated records go."""

from math import sqrt
from typing import Any

import numpy as np
import pytest
from lakes import vector
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from spark_frames import context, frame, record, rows

from lake.tables.reasons import UNRATED
from spark_jobs.columnar.vectors import unit, with_scaled_vectors
from spark_jobs.curate.job import QualityParams, curated_scores
from spark_jobs.curate.neighbours import nearest_neighbours
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
        QualityParams(neighbours=1),
        around,
    )
    scored = {row["id"]: row for row in rows(found["silver/quality"], "id")}
    assert {name: (row["score"], row["judges"], row["high"]) for name, row in scored.items()} == {
        "rec_a": (4.5, 2, True),  # 8 is 4, 10 is cut to 9: 5
        "rec_b": (0.0, 1, False),  # 3 is raised to 4
        "rec_c": (2.0, 1, False),
    }
    assert (scored["rec_a"]["neighbour_score"], scored["rec_c"]["neighbour_score"]) == (2.0, 4.5)
    assert scored["rec_a"]["uncertainty"] == pytest.approx(sqrt(0.25 + 2.5**2 / 2))
    assert scored["rec_b"]["uncertainty"] == pytest.approx(
        sqrt(1 + 0.6 * scored["rec_b"]["neighbour_score"] ** 2 / 2), rel=1e-4
    ), "a predicted rating is as uncertain as its margin says"
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
    assert scored({key: given.repartition(3).orderBy(F.rand(1)) for key, given in inputs.items()}) == found


def test_neighbours_are_the_exact_ones_where_cells_are_probed(spark: SparkSession) -> None:
    draw = np.random.default_rng(7)
    centres = np.repeat(unit(draw.normal(size=(30, 32))), 10, axis=0)
    vectors = unit(centres + 0.35 * unit(draw.normal(size=centres.shape))).astype(np.float32)
    names = [f"rec_{n:03}" for n in range(len(vectors))]
    table = spark.createDataFrame(
        [(name, bytearray(vector.tobytes())) for name, vector in zip(names, vectors, strict=True)],
        "id string, vector binary",
    )
    found = rows(nearest_neighbours(with_scaled_vectors(table), 3, rows_per_cell=60, probes=3), "id")
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -1)
    exact = {(names[row], names[other]) for row in range(len(names)) for other in np.argsort(-cosines[row])[:3]}
    assert len(found) == 3 * len(names)
    assert len({(row["id"], row["neighbour_id"]) for row in found} & exact) >= 0.98 * len(exact)


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
    found = rows(curated_scores(inputs, QualityParams(neighbours=1), context())["silver/quality"], "id")
    assert [row["score"] for row in found] == [min(max(value, 4), 9) - 4 for value in overall]
