"""The simplest static embedder, made from a teacher without any training, as model2vec does it.

Each token of the teacher's vocabulary gets the teacher's own output for that token alone, without the directions that all tokens
share, weighted by how rare the token is.
"""

import json
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from texts.embed.static import Vectors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sentence_transformers import SentenceTransformer

_RECIPE = "2"  # part of the folder's name: raise it when `static_folder` would write other weights
_RARE = 3e-4  # the a of a / (a + p) in `rarity_weights`
_COMMON = 3  # principal directions that `without_common_directions` takes out
_TOKENS_A_BATCH = 1024


def static_folder(digest: str, load: "Callable[[], SentenceTransformer]", cache: Path) -> Path:
    """The folder of the static embedder of the teacher with this digest: found in `cache`, or made there from what `load` returns."""
    folder = cache / "embedders" / f"static-{digest}-{_RECIPE}"
    if not folder.is_dir():
        teacher = load()
        tokenizer = bare_tokenizer(teacher)
        tokens = [tokenizer.id_to_token(number) for number in range(tokenizer.get_vocab_size(with_added_tokens=False))]
        vectors = without_common_directions(token_vectors(teacher))
        save(tokenizer, vectors * rarity_weights(tokens)[:, None], folder)
    return folder


def token_vectors(teacher: "SentenceTransformer") -> Vectors:
    """The teacher's unit vector for each token of its vocabulary standing alone, shape (vocabulary, dimension)."""
    import torch

    tokenizer: Any = teacher.tokenizer
    first, *rest = tokenizer("")["input_ids"]  # what begins and ends every text, as [CLS] and [SEP] do
    rows = torch.tensor([[first, token, *rest] for token in range(tokenizer.vocab_size)])
    parts: list[Any] = []
    with torch.inference_mode():
        for batch in rows.split(_TOKENS_A_BATCH):
            batch = batch.to(teacher.device)
            output = teacher({"input_ids": batch, "attention_mask": torch.ones_like(batch)})
            parts.append(output["sentence_embedding"].float().cpu())
    return torch.nn.functional.normalize(torch.cat(parts)).numpy()


def without_common_directions(vectors: Vectors) -> Vectors:
    """The vectors, shape (tokens, dimension), without their mean and without their three leading principal directions.

    What all tokens share says more of how often a token is seen than of what it means (Mu and Viswanath 2018, "All-but-the-Top").
    """
    centred = (vectors - vectors.mean(axis=0)).astype(np.float64)
    _, directions = np.linalg.eigh(centred.T @ centred)  # in the order of growing variance
    common = directions[:, -_COMMON:]
    return (centred - centred @ common @ common.T).astype(np.float32)


def rarity_weights(tokens: "Sequence[str]") -> Vectors:
    """A weight in 0..1 for each token, float32, shape (tokens,): a / (a + p), p the token's frequency (Arora et al. 2017, SIF).

    No frequencies come with a vocabulary, but it lists its words by falling frequency: the n-th word has p proportional to 1/n
    (Zipf). A token that is no word, as [CLS], ! or 日, counts as frequent as the words listed beside it; BERT lists most of them
    before all words. Example: of "[CLS]", "the", "of", "glacier" the first two weigh least and alike, "glacier" most.
    """
    words = np.array([len(token) > 1 and token.isascii() and token.isalpha() for token in tokens])
    ranks = np.maximum(np.cumsum(words), 1)
    frequencies = 1 / ranks / (1 / np.arange(1, max(words.sum(), 1) + 1)).sum()
    return (_RARE / (_RARE + frequencies)).astype(np.float32)


def bare_tokenizer(teacher: "SentenceTransformer") -> Any:
    """The teacher's tokenizer without special tokens: it adds none, and takes one that a text holds, as "[CLS]", for ordinary text."""
    from tokenizers import Tokenizer

    written = json.loads(teacher.tokenizer.backend_tokenizer.to_str()) | {"added_tokens": [], "post_processor": None}
    tokenizer = Tokenizer.from_str(json.dumps(written))
    tokenizer.no_padding()
    tokenizer.enable_truncation(teacher.max_seq_length or teacher.tokenizer.model_max_length)
    return tokenizer


def save(tokenizer: Any, weights: Vectors, folder: Path) -> None:
    """Writes token vectors, shape (vocabulary, dimension), and their tokenizer as an ordinary SentenceTransformer folder.

    The folder appears whole or not at all; another process may be writing the same one at the same time.
    """
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
