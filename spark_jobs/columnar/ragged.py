"""Rows of unequal length in two flat arrays, so that numpy works on a whole batch of texts at once.

Three rows of two, none and three numbers:

    >>> rows = from_lengths(np.array([7, 8, 1, 2, 3], np.uint64), np.array([2, 0, 3]))
    >>> rows.offsets.tolist(), rows.lengths.tolist(), rows.row_of_value.tolist()
    ([0, 2, 2, 5], [2, 0, 3], [0, 0, 2, 2, 2])
    >>> take_rows(rows, np.array([2, 0])).values.tolist()
    [1, 2, 3, 7, 8]
    >>> row_sums(rows.values, rows).tolist()
    [15, 0, 6]
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spark_jobs.columnar.hashes import Hashes

Places = NDArray[np.int64]  # numbers of rows, or indices into `values`


@dataclass(frozen=True)
class Ragged:
    """Row i is values[offsets[i]:offsets[i + 1]]; `values` is uint64 (total,), `offsets` int64 (rows + 1,), ascending."""

    values: Hashes
    offsets: Places

    @property
    def lengths(self) -> Places:
        """How many values each row has, int64 (rows,)."""
        return np.diff(self.offsets)

    @property
    def row_of_value(self) -> Places:
        """The number of the row that each value belongs to, int64 (total,)."""
        return np.repeat(np.arange(len(self.offsets) - 1), self.lengths)


def from_lengths(values: Hashes, lengths: Places) -> Ragged:
    """The values cut into rows of these lengths, int64 (rows,), which add up to len(values)."""
    return Ragged(values, np.concatenate([[0], np.cumsum(lengths)]))


def take_rows(ragged: Ragged, rows: Places) -> Ragged:
    """The rows of these numbers, int64 (chosen,), in the order given; a number may occur more than once."""
    lengths = ragged.lengths[rows]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    # a value's place there is its place here, moved by how far its row was moved
    places = np.arange(offsets[-1]) + np.repeat(ragged.offsets[:-1][rows] - offsets[:-1], lengths)
    return Ragged(ragged.values[places], offsets)


def stacked(pieces: Sequence[Ragged]) -> Ragged:
    """The rows of all pieces, one piece after the other; at least one piece."""
    values = np.concatenate([piece.values for piece in pieces])
    return from_lengths(values, np.concatenate([piece.lengths for piece in pieces]))


def row_sums(values: Hashes, rows: Ragged) -> Hashes:
    """The sum of each row's values modulo 2^64, uint64 (rows,): of mixed values a hash of a multiset, whatever the order.

    `values`, uint64 (total,), stand where those of `rows` do.
    """
    # A difference of running sums is right although they overflow: both are taken modulo 2^64.
    totals = np.concatenate([np.zeros(1, np.uint64), np.cumsum(values, dtype=np.uint64)])
    return totals[rows.offsets[1:]] - totals[rows.offsets[:-1]]
