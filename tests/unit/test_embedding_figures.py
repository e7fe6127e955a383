"""Vectors, fidelity and static embedders by hand: the worked examples of texts.embed, and the ids that digests give."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from lake.ids import sha256_file, sha256_folder
from texts.embed.fidelity import fidelity, recall
from texts.embed.static import StaticModel
from texts.embed.vector_bytes import from_bytes, to_bytes


class _Pieces:
    """The tokens of the docstring's two texts: bake, bread, ##s, and none."""

    def __call__(self, texts: pa.StringArray) -> tuple[np.ndarray, np.ndarray]:
        assert texts.to_pylist() == ["bake breads", ""]
        return np.array([1, 0, 2], np.int32), np.array([0, 3, 3])


def test_a_static_vector_is_the_mean_of_its_tokens_and_without_tokens_that_of_all() -> None:
    model = StaticModel(_Pieces(), np.array([[1, 0], [0, 1], [1, 1]], np.float32))  # type: ignore[arg-type]
    assert model.encode(["bake breads", ""]).round(2).tolist() == pytest.approx(np.full((2, 2), 0.71))


def test_fidelity_on_a_circle() -> None:
    angles = np.radians(np.arange(7) * 10)
    teacher = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    found = fidelity(teacher[[0, 1, 2, 3, 4, 6, 5]], teacher, np.array([0]))
    assert (round(found.teacher_cosine, 3), round(found.neighbour_cosine, 3)) == (0.84, 0.811)
    assert (round(found.share, 3), round(found.overlap, 3), found.texts) == (0.966, 0.8, 1)


def test_recall_counts_questions_whose_own_answer_is_nearest() -> None:
    questions = np.eye(2, dtype=np.float32)
    assert recall(questions, questions) == 1.0 and recall(questions, questions[::-1]) == 0.0


def test_a_vector_is_its_components_bytes() -> None:
    column = to_bytes(np.array([[1.0, 0.0]], np.float32))
    assert column.to_pylist() == [bytes.fromhex("0000803f00000000")]
    assert from_bytes(column).tolist() == [[1.0, 0.0]]


def test_digests_of_files_and_folders_are_keys_in_tables_and_never_change(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "inner").mkdir()
    assert sha256_file(tmp_path / "config.json") == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert sha256_folder(tmp_path) == "9ec0cdbf409d290232d4880f3811897c2575ea24bc891a672ba9b1e4b6e9d9f5"
