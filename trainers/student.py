"""A static embedder trained on this lake's own texts to place them as the teacher does: models/student_embedder.

Token vectors start as the static embedder's, followed by a linear map fitted by ridge regression; both are then trained so that a
text's vector, and its likeness to the other texts of the batch, are the teacher's. The map is folded into the token vectors
afterwards, so the student is an ordinary SentenceTransformer folder. Not yet: hard negatives, or tokens beyond the teacher's.
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
from numpy.typing import NDArray
from pydantic import Field

from lake.errors import UserError
from lake.harness.job import ArrowInputs, ArrowRows, JobContext, Params
from lake.ids import sha256_text
from lake.settings import settings
from lake.tables import TABLES
from texts.embed import static
from texts.embed.embedder import DEFAULT, STUDENT_TABLE, Embedder, embedder
from texts.embed.fidelity import LEAST_TEXTS, fidelity, recall
from texts.embed.vector_bytes import packed, unpacked
from trainers.stratified_sample import stratified
from trainers.surroundings import silence

SAMPLE_TABLE = "models/student_sample"
_SIDES = ("text", "prompt", "answer")  # what is measured of a held-out record
_TEXTS_A_CALL = 512
_LEAST_PART = 20  # held-out records of a source or language that is told apart

Vectors = NDArray[np.float32]
Records = Sequence[Mapping[str, Any]]


class StudentParams(Params):
    """Whether a student is asked for, what it learns from and for how long."""

    train: bool = Field(False, description="whether this lake has a student; where false, no model is loaded")
    teacher: str = Field(DEFAULT, min_length=1, description="the embedder to imitate")
    sample: int = Field(10_000, ge=100, description="records that the student learns from and is measured on")
    characters: int = Field(
        250, ge=20, description="where prompts and answers are cut for learning: the teacher's time is spent on many"
    )
    heldout: int = Field(1_000, ge=LEAST_TEXTS, description="records of the sample that are kept for measuring")
    epochs: int = Field(6, ge=1, description="how often each text is seen")
    batch_size: int = Field(256, ge=8, description="texts of a step; each is compared with all others of it")
    learning_rate: float = Field(5e-4, gt=0, description="of Adam")
    likeness_weight: float = Field(10.0, ge=0, description="weight of the loss over pairs beside the loss over texts")
    seed: int = Field(7, description="varies the sample and the order of the texts")

    @property
    def loads_no_model(self) -> bool:
        return not self.train


def student_embedder(inputs: ArrowInputs, params: StudentParams, context: JobContext) -> ArrowRows:
    """One row: the student with its fidelity on held-out records, or that none was asked for; beside it the teacher's vectors.

    Given only rows that are new it returns none: the student in service stays, and silver/embeddings measures it on them.
    """
    if context.before:
        return
    if not params.train:
        yield STUDENT_TABLE, _row(decision="no student was asked for")
        return
    silence()
    records = stratified(inputs["silver/unique_instructions"], params.sample, params.seed)
    held = min(params.heldout, len(records) // 5)
    if held < LEAST_TEXTS:
        raise UserError(
            f"a student needs {5 * LEAST_TEXTS} distinct records to learn from; this lake has {len(records)}"
        )
    teacher, lessons = embedder(params.teacher), _lessons(records[held:], params.characters)
    sides = [[str(record[side] or "") for record in records[:held]] for side in _SIDES]
    vectors, fresh = _teachers_vectors(list(dict.fromkeys([*lessons, *chain(*sides)])), teacher, context)
    yield SAMPLE_TABLE, fresh
    wanted = np.stack([vectors[text] for text in lessons])
    student, losses = _trained(lessons, wanted, teacher, params, context)
    shown = [student.encode(texts) for texts in sides]
    taught = [np.stack([vectors[text] for text in texts]) for texts in sides]
    measured = _figures(shown, taught)
    context.metrics.update(measured)
    yield STUDENT_TABLE, _row(
        digest=student.digest, uri=str(student.folder), teacher=teacher.digest, decision="trained", seed=params.seed,
        train_rows=len(records) - held, heldout_rows=held, train_texts=len(lessons), loss=losses[-1], **measured,
        parts=_parts(records[:held], shown[0], taught[0]),
    )  # fmt: skip


def _lessons(records: Records, characters: int) -> list[str]:
    """The distinct prompts and answers, each up to `characters`: a mean of token vectors learned on short texts serves long ones."""
    parts = (str(record[side] or "")[:characters] for record in records for side in ("prompt", "answer"))
    return [text for text in dict.fromkeys(parts) if text.strip()]


def _teachers_vectors(
    texts: Sequence[str], teacher: Embedder, context: JobContext
) -> tuple[dict[str, Vectors], pa.Table]:
    """The teacher's vector of each distinct text, and the rows of those that no cache table had: only they are embedded."""
    hashes = {text: sha256_text(text) for text in texts}
    known = _cached(list(hashes.values()), teacher.digest, context)
    vectors = {text: known[text_hash] for text, text_hash in hashes.items() if text_hash in known}
    fresh = [text for text in texts if text not in vectors]
    for start in range(0, len(fresh), _TEXTS_A_CALL):
        part = fresh[start : start + _TEXTS_A_CALL]
        vectors |= zip(part, teacher.encode(part), strict=True)
        context.progress(start + len(part), len(fresh))
    context.metrics["texts_embedded_by_the_teacher"] = float(len(fresh))
    made = np.stack([vectors[text] for text in fresh]) if fresh else np.zeros((0, 0), np.float32)
    columns = [[hashes[text] for text in fresh], [teacher.digest] * len(fresh), packed(made)]
    return vectors, pa.Table.from_arrays(columns, schema=TABLES[SAMPLE_TABLE].schema)


