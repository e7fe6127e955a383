"""The student: a sample that does not depend on order, a loop that imitates, a row that says what was measured."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import lakes
import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
import toy

from lake.errors import UserError
from lake.harness.job import JobContext
from lake.ids import sha256_text
from lake.settings import settings
from lake.storage.store import Lake
from lake.tables import TABLES
from texts.embed.embedder import Embedder
from texts.embed.fidelity import fidelity, recall
from texts.embed.static_from_teacher import static_folder
from trainers.stratified_sample import stratified
from trainers.student import SAMPLE_TABLE, StudentParams, student_embedder

KEY = "models/student_embedder"
UNIQUE = "silver/unique_instructions"


def _records(count: int) -> list[dict[str, Any]]:
    rows = []
    for n in range(count):
        thing, part = toy.THINGS[n % len(toy.THINGS)], toy.THINGS[(n // 10) % len(toy.THINGS)]
        prompt, answer = (
            f"What is a {thing} number {n} made of?",
            f"A {thing} has {n} parts, and one {part} among them.",
        )
        text = f"{prompt}\n{answer}"
        rows.append({
            "id": f"rec_{n}", "source": "rare" if n % 50 == 0 else "common", "language": "en", "prompt": prompt, "answer": answer,
            "text": text, "text_hash": sha256_text(text),
        })  # fmt: skip
    return rows


def _dataset(rows: list[dict[str, Any]], rows_a_batch: int = 1000) -> ds.Dataset:
    table = pa.Table.from_pylist(rows, schema=TABLES[UNIQUE].schema)
    return ds.dataset(pa.Table.from_batches(table.to_batches(max_chunksize=rows_a_batch)))


def _trained(
    teacher: Path, folder: Path, rows: list[dict[str, Any]], **params: Any
) -> tuple[dict[str, Any], pa.Table, JobContext]:
    context = JobContext(Lake(str(folder / "lake")), "run", folder / "artifacts")
    wanted = StudentParams(train=True, teacher=str(teacher), sample=300, heldout=50, batch_size=64, **params)
    made: dict[str, list[pa.Table]] = {KEY: [], SAMPLE_TABLE: []}
    for key, table in student_embedder({UNIQUE: _dataset(rows)}, wanted, context):
        made[key].append(table)
    [row] = made[KEY]
    return row.to_pylist()[0], pa.concat_tables(made[SAMPLE_TABLE]), context


def test_the_sample_serves_small_strata_first_and_is_the_same_in_any_order_and_batches() -> None:
    rows = _records(400)
    found = stratified(_dataset(rows), 16, 7)
    assert sorted(record["source"] for record in found) == ["common"] * 8 + ["rare"] * 8
    assert stratified(_dataset(rows[::-1], rows_a_batch=7), 16, 7) == found
    assert stratified(_dataset(rows), 8, 7) == found[:8]
    assert stratified(_dataset(rows), 16, 8) != found
    assert len(stratified(_dataset(rows), 1000, 7)) == 400


def test_a_student_is_an_ordinary_folder_the_same_for_a_seed_and_nearer_to_the_teacher_than_the_plain_static_one(
    small_teacher: Path, tmp_path: Path
) -> None:
    from sentence_transformers import SentenceTransformer

    rows = _records(300)
    row, sample, context = _trained(small_teacher, tmp_path / "one", rows)
    student, judge = Embedder("student", Path(row["uri"])), Embedder("teacher", small_teacher)
    texts = [record["text"] for record in rows[:60]]
    wanted = SentenceTransformer(row["uri"], device="cpu").encode(texts, normalize_embeddings=True)
    assert np.allclose(student.encode(texts), wanted, atol=1e-5)
    plain = Embedder("plain", static_folder(judge.digest, lambda: pytest.fail("made twice"), settings().cache))
    taught = judge.encode(texts)
    assert (student.encode(texts) * taught).sum() > (plain.encode(texts) * taught).sum()
    again, _, _ = _trained(small_teacher, tmp_path / "two", rows[::-1])
    assert student.digest == row["digest"] == again["digest"] and again["share"] == row["share"]
    assert {part["value"] for part in row["parts"]} >= {"common", "en"}
    assert context.metrics["texts_embedded_by_the_teacher"] == len(sample) == len(set(sample["text_hash"].to_pylist()))


def test_a_text_that_the_lake_has_a_teachers_vector_of_is_not_embedded_again(
    small_teacher: Path, tmp_path: Path
) -> None:
    rows = _records(300)
    row, sample, context = _trained(small_teacher, tmp_path, rows)
    lakes.publish(context.lake, KEY, [row], {SAMPLE_TABLE: sample.to_pylist()})
    again, fresh, context = _trained(small_teacher, tmp_path, rows, seed=7)
    assert context.metrics["texts_embedded_by_the_teacher"] == len(fresh) == 0
    assert again["digest"] == row["digest"]


def test_where_none_is_asked_for_a_row_says_so_and_new_rows_alone_never_train(tmp_path: Path) -> None:
    context = JobContext(Lake(str(tmp_path)), "run", tmp_path)
    params = StudentParams()
    [(key, row)] = student_embedder({UNIQUE: _dataset(_records(3))}, params, context)
    assert key == KEY and row.to_pylist()[0]["decision"] == "no student was asked for" and params.loads_no_model
    later = replace(context, before={KEY: row})
    assert [*student_embedder({UNIQUE: _dataset(_records(3))}, StudentParams(train=True), later)] == []


def test_too_few_records_are_a_sentence(tmp_path: Path) -> None:
    context = JobContext(Lake(str(tmp_path)), "run", tmp_path)
    with pytest.raises(UserError, match="this lake has 20"):
        [*student_embedder({UNIQUE: _dataset(_records(20))}, StudentParams(train=True), context)]


def test_fidelity_of_the_teacher_itself_is_whole_and_of_noise_is_not() -> None:
    random = np.random.default_rng(7)
    taught = random.normal(size=(80, 8)).astype(np.float32)
    taught /= np.linalg.norm(taught, axis=1, keepdims=True)
    whole, noise = fidelity(taught, taught), fidelity(random.permutation(taught), taught)
    assert (whole.share, whole.overlap, whole.texts) == (1, 1, 80)
    assert noise.share < 0.5 and noise.overlap < 0.5
    likeness = taught @ taught.T - 2 * np.eye(80)
    assert whole.neighbour_cosine == pytest.approx(np.sort(likeness, axis=1)[:, -5:].mean(), abs=1e-5)
    assert recall(taught, taught) == 1 and recall(taught, np.roll(taught, 1, axis=0)) == 0
    with pytest.raises(ValueError, match="more than 6 texts"):
        fidelity(taught[:6], taught[:6])
