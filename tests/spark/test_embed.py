"""Embeddings: unit vectors of distinct texts, and no text asked for twice."""

import numpy as np
from pyspark.sql import SparkSession
from spark_frames import context, frame, record, rows

from lake.embedder import embedder
from spark_jobs.embed import EmbedParams, embeddings, missing


def test_each_distinct_text_gets_one_unit_vector_and_like_texts_are_close(spark: SparkSession) -> None:
    texts = [
        ("a", "How do I bake bread?", "Mix flour and water."),
        ("b", "How do I bake bread?", "Mix flour and water."),
        ("c", "How is bread baked?", "Flour and water are mixed."),
        ("d", "Who won the cup?", "Nobody did."),
    ]
    records = [record(*text) for text in texts]
    around = context()
    found = rows(
        embeddings(
            {"silver/unique_instructions": frame(spark, "silver/unique_instructions", records)}, EmbedParams(), around
        )["silver/embeddings"],
        "text_hash",
    )
    vectors = {row["text_hash"]: np.array(row["vector"]) for row in found}
    assert around.metrics["texts_embedded"] == len(vectors) == 3
    assert {row["embedder"] for row in found} == {embedder().digest}
    assert all(abs(np.linalg.norm(vector) - 1) < 1e-5 and len(vector) == 384 for vector in vectors.values())
    bread, baked, cup = (vectors[records[place]["text_hash"]] for place in (0, 2, 3))
    assert bread @ baked > 0.7 > 0.3 > bread @ cup


def test_only_texts_without_a_vector_of_this_embedder_are_missing(spark: SparkSession) -> None:
    records = [record(name, name, "answer") for name in "abc"]
    cached = [
        {"text_hash": records[0]["text_hash"], "embedder": "this", "vector": [1.0]},
        {"text_hash": records[1]["text_hash"], "embedder": "other", "vector": [1.0]},
    ]
    unique, known = frame(spark, "silver/unique_instructions", records), frame(spark, "silver/embeddings", cached)
    assert [row["text"] for row in rows(missing(unique, known, "this"), "text")] == ["b\nanswer", "c\nanswer"]
    assert missing(unique, None, "this").count() == 3


def test_nothing_to_embed_loads_no_model(spark: SparkSession) -> None:
    unique = frame(spark, "silver/unique_instructions", [record("a", "b", "c")])
    digest = embedder().digest
    known = missing(unique, None, digest).selectExpr(
        "text_hash", f"'{digest}' AS embedder", "array(float(1)) AS vector"
    )
    around = context()
    found = embeddings({"silver/unique_instructions": unique, "silver/embeddings": known}, EmbedParams(), around)
    assert found["silver/embeddings"].isEmpty() and around.metrics["texts_embedded"] == 0
