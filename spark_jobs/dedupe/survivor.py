"""Which copy of a set of duplicates survives: the one order that every step of the stage uses.

The better of two records is the protected one; else the one that has an answer, comes from the preferred source, is longer, has
the smaller id: in this order. All but the id is one number, the survivor rank: the smaller, the better.

Three copies, of which the last is of the preferred source:

    >>> prompts, answers = pa.array(["tar?", "What is tar?", "tar?"]), pa.array(["", "Pitch.", "Pitch."])
    >>> rank = survivor_rank(pa.array(["web", "web", "books"]), prompts, answers, source_priority=["books"])
    >>> np.argsort(rank).tolist()  # best first: the preferred source, then the longer one, the unanswered one last
    [2, 1, 0]
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from spark_jobs.columnar.hashes import Hashes

# The rank of a record that is never removed: it was published before.
PROTECTED = 0

_LENGTH_BITS = 42

Ranks = NDArray[np.int64]


def survivor_rank(source: pa.Array, prompt: pa.Array, answer: pa.Array, source_priority: Sequence[str]) -> Ranks:
    """The rank of each record, int64 (rows,), at least 1: from the top bits down unanswered, place of the source, shortness.

    `longest_first` reads the low bits, so shortness stays there. `prompt` and `answer` have no nulls; sources that are not in `source_priority` share the last place.
    """
    place = pc.index_in(source, pa.array(source_priority, pa.string())).fill_null(len(source_priority))
    length = pc.add(pc.utf8_length(prompt), pc.utf8_length(answer)).to_numpy().astype(np.int64)
    unanswered = pc.equal(answer, "").to_numpy(zero_copy_only=False).astype(np.int64)
    above = unanswered << 20 | place.to_numpy().astype(np.int64)
    return (above << _LENGTH_BITS | (1 << _LENGTH_BITS) - 1 - length) + 1


def best_first(rank: Ranks, id_high: Hashes, id_low: Hashes) -> tuple[NDArray[np.generic], ...]:
    """The sort keys for np.lexsort, least significant first as it wants them, that put the better record first."""
    return id_low, id_high, rank


def left_survives(
    left_rank: Hashes, right_rank: Hashes, left_protected: NDArray[np.bool_], right_protected: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Whether the left record of each pair is the better one, bool (pairs,). Its id must be the smaller of the two."""
    return left_protected | (left_rank <= right_rank) & ~right_protected


def longest_first(rank: Ranks) -> NDArray[np.uint32]:
    """31 bits of each rank, uint32 (rows,), that fall as the record gets longer, whatever its source and answer."""
    return (rank & 0x7FFFFFFF).astype(np.uint32)
