"""One unit vector for each distinct text, never computed twice: a text that silver/embeddings already holds is not embedded again.

Does not yet: use several GPUs.
"""

import os
from collections.abc import Iterator
from functools import partial

import pyarrow as pa
from pydantic import Field
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.storagelevel import StorageLevel

from lake.harness.job import JobContext, Params, SparkInputs, SparkRows
from lake.storage.store import Lake
from lake.storage.student import STUDENT, STUDENT_TABLE
from lake.tables import TABLES
from spark_jobs.columnar.cached_vectors import texts_without_vector
from spark_jobs.columnar.embedders import embedder, name_for_workers, opened_by_worker
from spark_jobs.columnar.worker_files import written_by_workers
from texts.embed.embedder import DEFAULT, Embedder
from texts.embed.fidelity import LEAST_TEXTS, fidelity
from texts.embed.vector_bytes import to_bytes

_VECTORS, _FIDELITY = "silver/embeddings", "silver/student_fidelity"
_MEASUREMENT = TABLES[_FIDELITY].schema
_ADVICE = f"`mixlake run {STUDENT_TABLE} --rebuild` trains the student again on the lake's texts of today"


class EmbedParams(Params):
    """Which model makes the vectors, how much work is worth another copy of it, and how a student is watched."""

    embedder: str = Field(
        default=DEFAULT, min_length=1, description="teacher, static, student, a model folder or a hub name"
    )
    texts_per_worker: int = Field(
        default=500, ge=1, description="a worker loads the model only for at least this many texts"
    )
    teacher: str = Field(default=DEFAULT, min_length=1, description="the embedder that a student is measured against")
    fidelity_texts: int = Field(
        default=500, ge=LEAST_TEXTS, le=5_000, description="new texts on which a student is measured"
    )
    least_fidelity: float = Field(
        default=0.8, ge=0, le=1, description="share of the teacher's neighbour cosine, below which to warn"
    )


def embeddings(inputs: SparkInputs, params: EmbedParams, context: JobContext) -> SparkRows:
    """The vectors of the texts that have none from this embedder yet: text_hash, embedder (digest), vector.

    silver/student_fidelity gets one row where a student embedded enough of them to be measured, else none.
    """
    model = embedder(params.embedder, context.lake)
    cached = inputs.get(_VECTORS)
    texts = texts_without_vector(inputs["silver/unique_instructions"], cached, model.digest)
    if cached is not None:  # the join is done once
        texts = texts.persist(StorageLevel.DISK_ONLY)
    count = texts.count()
    context.metrics["texts_embedded"] = float(count)
    cores = texts.sparkSession.sparkContext.defaultParallelism
    workers = max(1, min(cores, count // params.texts_per_worker))
    # what `student` stands for is decided here, not again in each worker
    encode = partial(
        _encode,
        name=name_for_workers(model, context.lake),
        root=context.lake.root,
        threads=max(1, (os.cpu_count() or 1) // workers),
    )
    vectors = written_by_workers(texts.repartition(workers, "text_hash"), encode, (_VECTORS,), context)
    watched = params.embedder == STUDENT and count >= LEAST_TEXTS
    if watched:
        return {
            **vectors,
            _FIDELITY: student_fidelity(texts, model, params, context.lake),
        }
    return {**vectors, _FIDELITY: texts.sparkSession.createDataFrame(_MEASUREMENT.empty_table())}


def student_fidelity(texts: DataFrame, model: Embedder, params: EmbedParams, lake: Lake) -> DataFrame:
    """One row: how well the embedder `model` keeps the teacher's neighbours, on a sample of the texts chosen by hash."""
    sample = texts.orderBy(F.xxhash64("text_hash"), "text_hash").limit(params.fidelity_texts)
    names = (name_for_workers(one, lake) for one in (model, embedder(params.teacher, lake)))
    measure = partial(_measure, names=tuple(names), root=lake.root)
    # one task: every text is compared with every other
    return sample.coalesce(1).mapInArrow(measure, from_arrow_schema(_MEASUREMENT))


def _measure(batches: Iterator[pa.RecordBatch], names: tuple[str, ...], root: str) -> Iterator[pa.RecordBatch]:
    texts = [text for batch in batches for text in batch["text"].to_pylist()]
    student, judge = (opened_by_worker(name, root) for name in names)
    found = fidelity(student.encode(texts), judge.encode(texts))
    row = {
        "embedder": student.digest,
        "teacher": judge.digest,
        "texts": found.texts,
        "share": found.share,
        "overlap": found.overlap,
        "advice": _ADVICE,
    }
    yield pa.RecordBatch.from_pylist([row], schema=_MEASUREMENT)


def _encode(
    batches: Iterator[pa.RecordBatch], name: str, root: str, threads: int
) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Rows of silver/embeddings for each batch; the model is loaded once a worker, and only if there is a text."""
    model = opened_by_worker(name, root)
    for batch in batches:
        if batch.num_rows == 0:
            continue
        model.limit_threads(threads)
        vectors = model.encode(batch["text"].to_pylist())
        digests = pa.array([model.digest] * len(vectors))
        # a copy: the column itself holds on to all of its batch
        hashes = batch["text_hash"].take(pa.array(range(len(vectors))))
        columns = [hashes, digests, to_bytes(vectors)]
        yield _VECTORS, pa.RecordBatch.from_arrays(columns, names=["text_hash", "embedder", "vector"])
