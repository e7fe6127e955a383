"""Prompt and answer of records, word by word, and what two near-duplicates must share without being compared.

Three records of a prompt too short for a shingle. The second asks for another number, the third only looks different:

    >>> prompts, answers = ["Why 2?", "Why 3?", "why 2"], ["the boat is wet", "the boat is wet", "The boat is wet."]
    >>> sides = sides_of(pa.array(prompts), pa.array(answers), by_side=True)
    >>> sides.words.lengths.tolist(), sides.whole.lengths.tolist()
    ([2, 4, 2, 4, 2, 4], [6, 6, 6])
    >>> (sides.guard == sides.guard[0]).tolist(), (sides.exact == sides.exact[0]).all(axis=1).tolist()
    ([True, False, True], [True, False, False])
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spark_jobs.columnar.hashes import Hashes, mix
from spark_jobs.columnar.ragged import Ragged, row_sums, take_rows
from spark_jobs.columnar.shingles import SHINGLE
from spark_jobs.columnar.signs import exact_keys_and_signs
from spark_jobs.columnar.word_hashes import word_hashes


@dataclass(frozen=True)
class Sides:
    """What is compared of some records.

    words: word hashes, 2 * records rows: prompt and answer of the first record, of the second, and so on.
    guard: a hash of the signs and of the sides too short for a shingle, uint64 (records,): near-duplicates have the same.
    exact: the exact key of prompt and answer together, uint64 (records, 2): exact copies have the same, and nothing else has.
    """

    words: Ragged
    guard: Hashes
    exact: Hashes

    @property
    def whole(self) -> Ragged:
        """The words of each record, answer after prompt: `records` rows."""
        return Ragged(self.words.values, self.words.offsets[::2])


def sides_of(prompt: pa.Array, answer: pa.Array, by_side: bool) -> Sides:
    """The sides of each record, from string arrays without nulls. Not `by_side`, nothing has to be shared: all guards are 0."""
    alternately = np.arange(2 * len(prompt)).reshape(2, -1).T.ravel()
    words = word_hashes(pa.concat_arrays([prompt, answer]).take(pa.array(alternately)))
    exact, signs = exact_keys_and_signs(pc.binary_join_element_wise(prompt, answer, "\n"))
    if not by_side:
        return Sides(words, np.zeros(len(prompt), np.uint64), exact)
    short = _short_sides(words)
    return Sides(words, mix(mix(mix(signs) + short[::2]) + short[1::2]), exact)


def text_column(rows: pa.RecordBatch | pa.Table, name: str) -> pa.Array:
    """A text column in one piece, nulls as empty texts."""
    column = rows[name].combine_chunks() if isinstance(rows, pa.Table) else rows[name]
    return column.cast(pa.string()).fill_null("")


def _short_sides(words: Ragged) -> Hashes:
    """A hash of the words of each side that is too short for a shingle, 0 for the others, uint64 (sides,)."""
    found = np.zeros(len(words.lengths), np.uint64)
    places = np.flatnonzero(words.lengths < SHINGLE)
    short = take_rows(words, places)
    numbers = np.arange(len(short.values)) - np.repeat(short.offsets[:-1], short.lengths)
    ordered = mix(short.values + numbers.astype(np.uint64))
    found[places] = mix(row_sums(ordered, short) + short.lengths.astype(np.uint64) + np.uint64(1))
    return found
