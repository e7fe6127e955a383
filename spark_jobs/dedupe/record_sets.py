"""The shingle sets of records, as they are made in one partition, sent to another and compared there.

Two records of one guard, whose answers share two of their four different shingles:

    >>> answers = ["with tar and a brush", "with tar and a spoon"]
    >>> rows = pa.table({"id": [f"rec_{number:024x}" for number in (1, 2)], "survivor_rank": [5, 6],
    ...     "prompt": ["How is a boat kept dry?"] * 2, "answer": answers})
    >>> from spark_jobs.columnar.shingles import jaccard
    >>> sets = sets_of(rows, by_side=True)
    >>> sets.whole.lengths.tolist(), sets.prompt.lengths.tolist(), sets.answer.lengths.tolist()
    ([9, 9], [4, 4], [3, 3])
    >>> one, other = sets.take(np.array([0])), sets.take(np.array([1]))
    >>> (one.guard == other.guard).tolist(), jaccard(one.answer, other.answer).tolist()
    ([True], [0.5])
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pyarrow as pa

from spark_jobs.columnar.hashes import Hashes
from spark_jobs.columnar.opposites import excluding_words
from spark_jobs.columnar.packed_rows import split_ids, unpack, unpack_ragged
from spark_jobs.columnar.ragged import Places, Ragged, stacked, take_rows
from spark_jobs.columnar.shingles import MAX_BATCH, shingle_sets, shingles
from spark_jobs.dedupe.sides import sides_of, text_column

SET_COLUMNS = "id_high id_low survivor_rank guard whole whole_lengths prompt prompt_lengths answer answer_lengths excluding excluding_lengths"

_RECORDS_AT_ONCE = MAX_BATCH // 2  # a record has two sides, each a row


@dataclass(frozen=True)
class RecordSets:
    """A row for each record: uint64 arrays of shape (records,), and Ragged arrays of so many shingle sets.

    excluding: its words that exclude others, as columnar.opposites numbers them.
    """

    id_high: Hashes
    id_low: Hashes
    survivor_rank: Hashes
    guard: Hashes
    whole: Ragged
    prompt: Ragged
    answer: Ragged
    excluding: Ragged

    def take(self, rows: Places) -> "RecordSets":
        """The records of these numbers, int64 (chosen,), in the order given."""
        chosen: dict[str, Any] = {
            name: take_rows(column, rows) if isinstance(column, Ragged) else column[rows]
            for name, column in self.columns().items()
        }
        return RecordSets(**chosen)

    def columns(self) -> dict[str, Any]:
        """The arrays by name, to be packed."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def sets_of(rows: pa.Table, by_side: bool) -> RecordSets:
    """The sets of every row of id, survivor_rank, prompt and answer."""
    # at least one batch, so that no rows give empty arrays of the right types
    starts = range(0, max(rows.num_rows, 1), _RECORDS_AT_ONCE)
    pieces = [_sets_of_batch(rows.slice(start, _RECORDS_AT_ONCE), by_side).columns() for start in starts]
    joined: dict[str, Any] = {}
    for name, column in pieces[0].items():
        every = [piece[name] for piece in pieces]
        joined[name] = stacked(every) if isinstance(column, Ragged) else np.concatenate(every)
    return RecordSets(**joined)


def unpack_sets(packed: pa.Table) -> RecordSets:
    """The sets in packed rows with SET_COLUMNS."""
    columns: dict[str, Any] = {
        field.name: unpack_ragged(packed, field.name) if field.type is Ragged else unpack(packed, field.name)
        for field in fields(RecordSets)
    }
    return RecordSets(**columns)


def _sets_of_batch(rows: pa.Table, by_side: bool) -> RecordSets:
    sides = sides_of(text_column(rows, "prompt"), text_column(rows, "answer"), by_side)
    # prompt and answer alternate: one pass makes the sets of both
    each = shingle_sets(shingles(sides.words))
    prompts = np.arange(0, 2 * rows.num_rows, 2)
    return RecordSets(
        *split_ids(rows["id"].combine_chunks()),
        survivor_rank=rows["survivor_rank"].to_numpy().astype(np.uint64),
        guard=sides.guard,
        whole=shingle_sets(shingles(sides.whole)),
        prompt=take_rows(each, prompts),
        answer=take_rows(each, prompts + 1),
        excluding=excluding_words(sides.whole),
    )
