"""Exact copies: records of the same turns, or of the same last prompt and answer, and the best one of each such set.

Three records end alike, the last two after other earlier turns. The first survives, and stands for other conversations:

    >>> prints = pa.RecordBatch.from_pydict({"id": [f"rec_{number:024x}" for number in (1, 2, 3)], "survivor_rank": [5, 6, 7],
    ...     "turns": [b"A" * 16, b"A" * 16, b"B" * 16], "ending": [b"E" * 16] * 3})
    >>> removals = removals_of(pa.Table.from_batches([pack_exact_keys(prints, partitions=1)]))
    >>> [(row["removed_id"][-1], row["kept_id"][-1], row["rule"]) for row in removals.to_pylist()]
    [('2', '1', 'exact_record'), ('3', '1', 'exact_prompt_answer')]
    >>> removals["stands_for_others"].to_pylist()  # said once for each survivor
    [True, False]
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from lake.tables.reasons import DUPLICATE_RULES
from spark_jobs.columnar.packed_rows import (
    join_ids,
    pack,
    packed_schema,
    partition_of,
    split_ids,
    unpack,
    without_empty,
)
from spark_jobs.dedupe.survivor import PROTECTED, best_first

_SAME_TURNS, _SAME_END, _ = DUPLICATE_RULES
_REMOVALS = "removed_id string, kept_id string, rule string, stands_for_others boolean"
# an exact key has 128 bits: two numbers
_COLUMNS = "ending ending_low turns turns_low survivor_rank id_high id_low"


def exact_copies(prints: DataFrame, partitions: int) -> DataFrame:
    """removed_id, kept_id, rule and stands_for_others of every row whose last prompt and answer a better one has, too.

    `prints` are rows of fingerprint.FINGERPRINT. Protected rows are never removed. Where not all of a set have the same turns, the
    kept row stands for other conversations: `stands_for_others` is true on one removal of such a set.
    """

    def to_partitions(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield without_empty(pack_exact_keys(batch, partitions))

    packed = prints.select("id", "survivor_rank", "turns", "ending").mapInArrow(to_partitions, packed_schema(_COLUMNS))
    return packed.groupBy("partition").applyInArrow(removals_of, _REMOVALS)


def pack_exact_keys(prints: pa.RecordBatch, partitions: int) -> pa.RecordBatch:
    """The exact keys, rank and id of each row, packed by the partition of its ending: seven columns of 8 bytes a row."""
    ending, turns = (unpack(prints, name).reshape(-1, 2) for name in ("ending", "turns"))
    keys = (ending[:, 0], ending[:, 1], turns[:, 0], turns[:, 1], prints["survivor_rank"].to_numpy())
    columns: dict[str, Any] = dict(zip(_COLUMNS.split(), (*keys, *split_ids(prints["id"])), strict=True))
    return pack(partition_of(ending[:, 0], partitions), partitions, columns)


def removals_of(packed: pa.Table) -> pa.Table:
    """The _REMOVALS of one partition, from packed rows of `pack_exact_keys`."""
    columns = {name: unpack(packed, name) for name in _COLUMNS.split()}
    # sorted by ending, the better row first: each set is a run of rows, and its first one survives
    best = best_first(columns["survivor_rank"], columns["id_high"], columns["id_low"])
    order = np.lexsort((*best, columns["ending_low"], columns["ending"]))
    ending, ending_low, turns, turns_low, rank, id_high, id_low = (column[order] for column in columns.values())
    opens = np.ones(len(order), np.bool_)
    opens[1:] = (ending[1:] != ending[:-1]) | (ending_low[1:] != ending_low[:-1])
    starts = np.flatnonzero(opens)
    sizes = np.diff(starts, append=len(order))
    survivor = np.repeat(starts, sizes)
    same_turns = (turns == turns[survivor]) & (turns_low == turns_low[survivor])
    mixed = np.logical_or.reduceat(~same_turns, starts) if len(starts) else np.zeros(0, np.bool_)
    # protected rows stay, even where two of them end alike
    removed = np.flatnonzero(~opens & (rank != PROTECTED))
    first_of_set = np.diff(survivor[removed], prepend=-1) != 0
    return pa.Table.from_pydict(
        {
            "removed_id": join_ids("rec", id_high[removed], id_low[removed]),
            "kept_id": join_ids("rec", id_high[survivor[removed]], id_low[survivor[removed]]),
            "rule": np.where(same_turns[removed], _SAME_TURNS, _SAME_END),
            "stands_for_others": first_of_set & np.repeat(mixed, sizes)[removed],
        }
    )
