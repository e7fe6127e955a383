"""Candidates with their vectors, in cells of similar ones; what silver/embeddings lacks, the texts of distilled items, is embedded here once."""

import os
from collections.abc import Callable, Iterator

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.storagelevel import StorageLevel

from lake.storage.store import Lake
from spark_jobs.columnar.cached_vectors import texts_without_vector, vectors_of
from spark_jobs.columnar.cells import train_cells
from spark_jobs.columnar.cut_lineage import cut_lineage
from spark_jobs.columnar.embedders import name_for_workers, opened_by_worker
from spark_jobs.columnar.vectors import from_int16_bytes, with_scaled_vectors
from texts.embed.embedder import Embedder
from texts.embed.vector_bytes import to_bytes

_TEXTS_A_WORKER = 500  # for fewer, another copy of the model is not worth loading
_PLACED = "id string, origin string, score double, vector binary, cell bigint"
_Batches = Iterator[pa.RecordBatch]


def with_hash(candidates: DataFrame) -> DataFrame:
    """id, origin, score, text and text_hash of each candidate."""
    text = F.concat_ws("\n", "prompt", "answer")  # what silver/embeddings keeps of a record under the hash of its text
    rows = candidates.select(F.col("origin_id").alias("id"), "origin", "score", text.alias("text"))
    return rows.withColumn("text_hash", F.sha2("text", 256)).persist(StorageLevel.DISK_ONLY)


def own_vectors(rows: DataFrame, cached: DataFrame, kept: DataFrame | None, model: Embedder, lake: Lake) -> DataFrame:
    """id, text_hash, embedder and vector of each row whose text silver/embeddings lacks; those `kept` from the last run are not made again.

    rows: as `with_hash` gives them. cached: silver/embeddings.
    """
    without = texts_without_vector(rows, cached, model.digest).select("text_hash").distinct()
    lacking = rows.join(without, "text_hash").persist(StorageLevel.DISK_ONLY)
    vectors = _made(texts_without_vector(lacking, kept, model.digest), model, lake)
    if kept is not None:
        vectors = vectors.unionByName(vectors_of(kept, model.digest).dropDuplicates(["text_hash"]))
    found = lacking.select("id", "text_hash").join(vectors, "text_hash")
    # placed, and written: where `rows` are joined with what came of them, Spark does not know a frame again that is only persisted
    return cut_lineage(found.select("id", "text_hash", F.lit(model.digest).alias("embedder"), "vector"))


def in_cells(rows: DataFrame, vectors: DataFrame, rows_per_cell: int) -> DataFrame:
    """id, origin (null of what may not be released), score, vector (int16 bytes) and cell of each row; about `rows_per_cell` share a cell.

    rows: as `with_hash` gives them. vectors: text_hash and vector, one of each text.
    """
    scaled = with_scaled_vectors(rows.join(vectors, "text_hash").select("id", "origin", "score", "vector"))
    scaled = scaled.persist(StorageLevel.DISK_ONLY)
    count = scaled.count()
    cells = train_cells(scaled, count, count // rows_per_cell, "selection")

    def place(batches: _Batches) -> _Batches:
        for batch in batches:
            yield batch.append_column("cell", pa.array(cells.assign(from_int16_bytes(batch["vector"])), pa.int64()))

    return scaled.mapInArrow(place, _PLACED)


def _made(rows: DataFrame, model: Embedder, lake: Lake) -> DataFrame:
    """text_hash and vector of each text, embedded here."""
    texts = rows.dropDuplicates(["text_hash"]).persist(StorageLevel.DISK_ONLY)
    workers = max(1, min(texts.sparkSession.sparkContext.defaultParallelism, texts.count() // _TEXTS_A_WORKER))
    encode = _encoder(name_for_workers(model, lake), lake.root, max(1, (os.cpu_count() or 1) // workers))
    # in order, so that the same texts share a batch however they came
    ordered = texts.repartition(workers, "text_hash").sortWithinPartitions("text_hash")
    return ordered.mapInArrow(encode, "text_hash string, vector binary")


def _encoder(name: str, root: str, threads: int) -> Callable[[_Batches], _Batches]:
    def encode(batches: _Batches) -> _Batches:
        for batch in batches:
            if batch.num_rows:  # a model is loaded where there is a text alone
                model = opened_by_worker(name, root)
                model.limit_threads(threads)
                vectors = to_bytes(model.encode(batch["text"].to_pylist()))
                yield pa.RecordBatch.from_arrays([batch["text_hash"], vectors], names=["text_hash", "vector"])

    return encode
