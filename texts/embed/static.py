"""Static embedders: a text's vector is the mean of its tokens' vectors, so a million texts need minutes and no GPU.

Such an embedder is an ordinary SentenceTransformer folder (StaticEmbedding, safetensors); here it is read and used without
torch. `distilled` makes the simplest one from a teacher, as model2vec does: the teacher's output for each token of its vocabulary,
without what all tokens have in common, weighted by how rare the token is.
"""

import json
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from texts.embed.wordpieces import Ids, Offsets, WordPieces, word_pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]
_RECIPE = "2"  # part of a distilled folder's name: raise it when `distilled` would write other weights
_RARE = 3e-4  # a of the weight a / (a + p) (Arora et al. 2017, SIF), p a token's frequency by Zipf's law
_COMMON = (
    3  # leading directions that say more of how often a token is seen than of what it means (Mu and Viswanath 2018)
)
_TOKENS_A_BATCH = 1024


@dataclass(frozen=True)
class StaticModel:
    """Token vectors, shape (vocabulary, dimension), and the tokenizer that says which of them a text has."""

    pieces: WordPieces
    weights: Vectors

    def tokens(self, texts: "Sequence[str]") -> tuple[Ids, Offsets]:
        """The token ids of all texts one after another, and where each text's begin and end."""
        return self.pieces(pa.array(texts, pa.string()))

    def encode(self, texts: "Sequence[str]") -> Vectors:
        """Unit vectors, shape (len(texts), dimension), each the same in whatever batch; a text without a token is nowhere in particular."""
        from scipy.sparse import csr_matrix

        ids, offsets = self.tokens(texts)
        bags = csr_matrix((np.ones(len(ids), np.float32), ids, offsets), shape=(len(texts), len(self.weights)))
        sums = bags @ self.weights
        sums[offsets[1:] == offsets[:-1]] = self.weights.mean(axis=0)
        return sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), np.finfo(np.float32).tiny)


def opened(folder: Path) -> StaticModel | None:
    """The static embedder in `folder`, or None where it holds another model or a tokenizer that is not BERT's."""
    modules = folder / "modules.json"
    kinds = (
        [module["type"].rsplit(".", 1)[-1] for module in json.loads(modules.read_text())] if modules.exists() else []
    )
    if kinds != ["StaticEmbedding"]:
        return None
    [listed] = json.loads(modules.read_text())
    inner = folder / listed["path"]
    pieces = word_pieces((inner / "tokenizer.json").read_text(encoding="utf-8"))
    if pieces is None:
        return None
    from safetensors.numpy import load_file

    weights = load_file(inner / "model.safetensors").get("embedding.weight")
    return None if weights is None else StaticModel(pieces, weights.astype(np.float32, copy=False))


def distilled(digest: str, load: "Callable[[], SentenceTransformer]", cache: Path) -> Path:
    """The folder of the static embedder of the teacher with this digest: found in `cache`, or made there of what `load` gives."""
    folder = cache / "embedders" / f"static-{digest}-{_RECIPE}"
    if not folder.is_dir():
        teacher = load()
        tokenizer = bare_tokenizer(teacher)
        tokens = [tokenizer.id_to_token(number) for number in range(tokenizer.get_vocab_size(with_added_tokens=False))]
        save(tokenizer, distinct(token_vectors(teacher)) * rarity(tokens)[:, None], folder)
    return folder


def token_vectors(teacher: "SentenceTransformer") -> Vectors:
    """The teacher's unit vector for each token of its vocabulary standing alone, shape (vocabulary, dimension)."""
    import torch

    tokenizer: Any = teacher.tokenizer
    first, *rest = tokenizer("")["input_ids"]  # what begins and ends every text, as [CLS] and [SEP] do
    rows = torch.tensor([[first, token, *rest] for token in range(tokenizer.vocab_size)])
    found: list[Any] = []
    with torch.inference_mode():
        for part in rows.split(_TOKENS_A_BATCH):
            part = part.to(teacher.device)
            told = teacher({"input_ids": part, "attention_mask": torch.ones_like(part)})
            found.append(told["sentence_embedding"].float().cpu())
    return torch.nn.functional.normalize(torch.cat(found)).numpy()


def distinct(vectors: Vectors) -> Vectors:
    """The vectors without their mean and without their leading directions."""
    centred = (vectors - vectors.mean(axis=0)).astype(np.float64)
    _, directions = np.linalg.eigh(centred.T @ centred)  # by growing strength
    common = directions[:, -_COMMON:]
    return (centred - centred @ common @ common.T).astype(np.float32)


def rarity(tokens: "Sequence[str]") -> Vectors:
    """A weight a token, shape (tokens,): a vocabulary lists its words by falling frequency, which Zipf's law then gives.

    A single character or special token counts as frequent as the words listed beside it: BERT lists most of them before all words.
    """
    words = np.array([len(token) > 1 and token.isascii() and token.isalpha() for token in tokens])
    ranks = np.maximum(np.cumsum(words), 1)
    frequencies = 1 / ranks / (1 / np.arange(1, max(words.sum(), 1) + 1)).sum()
    return (_RARE / (_RARE + frequencies)).astype(np.float32)


def bare_tokenizer(teacher: "SentenceTransformer") -> Any:
    """The teacher's tokenizer, which cuts a text where the teacher does, without special tokens: they are text like any other."""
    from tokenizers import Tokenizer

    told = json.loads(teacher.tokenizer.backend_tokenizer.to_str()) | {"added_tokens": [], "post_processor": None}
    tokenizer = Tokenizer.from_str(json.dumps(told))
    tokenizer.no_padding()
    tokenizer.enable_truncation(teacher.max_seq_length or teacher.tokenizer.model_max_length)
    return tokenizer


def save(tokenizer: Any, weights: Vectors, folder: Path) -> None:
    """Writes an ordinary SentenceTransformer folder, whole or not at all; another process may be writing the same one."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    unfinished = folder.with_name(f"{folder.name}.{secrets.token_hex(4)}")
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    model = SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_weights=weights)], device="cpu")
    model.save(str(unfinished), create_model_card=False)
    try:
        unfinished.rename(folder)
    except OSError:  # the other process was first
        shutil.rmtree(unfinished)
