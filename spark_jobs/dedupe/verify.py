"""How similar candidate pairs really are: their shingle sets are compared, not their signatures.

Texts and pairs meet twice, part by part: in the part of the left record its shingles are made, once for each part that asks, and in
the part of the right record they are compared. So a part holds its own texts, its pairs, and the sets that its pairs ask for.
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql.pandas.types import from_arrow_schema

from spark_jobs.columnar import packed_rows as packed
from spark_jobs.columnar.word_hashes import Hashes, Ragged, mix, take_rows
from spark_jobs.dedupe import candidates, minhash

REJECTED = 1_000  # rejected pairs that are kept as a sample
NEAR, NUMBERS, WHOLE, PROMPT, ANSWER = range(5)  # why a pair is none, in this order
REASONS = ("near", "numbers_or_short_side", "whole_record", "prompt", "answer")

_TEXTS = "part int, id string, standing bigint, prompt string, answer string"
_SETS = "node rest standing guard whole whole_lengths prompt prompt_lengths answer answer_lengths"
_MEASURED = pa.schema(
    [("better", pa.string()), ("worse", pa.string())]
    + [(name, pa.float64()) for name in ("similarity", "prompt_similarity", "answer_similarity")]
    + [("verdict", pa.int32()), ("lot", pa.int64()), ("asked", pa.bool_()), ("compared", pa.int64())]
)


@dataclass(frozen=True)
class Sets:
    """The shingle sets of some records: a row for each, found by `node`."""

    node: Hashes
    rest: Hashes
    standing: Hashes
    guard: Hashes
    whole: Ragged
    prompt: Ragged
    answer: Ragged

    def take(self, rows: NDArray[np.int64]) -> "Sets":
        """The chosen rows, in the order asked for."""
        held: dict[str, Any] = {column.name: getattr(self, column.name) for column in fields(self)}
        chosen: dict[str, Any] = {
            name: take_rows(found, rows) if isinstance(found, Ragged) else found[rows] for name, found in held.items()
        }
        return Sets(**chosen)


@dataclass(frozen=True)
class Rule:
    """What a near-duplicate is: `threshold` for the whole record and, `by_side`, for each side, with the same numbers."""

    threshold: float
    by_side: bool


def texts(records: DataFrame, wanted: bytes, parts: int, source_priority: Sequence[str]) -> DataFrame:
    """Part, id, standing, prompt and answer of the records that may be `wanted`."""

    def sift(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            node, _ = packed.nodes(batch["id"])
            found = packed.marked(wanted, node)
            held, places = batch.filter(pa.array(found)), packed.part_of(node[found], parts)
            prompt, answer = candidates.filled(held, "prompt"), candidates.filled(held, "answer")
            standing = candidates.standing(held["source"], prompt, answer, source_priority)
            columns = [pa.array(places.astype(np.int32)), held["id"], pa.array(standing), prompt, answer]
            yield pa.RecordBatch.from_arrays(columns, names=["part", "id", "standing", "prompt", "answer"])

    return records.select("id", "source", "prompt", "answer").mapInArrow(sift, _TEXTS)


def measure(pairs: DataFrame, involved: DataFrame, parts: int, rule: Rule) -> DataFrame:
    """Near pairs, asked pairs and a sample of the rejected ones, with exact Jaccard similarities, and why the rejected are.

    Of a pair the one that stays in any case is `better`, else the one of the better standing and smaller id. One more row for
    each part, without ids, says how many pairs were `compared`. `lot` orders the rejected pairs by a hash.
    """

    def look_up(held: pa.Table, asked: pa.Table) -> pa.Table:
        return _lookups(held, asked, parts, rule)

    def compare(held: pa.Table, lookups: pa.Table) -> pa.Table:
        return _compared(held, lookups, rule)

    by_part = involved.groupBy("part")
    lookups = by_part.cogroup(pairs.drop("cut").groupBy("part")).applyInArrow(
        look_up, packed.schema(f"left right flags {_SETS}")
    )
    return by_part.cogroup(lookups.groupBy("part")).applyInArrow(compare, from_arrow_schema(_MEASURED))


def _lookups(held: pa.Table, asked: pa.Table, parts: int, rule: Rule) -> pa.Table:
    """Pairs and left sets, each sent to the part of the right record."""
    left, right, flags = candidates.once(
        packed.gathered(asked, "left"), packed.gathered(asked, "right"), packed.gathered(asked, "flags", np.uint8)
    )
    node, places = _index(held)
    found, rows = _find(node, left)
    left, right, flags, rows = left[found], right[found], flags[found], places[rows[found]]
    homes = packed.part_of(right, parts)
    needed = np.unique(np.stack([rows, homes], axis=1), axis=0) if len(rows) else np.zeros((0, 2), np.int64)
    wanted, positions = np.unique(needed[:, 0], return_inverse=True)
    sets = sets_of(held.take(pa.array(wanted)), rule.by_side).take(positions.ravel())
    pairs = packed.scatter(homes, parts, {"left": left, "right": right, "flags": flags})
    sent = packed.scatter(needed[:, 1], parts, {column.name: getattr(sets, column.name) for column in fields(sets)})
    for name in _SETS.split():
        pairs = pairs.append_column(name, sent[name])
    return pa.Table.from_batches([packed.filled(pairs)])


def _compared(held: pa.Table, lookups: pa.Table, rule: Rule) -> pa.Table:
    left, right = packed.gathered(lookups, "left"), packed.gathered(lookups, "right")
    flags = packed.gathered(lookups, "flags", np.uint8)
    sent = Sets(**{column.name: _column(lookups, column.name, column.type) for column in fields(Sets)})
    order = np.argsort(sent.node)
    node, places = _index(held)
    found, rows = _find(node, right)
    wanted, positions = np.unique(places[rows[found]], return_inverse=True)
    ours = sets_of(held.take(pa.array(wanted)), rule.by_side)
    _, lefts = _find(sent.node[order], left[found])
    lefts = order[lefts]
    parts: list[pa.Table] = []
    for start in range(0, len(lefts), minhash.MAX_BATCH):
        span = slice(start, start + minhash.MAX_BATCH)
        parts.append(_judged(sent.take(lefts[span]), ours.take(positions[span]), flags[found][span], rule))
    summary = pa.Table.from_pylist([{"compared": len(lefts)}], schema=_MEASURED)
    return _sampled(pa.concat_tables([*parts, summary]))


def sets_of(rows: pa.Table, by_side: bool) -> Sets:
    """The sets of every row of id, standing, prompt and answer."""
    chunks = [_sets(rows.slice(start, minhash.MAX_BATCH // 2), by_side) for start in _starts(rows.num_rows)]
    return _joined(chunks)


def _starts(rows: int) -> range:
    return range(0, max(rows, 1), minhash.MAX_BATCH // 2)


def _sets(rows: pa.Table, by_side: bool) -> Sets:
    prompt, answer = candidates.filled(rows, "prompt"), candidates.filled(rows, "answer")
    sides = candidates.sides_of(prompt, answer, by_side)
    each = minhash.distinct(minhash.shingles(sides.tokens))
    even = np.arange(0, 2 * rows.num_rows, 2)
    node, rest = packed.nodes(rows["id"].combine_chunks())
    whole = minhash.distinct(minhash.shingles(sides.whole))
    standing = rows["standing"].to_numpy().astype(np.uint64)
    return Sets(node, rest, standing, sides.guard, whole, take_rows(each, even), take_rows(each, even + 1))


def _joined(chunks: Sequence[Sets]) -> Sets:
    joined: dict[str, Any] = {}
    for column in fields(Sets):
        found = [getattr(chunk, column.name) for chunk in chunks]
        joined[column.name] = _ragged(found) if isinstance(found[0], Ragged) else np.concatenate(found)
    return Sets(**joined)


def _ragged(chunks: Sequence[Ragged]) -> Ragged:
    lengths = np.concatenate([chunk.lengths for chunk in chunks])
    return Ragged(np.concatenate([chunk.values for chunk in chunks]), np.concatenate([[0], np.cumsum(lengths)]))


def _column(table: pa.Table, name: str, kind: Any) -> Any:
    return packed.gathered_rows(table, name) if kind is Ragged else packed.gathered(table, name)


def _index(held: pa.Table) -> tuple[Hashes, NDArray[np.int64]]:
    """The nodes of a part's texts in order, and their rows; two ids of one node are left out, so that nothing rests on them."""
    node, _ = packed.nodes(held["id"].combine_chunks()) if held.num_rows else (np.zeros(0, np.uint64), None)
    found, rows, counts = np.unique(node, return_index=True, return_counts=True)
    return found[counts == 1], rows[counts == 1]


