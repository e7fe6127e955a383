"""Vectors of whole texts: an embedder reads the first tokens of a text and cuts the rest off, all-MiniLM-L6-v2 after 256."""

from collections.abc import Sequence

import numpy as np

from texts.embed.embedder import Embedder
from trainers.rewards.library import Vectors

_WINDOW = 720  # bytes: some 180 tokens of English, and no more than 256 of a script of three bytes a character


def whole_vectors(embedder: Embedder, texts: Sequence[str]) -> Vectors:
    """The unit vector of each text, shape (texts, dimension): the mean over its windows, by their length. All windows are embedded in one call."""
    parts = [windows(text) for text in texts]
    flat = sorted({part for own in parts for part in own})
    if not flat:
        return np.zeros((0, 0), np.float32)
    found = dict(zip(flat, embedder.encode(flat), strict=True))
    sums = np.stack([sum(len(part.encode()) * found[part] for part in own) for own in parts])
    return (sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), np.finfo(np.float32).tiny)).astype(
        np.float32
    )


def windows(text: str) -> list[str]:
    """The text cut between words into pieces of at most 720 bytes; a longer word is cut within. One piece for an empty text.

    >>> [len(piece) for piece in windows("word " * 200)]
    [719, 280]
    """
    pieces = [""]
    for word in text.split(" "):
        for part in _cut(word):
            joined = f"{pieces[-1]} {part}" if pieces[-1] else part
            if len(joined.encode()) <= _WINDOW:
                pieces[-1] = joined
            else:
                pieces.append(part)
    return pieces


def _cut(word: str) -> list[str]:
    step = _WINDOW // 4  # characters: none has more than four bytes
    return [word[at : at + step] for at in range(0, len(word), step)] if len(word.encode()) > _WINDOW else [word]
