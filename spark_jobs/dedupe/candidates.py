"""Near-duplicate candidates: which pairs of records share a bucket.

Every key carries the record's numbers and its sides too short for a shingle, which must be equal anyway: templates that differ
only in figures never meet. Inside a bucket each row meets the bucket's first row and the next `reach` rows, longest first in one half
of the bands, by the next band's key in the other. So a bucket of up to reach + 1 rows is complete, and a larger one is walked in
linear time: its rows still meet the longest, which most of them would be removed for, and those that share the next band too. The
pairs that a walk leaves out are counted.
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark.sql import DataFrame

from spark_jobs.columnar import packed_rows as packed
from spark_jobs.columnar.word_hashes import Hashes, Ragged, exact_keys, mix, take_rows, words
from spark_jobs.dedupe import minhash

# standing: 0 for a record that stays in any case, else larger the less it is preferred; turns, ending: exact keys of all turns
# and of last prompt and answer; bands: 25 keys of 8 bytes, none for a record shorter than a shingle
FINGERPRINT = "id string, source string, standing bigint, turns binary, ending binary, bands binary"
PAIRS = packed.schema("left right flags") + ", cut bigint"
ASKED, LEFT_STAYS, RIGHT_STAYS = 1, 2, 4  # flags of a pair

_LENGTH_BITS = 42
_KEY_BYTES = 8 * minhash.BANDS


@dataclass(frozen=True)
class Sides:
    """The words of prompt and answer as alternating rows, and what both must share: numbers, and sides too short for a shingle."""

    tokens: Ragged
    guard: Hashes

    @property
    def whole(self) -> Ragged:
        """The words of each record, answer after prompt."""
        return Ragged(self.tokens.values, self.tokens.offsets[::2])


def fingerprint(batch: pa.RecordBatch, source_priority: Sequence[str], by_side: bool) -> pa.RecordBatch:
    """One FINGERPRINT row for each row with id, source, prompt, answer and last_prompt, which is null where it is the prompt."""
    prompt, answer = filled(batch, "prompt"), filled(batch, "answer")
    prompts, answers = exact_keys(prompt), exact_keys(answer)
    lasts, other = prompts.copy(), pc.is_valid(batch["last_prompt"])
    lasts[other.to_numpy(zero_copy_only=False)] = exact_keys(batch["last_prompt"].filter(other))
    sides = sides_of(prompt, answer, by_side)
    columns = [
        *(batch["id"], batch["source"], pa.array(standing(batch["source"], prompt, answer, source_priority))),
        *(packed.fixed(mix(mix(keys) + answers)) for keys in (prompts, lasts)),
        _bands(sides),
    ]
    return pa.RecordBatch.from_arrays(columns, names=["id", "source", "standing", "turns", "ending", "bands"])


def filled(batch: pa.RecordBatch | pa.Table, name: str) -> pa.Array:
    """A text column in one piece, nulls as empty texts."""
    column = batch[name].combine_chunks() if isinstance(batch, pa.Table) else batch[name]
    return column.cast(pa.string()).fill_null("")


def standing(source: pa.Array, prompt: pa.Array, answer: pa.Array, source_priority: Sequence[str]) -> NDArray[np.int64]:
    """At least 1, the smaller the better the copy: has an answer, comes from a preferred source, is long."""
    place = pc.index_in(source, pa.array(source_priority, pa.string())).fill_null(len(source_priority))
    length = pc.add(pc.utf8_length(prompt), pc.utf8_length(answer)).to_numpy().astype(np.int64)
    unanswered = pc.equal(answer, "").to_numpy(zero_copy_only=False).astype(np.int64)
    ranked = unanswered << 20 | place.to_numpy().astype(np.int64)
    return (ranked << _LENGTH_BITS | (1 << _LENGTH_BITS) - 1 - length) + 1


def sides_of(prompt: pa.Array, answer: pa.Array, by_side: bool) -> Sides:
    """The sides of each record. Not `by_side`, nothing has to be shared."""
    order = np.arange(2 * len(prompt)).reshape(2, -1).T.ravel()
    texts = pa.concat_arrays([prompt, answer]).take(pa.array(order))
    tokens, numbers = words(texts)
    if not by_side:
        return Sides(tokens, np.zeros(len(prompt), np.uint64))
    short, places = np.zeros(len(texts), np.uint64), np.flatnonzero(tokens.lengths < minhash.SHINGLE)
    short[places] = exact_keys(texts.take(pa.array(places)))[:, 0]
    both = numbers[::2] + numbers[1::2]
    return Sides(tokens, mix(mix(both + short[::2]) + short[1::2]))


def pairs(prints: DataFrame, parts: int, reach: int) -> DataFrame:
    """PAIRS, packed by the part of `left` (the smaller node): every two rows that met in a bucket, once for each part of buckets.

    Two rows of standing 0 never meet. `cut` is how many pairs of a bucket were left out.
    """

    def keyed(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield packed.filled(_scatter_bands(batch, parts))

    def meet(entries: pa.Table) -> pa.Table:
        return _meetings(entries, parts, reach)

    bands = prints.select("id", "standing", "bands").mapInArrow(keyed, packed.schema("key node tie"))
    return bands.groupBy("part").applyInArrow(meet, PAIRS)


def shared_with(signatures: pa.RecordBatch, keys: bytes) -> pa.RecordBatch:
    """The signatures, with standing 0, of which an ending or a band may be marked in `keys`."""
    ending = packed.gathered(signatures, "ending").reshape(-1, 2)
    found = np.asarray(packed.marked(keys, ending).any(axis=1))
    lengths = pc.binary_length(signatures["bands"]).to_numpy()
    held = packed.marked(keys, packed.gathered(signatures, "bands")).reshape(-1, minhash.BANDS)
    found[lengths > 0] |= held.any(axis=1)
    columns = ["id", "turns", "ending", "bands"]
    kept = signatures.select(columns).filter(pa.array(found))
    return kept.add_column(1, "standing", pa.array(np.zeros(kept.num_rows, np.int64)))


def asked(batch: pa.RecordBatch, parts: int) -> pa.RecordBatch:
    """The pairs of ids in two columns, of which the first stays, as PAIRS that were asked for."""
    (one, _), (other, _) = (packed.nodes(column) for column in batch.columns)
    return _packed(*_pair(one, other, np.ones(len(one), np.bool_), ASKED), parts, cut=0)


def _bands(sides: Sides) -> pa.Array:
    grams = minhash.shingles(sides.whole)
    long = np.flatnonzero(grams.lengths > 0)
    keys = minhash.band_keys(take_rows(grams, long), sides.guard[long]) if len(long) else np.zeros(0, np.uint64)
    ends = np.concatenate([[0], np.cumsum(np.where(grams.lengths > 0, _KEY_BYTES, 0))]).astype(np.int32)
    return pa.Array.from_buffers(pa.binary(), len(ends) - 1, [None, pa.py_buffer(ends), pa.py_buffer(keys.ravel())])


def _scatter_bands(batch: pa.RecordBatch, parts: int) -> pa.RecordBatch:
    """key, node and tie of every band of every row. Ties order a bucket: what stays in any case, then as the module says."""
    held = batch.filter(pc.greater(pc.binary_length(batch["bands"]), 0))
    keys = packed.gathered(held, "bands").reshape(-1, minhash.BANDS)
    standings = held["standing"].to_numpy()
    ties = (np.roll(keys, -1, axis=1) >> np.uint64(33)).astype(np.uint32)
    # the low bits of a standing fall as the record gets longer
    ties[:, ::2] = (standings & 0x7FFFFFFF).astype(np.uint32)[:, None]
    ties |= np.where(standings > 0, 1 << 31, 0).astype(np.uint32)[:, None]
    node, _ = packed.nodes(held["id"])
    columns = {"key": keys.ravel(), "node": np.repeat(node, minhash.BANDS), "tie": ties.ravel()}
    return packed.scatter(packed.part_of(keys.ravel(), parts), parts, columns)


def _meetings(entries: pa.Table, parts: int, reach: int) -> pa.Table:
    keys, nodes = packed.gathered(entries, "key"), packed.gathered(entries, "node")
    ties = packed.gathered(entries, "tie", np.uint32)
    shared = _shared(keys)
    order = shared[np.lexsort((nodes[shared], ties[shared], keys[shared]))]
    sizes = np.diff(np.flatnonzero(np.diff(keys[order], prepend=~keys[order][:1])), append=len(order))
    first, second = _places(keys[order], sizes, reach)
    keys, nodes, free = keys[order], nodes[order], ties[order] >> 31 == 1
    one, other = nodes[first], nodes[second]
    met = free[second] & (one != other)
    pairs = once(*_pair(one[met], other[met], ~free[first[met]], 0))
    cut = int((sizes * (sizes - 1) // 2).sum() - len(first))
    return pa.Table.from_batches([_packed(*pairs, parts, cut)])


def _pair(one: Hashes, other: Hashes, stays: NDArray[np.bool_], flag: int) -> tuple[Hashes, Hashes, NDArray[np.uint8]]:
    """left, right and flags of pairs; `stays` says whether `one` does, `flag` is set on all."""
    side = np.where(one < other, LEFT_STAYS, RIGHT_STAYS)
    return np.minimum(one, other), np.maximum(one, other), (np.where(stays, side, 0) | flag).astype(np.uint8)


def _packed(left: Hashes, right: Hashes, flags: NDArray[np.uint8], parts: int, cut: int) -> pa.RecordBatch:
    rows = packed.scatter(packed.part_of(left, parts), parts, {"left": left, "right": right, "flags": flags})
    return rows.append_column("cut", pa.array(np.where(np.arange(parts) == 0, cut, 0)))


def once(left: Hashes, right: Hashes, flags: NDArray[np.uint8]) -> tuple[Hashes, Hashes, NDArray[np.uint8]]:
    """Each pair once, in order. All copies of a pair have the same flags."""
    order = np.lexsort((right, left))
    left, right, flags = left[order], right[order], flags[order]
    news = np.ones(len(left), np.bool_)
    news[1:] = (left[1:] != left[:-1]) | (right[1:] != right[:-1])
    return left[news], right[news], flags[news]


def _shared(keys: Hashes) -> NDArray[np.int64]:
    """The places of keys that occur more than once."""
    order = np.argsort(keys)
    same = keys[order][1:] == keys[order][:-1]
    twice = np.zeros(len(keys), np.bool_)
    twice[1:] = same
    twice[:-1] |= same
    return order[twice]


def _places(keys: Hashes, sizes: NDArray[np.int64], reach: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places (first, second) that meet: of one bucket, and at most `reach` apart or the first opens the bucket."""
    opening = np.repeat(np.cumsum(sizes) - sizes, sizes)
    rows = np.arange(len(keys))
    far = np.flatnonzero(rows - opening > reach)
    first, second = [opening[far]], [far]
    for step in range(1, reach + 1):
        met = rows[rows - opening >= step]
        if not len(met):
            break
        first.append(met - step)
        second.append(met)
    return np.concatenate(first), np.concatenate(second)
