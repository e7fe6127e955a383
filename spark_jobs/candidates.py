"""Near-duplicate candidates: which pairs share a bucket, and how similar they really are.

Every key carries the record's numbers and its sides too short for a shingle, which must be equal anyway: templates that differ
only in figures never meet. Inside a bucket each row meets the bucket's first row and the next `reach` rows, longest first in one half
of the bands, by the next band's key in the other. So a bucket of up to reach + 1 rows is complete, and a larger one is walked in
linear time: its rows still meet the longest, which most of them would be removed for, and those that share the next band too.
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs import minhash
from spark_jobs.minhash import Hashes, Ragged

FINGERPRINT = (
    "id string, source string, unanswered boolean, length int, turns_key string, pair_key string, "
    "keys array<bigint>, ties array<bigint>"
)
_SET_COLUMNS = ("guard", "whole", "of_prompt", "of_answer")
_SETS = "id string, guard bigint, whole array<bigint>, of_prompt array<bigint>, of_answer array<bigint>"
_MEASURED = "left string, right string, same_guard boolean, similarity double, prompt_similarity double, answer_similarity double"
_MEASURED_COLUMNS = ["left", "right", "same_guard", "similarity", "prompt_similarity", "answer_similarity"]


def fingerprint(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Exact keys and bucket keys of each record; a record shorter than a shingle has no bucket."""
    prompt, answer, last = (_text(batch, name) for name in ("prompt", "answer", "last_prompt"))
    prompts, answers, lasts = (minhash.exact_keys(texts) for texts in (prompt, answer, last))
    sides, guard = _sides(prompt, answer, prompts, answers)
    keys = _bucket_keys(_whole(sides), guard)
    lengths = pc.add(pc.utf8_length(prompt), pc.utf8_length(answer))
    return pa.RecordBatch.from_arrays(
        [
            *(batch["id"], batch["source"], pc.equal(answer, ""), lengths),
            pa.array([a + b for a, b in zip(prompts, answers, strict=True)]),
            pa.array([a + b for a, b in zip(lasts, answers, strict=True)]),
            _lists(keys),
            _lists(_ties(keys, lengths.to_numpy().astype(np.int64))),
        ],
        names=["id", "source", "unanswered", "length", "turns_key", "pair_key", "keys", "ties"],
    )


def pairs(representatives: DataFrame, reach: int) -> DataFrame:
    """left, right (left < right), once each: every pair of rows that met in a bucket."""
    bucket = F.explode(F.arrays_zip("keys", "ties")).alias("bucket")
    rows = representatives.select("id", bucket).select(
        "id", F.col("bucket.keys").alias("key"), F.col("bucket.ties").alias("tie")
    )
    ordered = rows.repartition("key").sortWithinPartitions("key", "tie", "id")

    def meet(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield from _meetings(batches, reach)

    met = ordered.mapInArrow(meet, "a string, b string")
    return (
        met.select(F.least("a", "b").alias("left"), F.greatest("a", "b").alias("right"))
        .where("left != right")
        .distinct()
    )


def measure(pairs: DataFrame, records: DataFrame) -> DataFrame:
    """Each pair with its exact Jaccard similarities, and whether numbers and short sides are equal."""
    involved = pairs.select(F.explode(F.array("left", "right")).alias("id")).distinct()
    sets = records.select("id", "prompt", "answer").join(involved, "id", "left_semi").mapInArrow(_sets, _SETS).persist()
    left = sets.select(F.col("id").alias("left"), *(F.col(name).alias(f"left_{name}") for name in _SET_COLUMNS))
    right = sets.select(F.col("id").alias("right"), *(F.col(name).alias(f"right_{name}") for name in _SET_COLUMNS))
    return pairs.join(left, "left").join(right, "right").mapInArrow(_measure, _MEASURED)


def _text(batch: pa.RecordBatch, name: str) -> pa.Array:
    return batch[name].cast(pa.string()).fill_null("")


def _sides(prompt: pa.Array, answer: pa.Array, prompts: list[str], answers: list[str]) -> tuple[Ragged, Hashes]:
    """Words of prompt and answer as alternating rows, and the guard of each record."""
    count = len(prompt)
    order = np.arange(2 * count).reshape(2, count).T.ravel()
    sides, numbers = minhash.words(pa.concat_arrays([prompt, answer]).take(pa.array(order)))
    keys = [key for pair in zip(prompts, answers, strict=True) for key in pair]
    short = np.flatnonzero(sides.lengths < minhash.SHINGLE)
    side_guard = np.zeros(2 * count, np.uint64)
    side_guard[short] = [minhash.hash64(keys[place]) for place in short]
    both = numbers[::2] + numbers[1::2]
    return sides, minhash.mix(minhash.mix(both + side_guard[::2]) + side_guard[1::2])


def _whole(sides: Ragged) -> Ragged:
    return Ragged(sides.values, sides.offsets[::2])


def _bucket_keys(tokens: Ragged, guard: Hashes) -> Ragged:
    grams = minhash.shingles(tokens)
    long = np.flatnonzero(grams.lengths > 0)
    counts = np.where(grams.lengths > 0, minhash.BANDS, 0)
    keys = (
        minhash.band_keys(minhash.take_rows(grams, long), guard[long]).ravel() if len(long) else np.zeros(0, np.uint64)
    )
    return Ragged(keys, np.concatenate([[0], np.cumsum(counts)]))


def _ties(keys: Ragged, lengths: NDArray[np.int64]) -> Ragged:
    """The order inside a bucket: by the next band's key, and in every other band the longest record first."""
    ties = np.roll(keys.values.reshape(-1, minhash.BANDS), -1, axis=1)
    ties[:, ::2] = (-lengths[keys.lengths > 0]).view(np.uint64)[:, None]
    return Ragged(ties.ravel(), keys.offsets)


def _lists(ragged: Ragged) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(ragged.offsets.astype(np.int32)), pa.array(ragged.values.view(np.int64)))