def _cached(hashes: Sequence[str], digest: str, context: JobContext) -> dict[str, Vectors]:
    """What the vectors of the lake and of an earlier sample already hold of these texts."""
    wanted = (ds.field("embedder") == digest) & ds.field("text_hash").isin(pa.array(hashes))
    found: dict[str, Vectors] = {}
    for key in ("silver/embeddings", SAMPLE_TABLE):
        if context.lake.version(key) is not None:
            rows = context.lake.dataset(key).to_table(["text_hash", "vector"], filter=wanted)
            found |= dict(zip(rows["text_hash"].to_pylist(), unpacked(rows["vector"]), strict=True))
    return found


def _trained(
    texts: Sequence[str], wanted: Vectors, teacher: Embedder, params: StudentParams, context: JobContext
) -> tuple[Embedder, list[float]]:
    """The student, in the run's artifacts, and the mean loss of each epoch."""
    from tokenizers import Tokenizer

    from trainers.embedding_distillation import Schedule, imitated

    plain = static.distilled(teacher.digest, lambda: teacher.model, settings().cache)
    start = static.opened(plain)
    if start is None:
        raise UserError(f"{teacher.name} cannot be a teacher: its tokenizer is not that of a BERT with lower case")
    schedule = Schedule(params.epochs, params.batch_size, params.learning_rate, params.likeness_weight, params.seed)
    weights, losses = imitated(start, texts, wanted, schedule, context.progress)
    folder = context.artifacts / "student"
    static.save(Tokenizer.from_file(str(plain / "tokenizer.json")), weights, folder)
    return Embedder(str(folder), folder), losses


def _figures(shown: Sequence[Vectors], taught: Sequence[Vectors]) -> dict[str, float]:
    """Fidelity over whole records, and how often the nearest answer is a prompt's own, beside the teacher's figures."""
    whole = fidelity(shown[0], taught[0])
    return {
        "neighbour_cosine": whole.neighbour_cosine, "teacher_cosine": whole.teacher_cosine, "share": whole.share,
        "overlap": whole.overlap, "recall": recall(shown[1], shown[2]), "teacher_recall": recall(taught[1], taught[2]),
    }  # fmt: skip


def _parts(records: Records, shown: Vectors, taught: Vectors) -> list[dict[str, Any]]:
    """Fidelity by source and by language, neighbours sought among all held-out records."""
    found: list[dict[str, Any]] = []
    for name in ("source", "language"):
        values = np.array([record[name] or "" for record in records])
        for value in np.unique(values):
            rows = np.flatnonzero(values == value)
            if len(rows) >= _LEAST_PART:
                part = fidelity(shown, taught, rows)
                found.append(
                    {"part": name, "value": str(value), "rows": len(rows), "share": part.share, "overlap": part.overlap}
                )
    return found


def _row(**columns: Any) -> pa.Table:
    return pa.Table.from_pylist([columns], schema=TABLES[STUDENT_TABLE].schema)
