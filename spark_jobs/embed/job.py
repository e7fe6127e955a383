"""One unit vector for each distinct text, never computed twice: what the cache table already holds is not asked for again.

Does not yet: use several GPUs, or bring a model's folder to workers that do not share this machine's file system.
"""

import os
from collections.abc import Iterator
from functools import partial

import pyarrow as pa
from pydantic import Field
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.storagelevel import StorageLevel

from lake.harness.job import JobContext, Params, SparkInputs, SparkRows
from lake.storage.student import STUDENT, STUDENT_TABLE
from lake.tables import TABLES
from spark_jobs.columnar.embedders import embedder
from spark_jobs.columnar.worker_files import written_by_workers
from texts.embed.embedder import DEFAULT, open_embedder
from texts.embed.fidelity import LEAST_TEXTS, fidelity
from texts.embed.vector_bytes import to_bytes

_VECTORS, _MEASURED = "silver/embeddings", "silver/student_fidelity"
_FIDELITY = "embedder string, teacher string, texts bigint, share double, overlap double, advice string"
_ADVICE = f"`mixlake run {STUDENT_TABLE} --rebuild` trains the student again on the lake's texts of today"


class EmbedParams(Params):
    """Which model makes the vectors, how much work is worth another copy of it, and how a student is watched."""

    embedder: str = Field(DEFAULT, min_length=1, description="teacher, static, student, a model folder or a hub name")
    texts_per_worker: int = Field(500, ge=1, description="a worker loads the model only for at least this many texts")
    teacher: str = Field(DEFAULT, min_length=1, description="the embedder that a student is measured against")
    fidelity_texts: int = Field(500, ge=LEAST_TEXTS, le=5_000, description="new texts on which a student is measured")
    least_fidelity: float = Field(
        0.8, ge=0, le=1, description="share of the teacher's neighbour cosine, below which to warn"
    )


def embeddings(inputs: SparkInputs, params: EmbedParams, context: JobContext) -> SparkRows:
    """The vectors of the texts that have none from this embedder yet: text_hash, embedder (digest), vector.

    silver/student_fidelity gets one row where a student embedded enough of them to be measured, else none.
    """
    model = embedder(params.embedder, context.lake)
    cached = inputs.get(_VECTORS)
    texts = missing(inputs["silver/unique_instructions"], cached, model.digest)
    if cached is not None:  # the join is done once
        texts = texts.persist(StorageLevel.DISK_ONLY)
    count = texts.count()
    cores = texts.sparkSession.sparkContext.defaultParallelism
    workers = max(1, min(cores, count // params.texts_per_worker))
    context.metrics["texts_embedded"] = float(count)
    encode = partial(_encode, name=model.name, threads=max(1, (os.cpu_count() or 1) // workers))
    vectors = written_by_workers(texts.repartition(workers, "text_hash"), encode, (_VECTORS,), context)
    watched = count if params.embedder == STUDENT else 0
    return {**vectors, _MEASURED: measured(texts, watched, model.name, params, context)}


def missing(records: DataFrame, cached: DataFrame | None, digest: str) -> DataFrame:
    """text_hash and text of each record whose text has no vector from the embedder with this digest; no two share a text."""
    texts = records.select("text_hash", "text")
    if cached is None:
        return texts
    return texts.join(cached.where(F.col("embedder") == digest), "text_hash", "left_anti")


def with_vectors(records: DataFrame, cached: DataFrame, digest: str) -> DataFrame:
    """The records with their `vector` by the embedder with this digest; a record without one is left out."""
    own = cached.where(F.col("embedder") == digest).select("text_hash", "vector")
    return records.join(own, "text_hash")


def measured(texts: DataFrame, count: int, name: str, params: EmbedParams, context: JobContext) -> DataFrame:
    """One row with the fidelity of the embedder `name` on a sample of the texts, or none for too few of them."""
    if count < LEAST_TEXTS:
        return texts.sparkSession.createDataFrame(TABLES[_MEASURED].schema.empty_table())
    sample = texts.orderBy(F.xxhash64("text_hash"), "text_hash").limit(params.fidelity_texts)
    teacher = embedder(params.teacher, context.lake).name
    # one task: every text of the sample is compared with every other
    return sample.coalesce(1).mapInArrow(partial(_fidelity, name=name, teacher=teacher), _FIDELITY)


def _fidelity(batches: Iterator[pa.RecordBatch], name: str, teacher: str) -> Iterator[pa.RecordBatch]:
    texts = [text for batch in batches for text in batch["text"].to_pylist()]
    student, judge = open_embedder(name), open_embedder(teacher)
    found = fidelity(student.encode(texts), judge.encode(texts))
    columns = [student.digest, judge.digest, found.texts, found.share, found.overlap, _ADVICE]
    names = [column.split()[0] for column in _FIDELITY.split(", ")]
    yield pa.RecordBatch.from_pylist([dict(zip(names, columns, strict=True))])


def _encode(batches: Iterator[pa.RecordBatch], name: str, threads: int) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Vectors for each batch; the model is loaded once a worker, and only if there is a text."""
    model = open_embedder(name)
    for batch in batches:
        if batch.num_rows == 0:
            continue
        model.limit_threads(threads)
        rows = model.encode(batch["text"].to_pylist())
        digests = pa.array([model.digest] * len(rows))
        hashes = batch["text_hash"].take(pa.array(range(len(rows))))  # a copy: the column holds on to all of its batch
        columns = [hashes, digests, to_bytes(rows)]
        yield _VECTORS, pa.RecordBatch.from_arrays(columns, names=["text_hash", "embedder", "vector"])
