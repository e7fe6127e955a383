"""A static embedder trained on this lake's own texts to place them as the teacher does: models/student_embedder.

Token vectors start as the static embedder's, followed by a linear map fitted by ridge regression; both are then trained
(trainers.embedding_distillation) so that a text's vector, and its cosines with the other texts of the batch, are the teacher's. The
map is folded into the token vectors afterwards, so the student is an ordinary SentenceTransformer folder.
Not yet: hard negatives, or tokens beyond the teacher's.
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
from numpy.typing import NDArray
from pydantic import Field

from lake.errors import UserError, as_user_error
from lake.harness.environment import prepare
from lake.harness.job import ArrowInputs, ArrowRows, JobContext, Params
from lake.ids import sha256_text
from lake.settings import settings
from lake.storage.student import STUDENT_TABLE, embedder_name
from lake.tables import TABLES
from texts.embed.embedder import DEFAULT, Embedder, open_embedder
from texts.embed.fidelity import LEAST_TEXTS, fidelity, recall
from texts.embed.static import read_static
from texts.embed.static_from_teacher import save, static_folder
from texts.embed.vector_bytes import from_bytes, to_bytes
from texts.errors import EmbedderError
from trainers.stratified_sample import stratified

SAMPLE_TABLE = "models/student_sample"
_SIDES = ("text", "prompt", "answer")  # of a held-out record, each measured
_TEXTS_A_CALL = 512
_LEAST_PART = 20  # held-out records that a source or language must have to be measured by itself

Vectors = NDArray[np.float32]
Records = Sequence[Mapping[str, Any]]


class StudentParams(Params):
    """Whether a student is asked for, what it learns from and for how long."""

    train: bool = Field(default=False, description="whether this lake has a student; where false, no model is loaded")
    teacher: str = Field(default=DEFAULT, min_length=1, description="the embedder to imitate")
    sample: int = Field(default=10_000, ge=100, description="records that the student learns from and is measured on")
    characters: int = Field(
        default=250,
        ge=20,
        description="where prompts and answers are cut for learning: the teacher's time is spent on many",
    )
    heldout: int = Field(default=1_000, ge=LEAST_TEXTS, description="records of the sample that are kept for measuring")
    epochs: int = Field(default=6, ge=1, description="how often each text is seen")
    batch_size: int = Field(default=256, ge=8, description="texts of a step; each is compared with all others of it")
    learning_rate: float = Field(default=5e-4, gt=0, description="of Adam")
    likeness_weight: float = Field(
        default=10.0, ge=0, description="weight of the loss over pairs beside the loss over texts"
    )
    seed: int = Field(default=7, description="varies the sample and the order of the texts")

    @property
    def loads_no_model(self) -> bool:
        return not self.train


def student_embedder(inputs: ArrowInputs, params: StudentParams, context: JobContext) -> ArrowRows:
    """One row: the student with its fidelity on held-out records, or that none was asked for; beside it the teacher's vectors.

    Given only new rows it returns none: the student in service stays, and silver/embeddings measures it on them.
    """
    if context.before:
        return
    if not params.train:
        yield STUDENT_TABLE, _row(decision="no student was asked for")
        return
    prepare(offline=True)
    records = stratified(inputs["silver/unique_instructions"], params.sample, params.seed)
    count = min(params.heldout, len(records) // 5)
    if count < LEAST_TEXTS:
        raise UserError(
            f"a student needs {5 * LEAST_TEXTS} distinct records to learn from; this lake has {len(records)}"
        )
    heldout, training = records[:count], records[count:]
    with as_user_error(EmbedderError):
        teacher = open_embedder(embedder_name(params.teacher, context.lake), settings().cache)
    texts = _training_texts(training, params.characters)
    sides = [[str(record[side] or "") for record in heldout] for side in _SIDES]
    vectors, embedded = _teacher_vectors(list(dict.fromkeys([*texts, *chain(*sides)])), teacher, context)
    yield SAMPLE_TABLE, embedded
    student, losses = _trained(texts, np.stack([vectors[text] for text in texts]), teacher, params, context)
    student_sides = [student.encode(side) for side in sides]
    teacher_sides = [np.stack([vectors[text] for text in side]) for side in sides]
    figures = _figures(student_sides, teacher_sides)
    context.metrics.update(figures)
    yield STUDENT_TABLE, _row(
        digest=student.digest, uri=context.named(student.folder), teacher=teacher.digest, decision="trained", seed=params.seed,
        train_rows=len(training), heldout_rows=count, train_texts=len(texts), loss=losses[-1], **figures,
        parts=_parts(heldout, student_sides[0], teacher_sides[0]),
    )  # fmt: skip


def _training_texts(records: Records, characters: int) -> list[str]:
    """The distinct prompts and answers, each cut at `characters`: a mean of token vectors learned on short texts serves long ones."""
    parts = (str(record[side] or "")[:characters] for record in records for side in ("prompt", "answer"))
    return [text for text in dict.fromkeys(parts) if text.strip()]


def _teacher_vectors(
    texts: Sequence[str], teacher: Embedder, context: JobContext
) -> tuple[dict[str, Vectors], pa.Table]:
    """The teacher's vector of each distinct text, and rows of models/student_sample for those that no table of the lake had."""
    hashes = {text: sha256_text(text) for text in texts}
    known = _published_vectors(list(hashes.values()), teacher.digest, context)
    vectors = {text: known[text_hash] for text, text_hash in hashes.items() if text_hash in known}
    missing = [text for text in texts if text not in vectors]
    for start in range(0, len(missing), _TEXTS_A_CALL):
        part = missing[start : start + _TEXTS_A_CALL]
        vectors |= zip(part, teacher.encode(part), strict=True)
        context.progress(start + len(part), len(missing))
    context.metrics["texts_embedded_by_the_teacher"] = float(len(missing))
    rows = np.stack([vectors[text] for text in missing]) if missing else np.zeros((0, 0), np.float32)
    columns = [[hashes[text] for text in missing], [teacher.digest] * len(missing), to_bytes(rows)]
    return vectors, pa.Table.from_arrays(columns, schema=TABLES[SAMPLE_TABLE].schema)