def _ragged(lists: pa.Array) -> Ragged:
    lengths = lists.value_lengths().to_numpy(zero_copy_only=False)
    values = lists.flatten().to_numpy(zero_copy_only=False).view(np.uint64)
    return Ragged(values, np.concatenate([[0], np.cumsum(lengths)]))


def _meetings(batches: Iterator[pa.RecordBatch], reach: int) -> Iterator[pa.RecordBatch]:
    """Pairs of ids that meet in one bucket; rows come in bucket order, batches are joined at their seams."""
    kept = pa.table({"id": pa.array([], pa.string()), "key": pa.array([], pa.int64())})
    for batch in batches:
        rows = pa.concat_tables([kept, pa.Table.from_batches([batch]).select(["id", "key"])]).combine_chunks()
        keys = rows["key"].to_numpy()
        opening = _openings(keys)
        places = _places(keys, opening, kept.num_rows, reach)
        yield pa.RecordBatch.from_arrays([_taken(rows["id"], side) for side in places], names=["a", "b"])
        recent = np.arange(max(len(keys) - reach, 0), len(keys))
        kept = rows.take(pa.array(np.union1d(recent, opening[-1:])))


def _taken(column: pa.ChunkedArray, places: NDArray[np.int64]) -> pa.Array:
    return column.take(pa.array(places)).combine_chunks()


def _openings(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each row the place of its bucket's first row."""
    starts = np.flatnonzero(np.diff(keys, prepend=keys[:1] + 1)) if len(keys) else np.zeros(0, np.int64)
    return np.repeat(starts, np.diff(starts, append=len(keys)))


def _places(keys: NDArray[np.int64], opening: NDArray[np.int64], seam: int, reach: int) -> list[NDArray[np.int64]]:
    """Places (first, second) of one key, second at or after `seam`: at most `reach` apart, or first opens the bucket."""
    fresh = np.arange(seam, len(keys))
    first, second = [opening[seam:]], [fresh]
    for step in range(1, reach + 1):
        later = fresh[fresh >= step]
        met = later[keys[later] == keys[later - step]]
        if not len(met):  # equal keys lie together: who has nobody at this distance has nobody farther
            break
        first.append(met - step)
        second.append(met)
    return [np.concatenate(first), np.concatenate(second)]


def _sets(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        prompt, answer = _text(batch, "prompt"), _text(batch, "answer")
        sides, guard = _sides(prompt, answer, minhash.exact_keys(prompt), minhash.exact_keys(answer))
        each = minhash.distinct(minhash.shingles(sides))
        even = np.arange(0, 2 * batch.num_rows, 2)
        columns = [
            minhash.distinct(minhash.shingles(_whole(sides))),
            minhash.take_rows(each, even),
            minhash.take_rows(each, even + 1),
        ]
        yield pa.RecordBatch.from_arrays(
            [batch["id"], pa.array(guard.view(np.int64)), *map(_lists, columns)], names=["id", *_SET_COLUMNS]
        )


def _measure(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        similar = [
            pa.array(minhash.jaccard(_ragged(batch[f"left_{name}"]), _ragged(batch[f"right_{name}"])))
            for name in ("whole", "of_prompt", "of_answer")
        ]
        same = pa.array(batch["left_guard"].to_numpy() == batch["right_guard"].to_numpy())
        yield pa.RecordBatch.from_arrays([batch["left"], batch["right"], same, *similar], names=_MEASURED_COLUMNS)
