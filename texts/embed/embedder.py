"""Texts to unit vectors: one embedder for Spark workers, rewards and evaluation alike.

An embedder is a sentence-transformers model in a local folder. `open_embedder` opens it by one of these names:

- `teacher`: all-MiniLM-L6-v2, from an installed package (texts.embed.teacher);
- `static`: made of the teacher once for each machine (texts.embed.static_from_teacher), hundreds of times faster on a CPU;
- a folder: any model, such as a student that was trained to place texts as the teacher does (texts.embed.static reads it);
- a hub name, where a hub is reachable.
"""

import hashlib
import os
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from texts.embed import static_from_teacher
from texts.embed.static import StaticModel, read_static
from texts.embed.teacher import TEACHER_MODEL, teacher_folder
from texts.errors import EmbedderError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sentence_transformers import SentenceTransformer

# the embedder of params that name none: the packaged teacher, under its own name; another package is a change of teacher.py
DEFAULT = TEACHER_MODEL
TEACHER, STATIC = "teacher", "static"
# Texts of a batch times tokens of its longest text. Measured: on a CPU larger batches no longer fit its cache and smaller ones
# are mostly overhead; a GPU needs far larger ones to be busy.
_TOKENS_A_BATCH = {"cpu": 1_000, "cpu in bfloat16": 4_000, "cuda": 50_000}
_BYTES_A_TOKEN = 4  # of English, roughly; decides only how texts are batched
# What decides a vector: weights, configuration and vocabulary. Other formats of the same weights are neither read nor hashed.
MODEL_FILES = ("*.safetensors", "*.json", "*.txt", "*.model")


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
        for path in sorted({path for pattern in MODEL_FILES for path in self.folder.rglob(pattern)}):
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            content.update(f"{path.relative_to(self.folder).as_posix()}:{digest}\n".encode())
        return content.hexdigest()[:24]

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self.encode([""]).shape[1]

    def encode(self, texts: "Sequence[str]") -> NDArray[np.float32]:
        """Unit vectors, shape (len(texts), dimension); texts beyond the model's length are cut at its end.

        A batch holds texts of similar length. In bfloat16 a vector may differ in the third decimal with its batch.
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
        """How many tokens of each text the model reads: counted for a CPU, estimated from its bytes for a GPU."""
        tokenizer: Any = self.model.tokenizer
        if not callable(tokenizer):  # a static embedding's, which pads nothing
            return [1] * len(texts)
        if self.model.device.type == "cuda":  # which waits for the tokenizer longer than it computes
            most = self.model.max_seq_length or 512
            return [min(most, 1 + len(text.encode()) // _BYTES_A_TOKEN) for text in texts]
        # sorted by characters instead, a sixth of what a CPU computes would be padding
        tokenized: Any = tokenizer(list(texts), truncation=True, max_length=self.model.max_seq_length)
        return [len(ids) for ids in tokenized["input_ids"]]

    @cached_property
    def _static(self) -> StaticModel | None:
        return read_static(self.folder)

    @cached_property
    def model(self) -> "SentenceTransformer":
        """The model itself, for what trains or measures it."""
        _stay_offline()
        from sentence_transformers import SentenceTransformer

        device, dtype = device_and_dtype()
        if device == "cuda":  # which would wait for tokenizers on one core
            os.environ["TOKENIZERS_PARALLELISM"] = "true"
        options = {"dtype": dtype, "use_safetensors": True}
        return SentenceTransformer(str(self.folder), device=device, model_kwargs=options, trust_remote_code=False)


def _batches(texts: "Sequence[str]", lengths: "Sequence[int]", most: int) -> "Iterator[list[int]]":
    """The places of the texts in batches of similar length: texts in a batch times tokens of its longest is at most `most`."""
    batch: list[int] = []
    for place in sorted(range(len(texts)), key=lambda place: (lengths[place], texts[place])):
        if batch and (len(batch) + 1) * lengths[place] > most:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def open_embedder(name: str = DEFAULT, cache: Path | None = None) -> Embedder:
    """The embedder called `name`: teacher, static, a model folder or a hub name. One object for each model and process.

    cache: the folder in which `static` is made or found; the other names do not need it. What `static` stands for is decided
    here and now, so a Spark job gives its workers the embedder's own `name`.
    Raises EmbedderError where there is no such model, where its weights are not safetensors, or where the packaged ones are not
    those that were published.
    """
    if name == STATIC:
        if cache is None:
            raise ValueError("the static embedder is made in a cache folder: give one")
        teacher = _opened(DEFAULT)
        name = str(static_from_teacher.static_folder(teacher.digest, lambda: teacher.model, cache))
    return _opened(DEFAULT if name == TEACHER else name)


@cache
def _opened(name: str) -> Embedder:
    if name == DEFAULT:
        return Embedder(name, teacher_folder())
    folder = Path(name) if Path(name).is_dir() else _hub_folder(name)
    # every other format of weights can run code when it is read
    if not any(folder.rglob("*.safetensors")):
        raise EmbedderError(f"the embedder {name!r} has no *.safetensors file: other weight formats are not loaded")
    return Embedder(name, folder)


def _hub_folder(name: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=list(MODEL_FILES)))
    except (OSError, ValueError) as error:
        raise EmbedderError(
            f"no embedder {name!r}: not {DEFAULT!r}, not a folder, and no hub gave it ({type(error).__name__})"
        ) from error


def _stay_offline() -> None:
    # the model is a local folder by now, but the libraries would still look for newer files on a hub
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def device_and_dtype() -> tuple[str, Any]:
    """A GPU if there is one; bfloat16 wherever the hardware multiplies it, else float32."""
    import torch

    if torch.cuda.is_available():
        return "cuda", torch.bfloat16
    fast = torch.cpu.get_capabilities()
    has_bfloat16 = bool(fast.get("avx512_bf16") or fast.get("amx_bf16") or fast.get("arm_bf16"))
    return "cpu", torch.bfloat16 if has_bfloat16 else torch.float32