def _published_vectors(hashes: Sequence[str], digest: str, context: JobContext) -> dict[str, Vectors]:
    """By text hash, the vectors of the embedder with this digest that silver/embeddings or an earlier sample holds."""
    wanted = (ds.field("embedder") == digest) & ds.field("text_hash").isin(pa.array(hashes))
    vectors: dict[str, Vectors] = {}
    for key in ("silver/embeddings", SAMPLE_TABLE):
        if context.lake.version(key) is not None:
            rows = context.lake.dataset(key).to_table(["text_hash", "vector"], filter=wanted)
            vectors |= dict(zip(rows["text_hash"].to_pylist(), from_bytes(rows["vector"]), strict=True))
    return vectors


def _trained(
    texts: Sequence[str], targets: Vectors, teacher: Embedder, params: StudentParams, context: JobContext
) -> tuple[Embedder, list[float]]:
    """The student, in the run's artifacts, and the mean loss of each epoch."""
    from tokenizers import Tokenizer

    from trainers.embedding_distillation import Schedule, train_student

    untrained = static_folder(teacher.digest, lambda: teacher.model, settings().cache)
    start = read_static(untrained)
    if start is None:
        raise UserError(f"{teacher.name} cannot be a teacher: its tokenizer is not that of a BERT with lower case")
    schedule = Schedule(params.epochs, params.batch_size, params.learning_rate, params.likeness_weight, params.seed)
    weights, losses = train_student(start, texts, targets, schedule, context.progress)
    folder = context.artifacts / "student"
    save(Tokenizer.from_file(str(untrained / "tokenizer.json")), weights, folder)
    return Embedder(str(folder), folder), losses


def _figures(student: Sequence[Vectors], teacher: Sequence[Vectors]) -> dict[str, float]:
    """Fidelity over whole records, and how often the nearest answer is a prompt's own, beside the teacher's figures.

    student, teacher: unit vectors of the held-out records' texts, prompts and answers, in the order of _SIDES.
    """
    whole = fidelity(student[0], teacher[0])
    return {
        "neighbour_cosine": whole.neighbour_cosine, "teacher_cosine": whole.teacher_cosine, "share": whole.share,
        "overlap": whole.overlap, "recall": recall(student[1], student[2]), "teacher_recall": recall(teacher[1], teacher[2]),
    }  # fmt: skip


def _parts(records: Records, student: Vectors, teacher: Vectors) -> list[dict[str, Any]]:
    """Fidelity by source and by language, neighbours sought among all held-out records."""
    parts: list[dict[str, Any]] = []
    for name in ("source", "language"):
        values = np.array([record[name] or "" for record in records])
        for value in np.unique(values):
            rows = np.flatnonzero(values == value)
            if len(rows) >= _LEAST_PART:
                part = fidelity(student, teacher, rows)
                parts.append(
                    {"part": name, "value": str(value), "rows": len(rows), "share": part.share, "overlap": part.overlap}
                )
    return parts


def _row(**columns: Any) -> pa.Table:
    return pa.Table.from_pylist([columns], schema=TABLES[STUDENT_TABLE].schema)
