"""Exact copies: records of the same turns, or of the same last prompt and answer, and the best of each such set."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from spark_jobs.columnar import packed_rows as packed

_COPIES = "removed_id string, kept_id string, rule string, apart boolean"


def copies(prints: DataFrame, parts: int) -> DataFrame:
    """removed_id, kept_id, rule and `apart` of every row whose last prompt and answer a better one has, too.

    `prints` are rows of candidates.FINGERPRINT. Rows of standing 0 are never removed. Where not all of a set have the same turns,
    the kept row stands for other conversations: `apart` is true on one removal of such a set.
    """

    def ended(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield packed.filled(_scatter(batch, parts))

    packed_keys = prints.select("id", "standing", "turns", "ending").mapInArrow(
        ended, packed.schema("ending other_ending turns other_turns standing node rest")
    )
    return packed_keys.groupBy("part").applyInArrow(_best, _COPIES)


def _scatter(batch: pa.RecordBatch, parts: int) -> pa.RecordBatch:
    ending, turns = (packed.gathered(batch, name).reshape(-1, 2) for name in ("ending", "turns"))
    node, rest = packed.nodes(batch["id"])
    keys = {"ending": ending[:, 0], "other_ending": ending[:, 1], "turns": turns[:, 0], "other_turns": turns[:, 1]}
    columns = {**keys, "standing": batch["standing"].to_numpy(), "node": node, "rest": rest}
    return packed.scatter(packed.part_of(ending[:, 0], parts), parts, columns)


def _best(rows: pa.Table) -> pa.Table:
    names = ("ending", "other_ending", "standing", "node", "rest", "turns", "other_turns")
    columns = [packed.gathered(rows, name) for name in names]
    order = np.lexsort(columns[4::-1])
    ending, other, standing, node, rest, turns, other_turns = (column[order] for column in columns)
    opens = np.ones(len(order), np.bool_)
    opens[1:] = (ending[1:] != ending[:-1]) | (other[1:] != other[:-1])
    starts = np.flatnonzero(opens)
    best = np.repeat(starts, np.diff(starts, append=len(order)))
    same = (turns == turns[best]) & (other_turns == other_turns[best])
    apart = np.logical_or.reduceat(~same, starts) if len(starts) else np.zeros(0, np.bool_)
    gone = np.flatnonzero(~opens & (standing > 0))
    first = np.diff(best[gone], prepend=-1) != 0
    return pa.Table.from_pydict(
        {
            "removed_id": packed.ids("rec", node[gone], rest[gone]),
            "kept_id": packed.ids("rec", node[best[gone]], rest[best[gone]]),
            "rule": np.where(same[gone], "exact_record", "exact_prompt_answer"),
            "apart": first & np.repeat(apart, np.diff(starts, append=len(order)))[gone],
        }
    )
