"""How similar candidate pairs really are: their shingle sets are compared exactly, not their signatures.

Texts and pairs meet twice, partition by partition. In the partition of the left record its shingle sets are made, once for each
partition that needs them, and sent there with the pairs; in the partition of the right record they are compared. So a partition
holds its own texts, its pairs, and the sets that its pairs need.

Two pairs of records with the same prompt. The answers of the first share five of seven shingles, those of the second two of ten:

    >>> from spark_jobs.dedupe.record_sets import sets_of
    >>> answers = ["with tar and a brush or by hand", "with tar and a brush or by foot", "with tar and a large spoon in spring"]
    >>> rows = pa.table({"id": [f"rec_{number:024x}" for number in (1, 2, 3)], "survivor_rank": [5, 6, 7],
    ...     "prompt": ["How is a boat kept dry?"] * 3, "answer": answers})
    >>> sets = sets_of(rows, by_side=True)
    >>> left, right = sets.take(np.array([0, 0])), sets.take(np.array([1, 2]))
    >>> measured = verdicts(left, right, np.zeros(2, np.uint8), Rule(threshold=0.7, by_side=True))
    >>> np.round(measured["answer_similarity"], 3).tolist(), [VERDICTS[verdict] for verdict in measured["verdict"].to_pylist()]
    ([0.714, 0.2], ['near', 'whole_record'])
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql.pandas.types import from_arrow_schema

from lake.tables.reasons import NOT_NEAR
from spark_jobs.columnar.bloom import may_contain
from spark_jobs.columnar.hashes import Hashes, mix
from spark_jobs.columnar.opposites import contradict
from spark_jobs.columnar.packed_rows import (
    join_ids,
    pack,
    packed_schema,
    partition_of,
    split_ids,
    unpack,
    without_empty,
)
from spark_jobs.columnar.ragged import Places
from spark_jobs.columnar.shingles import MAX_BATCH, jaccard
from spark_jobs.dedupe import candidates
from spark_jobs.dedupe.record_sets import SET_COLUMNS, RecordSets, sets_of, unpack_sets
from spark_jobs.dedupe.sides import text_column
from spark_jobs.dedupe.survivor import left_survives, survivor_rank

REJECTED = 1_000  # rejected pairs that are kept as a sample
VERDICTS = ("near", *NOT_NEAR)  # a verdict is a place in here: the first test that failed
NEAR = 0

_TEXTS = "partition int, id string, survivor_rank bigint, prompt string, answer string"
_MEASURED = pa.schema(
    [("better", pa.string()), ("worse", pa.string())]
    + [(name, pa.float64()) for name in ("similarity", "prompt_similarity", "answer_similarity")]
    + [("verdict", pa.int32()), ("lot", pa.int64()), ("compared", pa.int64())]
)


@dataclass(frozen=True)
class Rule:
    """What a near-duplicate is: `threshold` for the whole record and, `by_side`, for each side, with the same guard and no opposites."""

    threshold: float
    by_side: bool


def texts_of_pairs(records: DataFrame, in_pairs: bytes, partitions: int, source_priority: Sequence[str]) -> DataFrame:
    """Partition, id, survivor_rank, prompt and answer of the records that may be in the Bloom filter `in_pairs`."""

    def select(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            id_high, _ = split_ids(batch["id"])
            # a text that no pair needs does no harm: nothing looks it up
            wanted = may_contain(in_pairs, id_high)
            rows, partition = batch.filter(pa.array(wanted)), partition_of(id_high[wanted], partitions)
            prompt, answer = text_column(rows, "prompt"), text_column(rows, "answer")
            rank = survivor_rank(rows["source"], prompt, answer, source_priority)
            columns = [pa.array(partition.astype(np.int32)), rows["id"], pa.array(rank), prompt, answer]
            yield pa.RecordBatch.from_arrays(columns, names=["partition", "id", "survivor_rank", "prompt", "answer"])

    return records.select("id", "source", "prompt", "answer").mapInArrow(select, _TEXTS)


def measure(pairs: DataFrame, texts: DataFrame, partitions: int, rule: Rule) -> DataFrame:
    """Near pairs and a sample of the rejected pairs, with exact Jaccard similarities and the verdict.

    `pairs` are candidates.PAIRS, `texts` come from `texts_of_pairs`. `better` is the id that survives. One more row for each
    partition, without ids, says how many pairs were `compared`. `lot` orders the rejected pairs by a hash.
    """

    def send(texts: pa.Table, pairs: pa.Table) -> pa.Table:
        return send_left_sets(texts, pairs, partitions, rule)

    def compare(texts: pa.Table, sent: pa.Table) -> pa.Table:
        return compare_pairs(texts, sent, rule)

    by_partition = texts.groupBy("partition")
    sent = by_partition.cogroup(pairs.drop("cut").groupBy("partition")).applyInArrow(
        send, packed_schema(f"left right flags {SET_COLUMNS}")
    )
    return by_partition.cogroup(sent.groupBy("partition")).applyInArrow(compare, from_arrow_schema(_MEASURED))


def send_left_sets(texts: pa.Table, pairs: pa.Table, partitions: int, rule: Rule) -> pa.Table:
    """The pairs of one partition and the sets of their left records, packed by the partition of the right record."""
    left, right, flags = candidates.distinct_pairs(
        unpack(pairs, "left"), unpack(pairs, "right"), unpack(pairs, "flags", np.uint8)
    )
    found, rows = _rows_of(left, texts)
    left, right, flags, rows = left[found], right[found], flags[found], rows[found]
    homes = partition_of(right, partitions)
    # a set travels once to each partition that needs it, however many pairs do
    needed = np.unique(np.stack([rows, homes], axis=1), axis=0) if len(rows) else np.zeros((0, 2), np.int64)
    wanted, positions = np.unique(needed[:, 0], return_inverse=True)
    sets = sets_of(texts.take(pa.array(wanted)), rule.by_side).take(positions.ravel())
    packed = pack(homes, partitions, {"left": left, "right": right, "flags": flags})
    packed_sets = pack(needed[:, 1], partitions, sets.columns())
    for name in SET_COLUMNS.split():
        packed = packed.append_column(name, packed_sets[name])
    return pa.Table.from_batches([without_empty(packed)])


def compare_pairs(texts: pa.Table, sent: pa.Table, rule: Rule) -> pa.Table:
    """The _MEASURED rows of one partition: its texts hold the right records, `sent` the pairs and the left sets."""
    left, right, flags = unpack(sent, "left"), unpack(sent, "right"), unpack(sent, "flags", np.uint8)
    left_sets = unpack_sets(sent)
    order = np.argsort(left_sets.id_high)
    found, rows = _rows_of(right, texts)
    left, flags, rows = left[found], flags[found], rows[found]
    wanted, right_places = np.unique(rows, return_inverse=True)
    right_sets = sets_of(texts.take(pa.array(wanted)), rule.by_side)
    # a pair and the set of its left record were sent to the same partition, so every one is found
    left_places = order[np.searchsorted(left_sets.id_high[order], left)]
    measured: list[pa.Table] = []
    for start in range(0, len(left), MAX_BATCH):
        span = slice(start, start + MAX_BATCH)
        measured.append(
            verdicts(left_sets.take(left_places[span]), right_sets.take(right_places[span]), flags[span], rule)
        )
    summary = pa.Table.from_pylist([{"compared": len(left)}], schema=_MEASURED)
    return _with_sample_of_rejected(pa.concat_tables([*measured, summary]))


def verdicts(left: RecordSets, right: RecordSets, flags: NDArray[np.uint8], rule: Rule) -> pa.Table:
    """The _MEASURED row of each pair: row i of `left` and row i of `right`, flags uint8 (pairs,) as in candidates.PAIRS."""
    whole, prompt, answer = (
        jaccard(one, other)
        for one, other in ((left.whole, right.whole), (left.prompt, right.prompt), (left.answer, right.answer))
    )
    # in the order of NOT_NEAR
    none = np.zeros(len(whole), np.bool_)
    opposed = contradict(left.excluding, right.excluding) if rule.by_side else none
    sides = [rule.by_side & (side < rule.threshold) for side in (prompt, answer)]
    fails = [left.guard != right.guard, opposed, whole < rule.threshold, *sides]
    verdict = np.select(fails, range(1, 1 + len(fails)), NEAR).astype(np.int32)
    leads = left_survives(
        left.survivor_rank,
        right.survivor_rank,
        flags & candidates.LEFT_PROTECTED > 0,
        flags & candidates.RIGHT_PROTECTED > 0,
    )
    better, worse = (
        join_ids("rec", np.where(is_left, left.id_high, right.id_high), np.where(is_left, left.id_low, right.id_low))
        for is_left in (leads, ~leads)
    )
    # mixed in one order, so that it is the same in whichever partition the pair is compared; 63 bits are never negative
    lot = (mix(left.id_high ^ mix(right.id_high)) >> np.uint64(1)).astype(np.int64)
    columns = (better, worse, whole, prompt, answer, verdict, lot, np.zeros(len(lot), np.int64))
    return pa.Table.from_arrays([pa.array(column) for column in columns], schema=_MEASURED)


def _rows_of(id_high: Hashes, texts: pa.Table) -> tuple[NDArray[np.bool_], Places]:
    """Which of the records have a text here, bool, and the row of each (of any other where it has none), int64; one an id.

    Two ids that begin alike are left out, both: nothing rests on them.
    """
    here = split_ids(texts["id"].combine_chunks())[0] if texts.num_rows else np.zeros(0, np.uint64)
    known, rows, counts = np.unique(here, return_index=True, return_counts=True)
    known, rows = known[counts == 1], rows[counts == 1]
    if not len(known):
        return np.zeros(len(id_high), np.bool_), np.zeros(len(id_high), np.int64)
    places = np.minimum(np.searchsorted(known, id_high), len(known) - 1)
    return known[places] == id_high, rows[places]


def _with_sample_of_rejected(measured: pa.Table) -> pa.Table:
    """All near pairs and the summary, and of the rejected pairs the REJECTED first by lot."""
    verdict = measured["verdict"].fill_null(NEAR).to_numpy()
    rejected = np.flatnonzero(verdict != NEAR)
    drawn = rejected[np.argsort(measured["lot"].fill_null(0).to_numpy()[rejected], kind="stable")[:REJECTED]]
    return measured.take(pa.array(np.concatenate([np.flatnonzero(verdict == NEAR), drawn])))