def _find(node: Hashes, wanted: Hashes) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Which of the wanted nodes are there, and the place of each (of some other where it is not)."""
    places = np.minimum(np.searchsorted(node, wanted), max(len(node) - 1, 0))
    return (node[places] == wanted if len(node) else np.zeros(len(wanted), np.bool_)), places


def _judged(left: Sets, right: Sets, flags: NDArray[np.uint8], rule: Rule) -> pa.Table:
    """The MEASURED row of each pair."""
    whole, prompt, answer = (
        minhash.jaccard(getattr(left, name), getattr(right, name)) for name in ("whole", "prompt", "answer")
    )
    fails = [left.guard != right.guard, whole < rule.threshold]
    fails += [prompt < rule.threshold, answer < rule.threshold] if rule.by_side else []
    verdict = np.select(fails, range(NUMBERS, NUMBERS + len(fails)), NEAR).astype(np.int32)
    lots = mix(left.node ^ mix(right.node)) >> np.uint64(1)
    rest = [lots.astype(np.int64), flags & candidates.ASKED > 0, np.zeros(len(lots), np.int64)]
    columns = [pa.array(column) for column in (*_ranked(left, right, flags), whole, prompt, answer, verdict, *rest)]
    return pa.Table.from_arrays(columns, schema=_MEASURED)


def _ranked(left: Sets, right: Sets, flags: NDArray[np.uint8]) -> tuple[pa.Array, pa.Array]:
    """The ids of the better and the worse one of each pair."""
    leads = (flags & candidates.LEFT_STAYS > 0) | (left.standing <= right.standing) & (
        flags & candidates.RIGHT_STAYS == 0
    )
    nodes, rests = ((left.node, right.node), (left.rest, right.rest))
    better, worse = (packed.ids("rec", np.where(first, *nodes), np.where(first, *rests)) for first in (leads, ~leads))
    return better, worse


def _sampled(measured: pa.Table) -> pa.Table:
    """All that is near, asked or a summary, and of the others the REJECTED first by lot."""
    verdict = measured["verdict"].fill_null(NEAR).to_numpy()
    asked = measured["asked"].fill_null(True).to_numpy(zero_copy_only=False)
    others = np.flatnonzero((verdict != NEAR) & ~asked)
    drawn = others[np.argsort(measured["lot"].fill_null(0).to_numpy()[others], kind="stable")[:REJECTED]]
    return measured.take(pa.array(np.concatenate([np.flatnonzero((verdict == NEAR) | asked), drawn])))
