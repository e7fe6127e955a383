"""The words of several texts as numbers: what is asked of each word is asked once of each different word, all texts together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class CodedWords:
    """Words in the order of their texts: `code` numbers each by its place in `words`, `row` says which of the `texts` has it."""

    words: list[str]
    code: Numbers
    row: Numbers
    texts: int

    def mapped(self, function: Callable[[str], str]) -> "CodedWords":
        """The words as `function` writes them."""
        words, renamed = _numbered(list(map(function, self.words)))
        return replace(self, words=words, code=renamed[self.code])

    def told(self, function: Callable[[str], bool]) -> Mask:
        """What `function` says of each word."""
        return np.fromiter(map(function, self.words), np.bool_, len(self.words))[self.code]

    def only(self, kept: Mask) -> "CodedWords":
        """The words for which `kept` is true."""
        return replace(self, code=self.code[kept], row=self.row[kept])

    def once(self) -> "CodedWords":
        """Each different word of a text once, in any order."""
        row, code = np.divmod(_distinct(self.row * len(self.words) + self.code), max(len(self.words), 1))
        return replace(self, code=code, row=row)

    def tally(self, counted: Mask | None = None) -> Numbers:
        """How many words each text has, or how many of those that are `counted`."""
        return np.bincount(self.row if counted is None else self.row[counted], minlength=self.texts)

    def different_trigrams(self) -> Numbers:
        """How many different sequences of three words each text has."""
        size = len(self.words)
        pairs, pair = np.unique(self.code[:-1] * size + self.code[1:], return_inverse=True)
        inside = self.row[2:] == self.row[:-2]
        # rows * pairs * words: below 2^63 for five million words of four thousand texts
        found = _distinct(((self.row[2:] * len(pairs) + pair[:-1]) * size + self.code[2:])[inside])
        return np.bincount(found // max(len(pairs) * size, 1), minlength=self.texts)


def coded(texts: Sequence[Sequence[str]]) -> CodedWords:
    """The words of each text, which is a list of its words."""
    words, code = _numbered(list(chain.from_iterable(texts)))
    row = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    return CodedWords(words, code, row, len(texts))


def _numbered(words: list[str]) -> tuple[list[str], Numbers]:
    """Each different word once, and the place of each word among them."""
    number = dict(zip(dict.fromkeys(words), count(), strict=False))
    return list(number), np.fromiter(map(number.__getitem__, words), np.int64, len(words))


def _distinct(keys: Numbers) -> Numbers:
    """Each key once. By sorting: numpy's own `unique` hashes, which takes ten times as long for keys that lie this close."""
    keys = np.sort(keys)
    return keys[np.diff(keys, prepend=-1) != 0]
