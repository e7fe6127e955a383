"""Embeddings: unit vectors of distinct texts, and no text asked for twice."""

import shutil
from pathlib import Path
from typing import Any

import lakes
import numpy as np
import pytest
from pyspark.sql import SparkSession
from spark_frames import context, frame, record, rows
from static_models import static_folder

from lake.errors import UserError
from lake.storage.store import Lake
from lake.storage.student import STUDENT
from spark_jobs.columnar.cached_vectors import texts_without_vector
from spark_jobs.columnar.embedders import name_for_workers, opened_by_worker
from spark_jobs.embed.job import EmbedParams, embeddings
from texts.embed.embedder import open_embedder
from texts.embed.vector_bytes import FLOAT

UNIQUE, VECTORS, FIDELITY = "silver/unique_instructions", "silver/embeddings", "silver/student_fidelity"


def test_each_text_gets_one_unit_vector_and_like_texts_are_close(spark: SparkSession, tmp_path: Path) -> None:
    texts = [
        ("a", "How do I bake bread?", "Mix flour and water."),
        ("c", "How is bread baked?", "Flour and water are mixed."),
        ("d", "Who won the cup?", "Nobody did."),
    ]
    records = [record(*text) for text in texts]
    around = context(tmp_path)
    found = rows(
        embeddings(
            {"silver/unique_instructions": frame(spark, "silver/unique_instructions", records)}, EmbedParams(), around
        )["silver/embeddings"],
        "text_hash",
    )
    vectors = {row["text_hash"]: np.frombuffer(row["vector"], FLOAT) for row in found}
    assert around.metrics["texts_embedded"] == len(vectors) == len(found) == 3
    assert {row["embedder"] for row in found} == {open_embedder().digest}
    assert all(abs(np.linalg.norm(vector) - 1) < 1e-5 and len(vector) == 384 for vector in vectors.values())
    bread, baked, cup = (vectors[records[place]["text_hash"]] for place in (0, 1, 2))
    assert bread @ baked > 0.7 > 0.3 > bread @ cup


def test_only_texts_without_a_vector_of_this_embedder_are_texts_without_vector(spark: SparkSession) -> None:
    records = [record(name, name, "answer") for name in "abc"]
    cached = [
        {"text_hash": records[0]["text_hash"], "embedder": "this", "vector": lakes.vector(1.0)},
        {"text_hash": records[1]["text_hash"], "embedder": "other", "vector": lakes.vector(1.0)},
    ]
    unique, known = frame(spark, "silver/unique_instructions", records), frame(spark, "silver/embeddings", cached)
    assert [row["text"] for row in rows(texts_without_vector(unique, known, "this"), "text")] == [
        "b\nanswer",
        "c\nanswer",
    ]
    assert texts_without_vector(unique, None, "this").count() == 3


def test_workers_of_a_cluster_find_an_embedder_of_this_machine_in_the_lake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They see the lake, and not the folder; a second one is not copied again."""
    lake, own = Lake(str(tmp_path / "lake")), open_embedder(str(static_folder(tmp_path / "own", seed=4)))
    assert name_for_workers(own, lake) == own.name
    monkeypatch.setenv("MIXLAKE_SPARK_MASTER", "spark://host:7077")
    assert name_for_workers(open_embedder(), lake) == open_embedder().name
    name = name_for_workers(own, lake)
    weights = tmp_path / "lake" / name / "model.safetensors"
    written = weights.stat().st_mtime_ns
    assert name_for_workers(own, lake) == name and weights.stat().st_mtime_ns == written
    vectors = own.encode(["Which bowl?"])
    shutil.rmtree(tmp_path / "own")
    theirs = opened_by_worker(name, lake.root)
    assert theirs.digest == own.digest and np.array_equal(theirs.encode(["Which bowl?"]), vectors)


def test_nothing_to_embed_loads_no_model(spark: SparkSession, tmp_path: Path) -> None:
    unique = frame(spark, "silver/unique_instructions", [record("a", "b", "c")])
    digest = open_embedder().digest
    known = texts_without_vector(unique, None, digest).selectExpr(
        "text_hash", f"'{digest}' AS embedder", "X'0000803F' AS vector"
    )
    around = context(tmp_path)
    found = embeddings({"silver/unique_instructions": unique, "silver/embeddings": known}, EmbedParams(), around)
    assert found["silver/embeddings"].isEmpty() and around.metrics["texts_embedded"] == 0
    assert found[FIDELITY].isEmpty()


def _texts(count: int) -> list[dict[str, Any]]:
    return [record(f"r{n}", f"What is thing {n} of {n % 7}?", f"It is number {n}.") for n in range(count)]


def test_a_static_embedder_gives_the_same_vectors_in_any_partitions_and_only_what_is_new(
    spark: SparkSession, tmp_path: Path
) -> None:
    folder = static_folder(tmp_path / "model", seed=1)
    params = EmbedParams(embedder=str(folder), texts_per_worker=10)
    records = _texts(40)
    unique = frame(spark, UNIQUE, records)
    found = rows(embeddings({UNIQUE: unique}, params, context(tmp_path))[VECTORS], "text_hash")
    alone = embeddings(
        {UNIQUE: unique.repartition(3)}, params.model_copy(update={"texts_per_worker": 99}), context(tmp_path)
    )
    assert rows(alone[VECTORS], "text_hash") == found and len(found) == 40
    vectors = {row["text_hash"]: np.frombuffer(row["vector"], FLOAT) for row in found}
    wanted = open_embedder(str(folder)).encode([entry["text"] for entry in records])
    assert np.array_equal([vectors[entry["text_hash"]] for entry in records], wanted)
    later = embeddings({UNIQUE: unique, VECTORS: frame(spark, VECTORS, found[:30])}, params, context(tmp_path))
    assert rows(later[VECTORS], "text_hash") == found[30:]


def test_a_student_is_found_in_the_lake_and_measured_on_what_it_embeds(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXLAKE_ROOT", str(tmp_path / "lake"))
    student, teacher = (static_folder(tmp_path / f"model-{seed}", seed) for seed in (1, 2))
    with pytest.raises(UserError, match="no student embedder"):
        embeddings({UNIQUE: frame(spark, UNIQUE, _texts(1))}, EmbedParams(embedder=STUDENT), context(tmp_path))
    lakes.publish(
        Lake(str(tmp_path / "lake")),
        "models/student_embedder",
        [{"decision": "trained", "uri": str(student)}],
        {"models/student_sample": []},
    )
    params = EmbedParams(embedder=STUDENT, teacher=str(teacher), fidelity_texts=50)
    found = embeddings({UNIQUE: frame(spark, UNIQUE, _texts(60))}, params, context(tmp_path))
    assert {row["embedder"] for row in found[VECTORS].collect()} == {open_embedder(str(student)).digest}
    [measured] = rows(found[FIDELITY], "texts")
    assert (measured["texts"], measured["embedder"]) == (50, open_embedder(str(student)).digest)
    assert measured["teacher"] == open_embedder(str(teacher)).digest and 0 < measured["share"] < 1
    assert "--rebuild" in measured["advice"]
    own = params.model_copy(update={"teacher": str(student)})
    [same] = rows(embeddings({UNIQUE: frame(spark, UNIQUE, _texts(60))}, own, context(tmp_path))[FIDELITY], "texts")
    assert same["share"] == same["overlap"] == 1
    few = embeddings({UNIQUE: frame(spark, UNIQUE, _texts(9))}, params, context(tmp_path))
    assert few[FIDELITY].isEmpty()
