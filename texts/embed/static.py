"""Static embedders: a text's vector is the mean of its tokens' vectors, so a million texts need minutes and no GPU.

Such an embedder is an ordinary SentenceTransformer folder (one StaticEmbedding module, safetensors). Here it is read and used
without torch; a student that a lake trained (trainers.student) is such a folder too. texts.embed.static_from_teacher makes one.

Example, with three tokens of two dimensions: for the weights

    bread  [1, 0]
    bake   [0, 1]
    ##s    [1, 1]

"bake breads" has the tokens bake, bread, ##s, whose sum is [2, 2]; its unit vector is [0.71, 0.71]. A text without any token
gets the direction of the mean of all weights, [2/3, 2/3], which is [0.71, 0.71] too.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from texts.embed.wordpieces import Ids, Offsets, WordPieces, word_pieces

if TYPE_CHECKING:
    from collections.abc import Sequence

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class StaticModel:
    """`weights`: a vector for each token, float32, shape (vocabulary, dimension); `pieces`: the tokenizer of the texts."""

    pieces: WordPieces
    weights: Vectors

    def tokens(self, texts: "Sequence[str]") -> tuple[Ids, Offsets]:
        """Token ids of all texts, one text after another, int32, and where each text begins and ends, int64, shape (len(texts) + 1,)."""
        return self.pieces(pa.array(texts, pa.string()))

    def encode(self, texts: "Sequence[str]") -> Vectors:
        """Unit vectors, float32, shape (len(texts), dimension); a text's vector does not depend on the texts beside it."""
        from scipy.sparse import csr_matrix

        ids, offsets = self.tokens(texts)
        # one row a text, one column a token: how often the text has the token. Its product with the weights sums them up
        counts = csr_matrix((np.ones(len(ids), np.float32), ids, offsets), shape=(len(texts), len(self.weights)))
        sums = counts @ self.weights
        # a text without tokens would be the zero vector, which has no direction: it gets that of an average token
        sums[offsets[1:] == offsets[:-1]] = self.weights.mean(axis=0)
        return sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), np.finfo(np.float32).tiny)


def read_static(folder: Path) -> StaticModel | None:
    """The static embedder in `folder`; None where it holds another kind of model, or a tokenizer that is not BERT's."""
    listing = folder / "modules.json"
    modules = json.loads(listing.read_text()) if listing.exists() else []
    if [module["type"].rsplit(".", 1)[-1] for module in modules] != ["StaticEmbedding"]:
        return None
    inner = folder / modules[0]["path"]
    pieces = word_pieces((inner / "tokenizer.json").read_text(encoding="utf-8"))
    if pieces is None:
        return None
    from safetensors.numpy import load_file

    weights = load_file(inner / "model.safetensors").get("embedding.weight")
    return None if weights is None else StaticModel(pieces, weights.astype(np.float32, copy=False))
