"""The words of several texts as numbers, so that a question about words is asked once of each different word, for all texts.

Example: of the texts "The cat saw the cat" and "the dog"

    words  ["The", "cat", "saw", "the", "dog"]   each different word once
    code   [0, 1, 2, 3, 1, 3, 4]                 of each word of the texts, its place in `words`
    row    [0, 0, 0, 0, 0, 1, 1]                 the text it stands in

`count()` is [5, 2]; `mapped(str.lower).distinct().count()` is [3, 2]: the, cat, saw and the, dog.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class CodedWords:
    """`code` and `row` have one number for each word of the texts, shape (words of all texts,), in the order of the texts.

    words: the different words. texts: how many texts there are; some may have no word.
    """

    words: list[str]
    code: Numbers
    row: Numbers
    texts: int

    def mapped(self, function: Callable[[str], str]) -> "CodedWords":
        """Every word as `function` writes it."""
        words, renamed = _numbered(list(map(function, self.words)))
        return replace(self, words=words, code=renamed[self.code])

    def where(self, predicate: Callable[[str], bool]) -> Mask:
        """Whether `predicate` holds of each word, shape (words of all texts,)."""
        return np.fromiter(map(predicate, self.words), np.bool_, len(self.words))[self.code]

    def only(self, kept: Mask) -> "CodedWords":
        """The words for which `kept`, shape (words of all texts,), is true."""
        return replace(self, code=self.code[kept], row=self.row[kept])

    def place(self) -> Numbers:
        """Where each word stands in its text, from 0, shape (words of all texts,)."""
        return np.arange(len(self.code)) - (np.cumsum(self.count()) - self.count())[self.row]

    def within(self, other: "CodedWords") -> Mask:
        """Of which words the same text has the same one in `other`, which has the same `words`; shape (words of all texts,)."""
        size = len(self.words)
        return np.isin(self.row * size + self.code, other.row * size + other.code)

    def distinct(self) -> "CodedWords":
        """Each different word of a text once, in any order."""
        row, code = np.divmod(_unique(self.row * len(self.words) + self.code), max(len(self.words), 1))
        return replace(self, code=code, row=row)

    def count(self, counted: Mask | None = None) -> Numbers:
        """How many words each text has, or how many of those that are `counted`; shape (texts,)."""
        return np.bincount(self.row if counted is None else self.row[counted], minlength=self.texts)

    def count_distinct_trigrams(self) -> Numbers:
        """How many different sequences of three words each text has, shape (texts,)."""
        size = len(self.words)
        pairs, pair = np.unique(self.code[:-1] * size + self.code[1:], return_inverse=True)
        inside = self.row[2:] == self.row[:-2]  # a sequence does not reach into the next text
        # text, first two words and third word as one number: below 2^63 for five million words of four thousand texts
        trigrams = _unique(((self.row[2:] * len(pairs) + pair[:-1]) * size + self.code[2:])[inside])
        return np.bincount(trigrams // max(len(pairs) * size, 1), minlength=self.texts)


def coded(texts: Sequence[Sequence[str]]) -> CodedWords:
    """The words of the texts, each of which is given as a list of its words."""
    words, code = _numbered(list(chain.from_iterable(texts)))
    row = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    return CodedWords(words, code, row, len(texts))


def _numbered(words: list[str]) -> tuple[list[str], Numbers]:
    """Each different word once, in the order of first appearance, and the place of each word among them."""
    coded = pa.array(words, pa.string()).dictionary_encode()
    return coded.dictionary.to_pylist(), coded.indices.to_numpy().astype(np.int64)


def _unique(keys: Numbers) -> Numbers:
    """Each key once, ascending."""
    # numpy's own `unique` hashes, which takes ten times as long as sorting for keys that lie this close together
    keys = np.sort(keys)
    return keys[np.diff(keys, prepend=-1) != 0]
