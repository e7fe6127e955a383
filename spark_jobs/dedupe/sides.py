"""Prompt and answer of records, word by word, and what two near-duplicates must share without being compared.

Three records of a prompt too short for a shingle. The second asks for another number, the third only looks different:

    >>> prompts, answers = ["Why 2?", "Why 3?", "why 2"], ["the boat is wet", "the boat is wet", "The boat is wet."]
    >>> sides = sides_of(pa.array(prompts), pa.array(answers), by_side=True)
    >>> sides.words.lengths.tolist(), sides.whole.lengths.tolist()
    ([2, 4, 2, 4, 2, 4], [6, 6, 6])
    >>> (sides.guard == sides.guard[0]).tolist()
    [True, False, True]
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from spark_jobs.columnar.hashes import Hashes, mix
from spark_jobs.columnar.ragged import Ragged
from spark_jobs.columnar.shingles import SHINGLE
from spark_jobs.columnar.word_hashes import exact_keys, word_hashes


@dataclass(frozen=True)
class Sides:
    """Words and guard of some records.

    words: word hashes, 2 * records rows: prompt and answer of the first record, of the second, and so on.
    guard: a hash of the numbers and of the sides too short for a shingle, uint64 (records,): near-duplicates have the same.
    """

    words: Ragged
    guard: Hashes

    @property
    def whole(self) -> Ragged:
        """The words of each record, answer after prompt: `records` rows."""
        return Ragged(self.words.values, self.words.offsets[::2])


def sides_of(prompt: pa.Array, answer: pa.Array, by_side: bool) -> Sides:
    """The sides of each record, from string arrays without nulls. Not `by_side`, nothing has to be shared: all guards are 0."""
    alternately = np.arange(2 * len(prompt)).reshape(2, -1).T.ravel()
    texts = pa.concat_arrays([prompt, answer]).take(pa.array(alternately))
    words, numbers = word_hashes(texts)
    if not by_side:
        return Sides(words, np.zeros(len(prompt), np.uint64))
    short, places = np.zeros(len(texts), np.uint64), np.flatnonzero(words.lengths < SHINGLE)
    short[places] = exact_keys(texts.take(pa.array(places)))[:, 0]
    # of a sum of multisets it does not matter which side a number stands on
    both = numbers[::2] + numbers[1::2]
    return Sides(words, mix(mix(both + short[::2]) + short[1::2]))


def text_column(rows: pa.RecordBatch | pa.Table, name: str) -> pa.Array:
    """A text column in one piece, nulls as empty texts."""
    column = rows[name].combine_chunks() if isinstance(rows, pa.Table) else rows[name]
    return column.cast(pa.string()).fill_null("")
