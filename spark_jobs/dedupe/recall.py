"""Precision and recall of deduplication on every run: on a bounded sample, against an exact join and against planted copies.

What is measured is the rule and the bands: the sample's buckets are hardly ever crowded, so what `reach` cuts in the whole table does
not show here and is counted by the job as `cut_pairs`. Words are those of the job; shingles, sets and similarities are made anew.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from scipy.sparse import csr_array

from spark_jobs.columnar.word_hashes import Hashes, Ragged, exact_keys, words
from spark_jobs.dedupe import candidates, minhash
from spark_jobs.dedupe.verify import Rule

SAMPLE = 1_000  # records, each with one planted copy
REMOVALS = 300
EDITS = (0.01, 0.02, 0.04, 0.06)  # shares of words replaced: copies on both sides of the threshold

_COLUMNS = ("id", "prompt", "answer")

Record = tuple[str, str]  # prompt, answer
Grams = set[tuple[int, ...]]
Pairs = NDArray[np.int64]  # places of two rows, shape (pairs, 2), smaller first


@dataclass(frozen=True)
class Truth:
    """What the rule asks of some records: sets of word tuples, the numbers, the keys of short sides."""

    whole: list[Grams]
    sides: tuple[list[Grams], list[Grams]]
    keys: tuple[Hashes, Hashes]
    numbers: Hashes

    def near(self, one: int, other: int, rule: Rule) -> bool:
        """Whether two rows are near-duplicates."""
        if _similarity(self.whole[one], self.whole[other]) < rule.threshold:
            return False
        return not rule.by_side or (
            self.numbers[one] == self.numbers[other]
            and all(self._side(side, one, other, rule.threshold) for side in range(2))
        )

    def _side(self, side: int, one: int, other: int, threshold: float) -> bool:
        left, right = self.sides[side][one], self.sides[side][other]
        if left and right:
            return _similarity(left, right) >= threshold
        return not left and not right and bool((self.keys[side][one] == self.keys[side][other]).all())


def quality(
    records: DataFrame, before: DataFrame | None, duplicates: DataFrame, rows: int, rule: Rule
) -> dict[str, float]:
    """precision_sampled, recall_sampled and recall_planted; each is left out where its sample has nothing to tell.

    Precision: of REMOVALS near removals, the share that is justified when compared again. Recall: of the pairs that the rule makes
    near-duplicates among SAMPLE records, those removals, and planted copies, the share that meets in a bucket.
    """
    near = duplicates.where("rule = 'near'").orderBy("removed_id").limit(REMOVALS)
    removals = [(row["removed_id"], row["kept_id"]) for row in near.collect()]
    named = sorted({id_ for pair in removals for id_ in pair})
    # ids are hashes: the smallest are a sample
    bound = f"rec_{min(int(SAMPLE / max(rows, 1) * 16**24), 16**24 - 1):024x}"
    chosen = records.where((F.col("id") <= bound) | F.col("id").isin(named)).select(*_COLUMNS)
    if before is not None:
        chosen = chosen.unionByName(before.where(F.col("id").isin(named)).select(*_COLUMNS))
    found = {row["id"]: (row["prompt"] or "", row["answer"] or "") for row in chosen.limit(4 * SAMPLE).collect()}
    return figures(found, removals, rule)


def figures(sample: Mapping[str, Record], removals: Sequence[tuple[str, str]], rule: Rule) -> dict[str, float]:
    """The figures of `quality` for records by id and (removed, kept) ids."""
    ids = sorted(sample)
    place = {id_: number for number, id_ in enumerate(ids)}
    copies = [planted(sample[id_], id_, EDITS[number % len(EDITS)]) for number, id_ in enumerate(ids[:SAMPLE])]
    rows = [*(sample[id_] for id_ in ids), *copies]
    truth = truth_of(rows)
    known = [(place[one], place[other]) for one, other in removals if one in place and other in place]
    pairs = exact_join(truth, rule)
    met = meet(rows, pairs, rule)
    plants = pairs[:, 1] - pairs[:, 0] == len(ids)
    shares = {
        "precision_sampled": [truth.near(one, other, rule) for one, other in known],
        "recall_sampled": met[~plants],
        "recall_planted": met[plants],
    }
    return {name: round(float(np.mean(share)), 6) for name, share in shares.items() if len(share)}


def planted(record: Record, seed: str, share: float) -> Record:
    """A copy with a share of its words replaced by other words of its own; the same for the same seed."""
    draw = random.Random(seed)
    pool = " ".join(record).split()
    prompt, answer = (
        " ".join(draw.choice(pool) if draw.random() < share else word for word in side.split()) for side in record
    )
    return prompt, answer


def truth_of(rows: Sequence[Record]) -> Truth:
    """What the rule asks of each of the rows."""
    sides = [pa.array([row[side] for row in rows], pa.string()) for side in range(2)]
    tokens = [words(side) for side in sides]
    whole, numbers = words(pa.array([f"{prompt}\n{answer}" for prompt, answer in rows], pa.string()))
    return Truth(
        _grams(whole),
        (_grams(tokens[0][0]), _grams(tokens[1][0])),
        (exact_keys(sides[0]), exact_keys(sides[1])),
        numbers,
    )


def exact_join(truth: Truth, rule: Rule) -> Pairs:
    """Every pair that the rule makes near-duplicates, from the number of shingles that each two rows share."""
    codes: dict[tuple[int, ...], int] = {}
    columns = [codes.setdefault(gram, len(codes)) for grams in truth.whole for gram in grams]
    ends = np.cumsum([0, *map(len, truth.whole)])
    held = csr_array((np.ones(len(columns), np.int32), columns, ends), shape=(len(ends) - 1, max(len(codes), 1)))
    shared = (held @ held.T).tocoo()
    sizes = np.diff(ends)
    close = (shared.row < shared.col) & (
        shared.data >= rule.threshold * np.maximum(sizes[shared.row], sizes[shared.col])
    )
    places = zip(shared.row[close].tolist(), shared.col[close].tolist(), strict=True)
    pairs = sorted(pair for pair in places if truth.near(*pair, rule))
    return np.array(pairs, np.int64).reshape(-1, 2)


def meet(rows: Sequence[Record], pairs: Pairs, rule: Rule) -> NDArray[np.bool_]:
    """Whether each pair shares the key of a band. Every row of a pair must have a shingle."""
    named, places = np.unique(pairs, return_inverse=True)
    prompt, answer = (pa.array([rows[row][side] for row in named], pa.string()) for side in range(2))
    sides = candidates.sides_of(prompt, answer, rule.by_side)
    if not len(named):
        return np.zeros(0, np.bool_)
    keys = minhash.band_keys(minhash.shingles(sides.whole), sides.guard)
    left, right = places.reshape(-1, 2).T
    return (keys[left] == keys[right]).any(axis=1)


def _grams(tokens: Ragged) -> list[Grams]:
    rows = np.split(tokens.values, tokens.offsets[1:-1])
    return [set(zip(*(row.tolist()[start:] for start in range(minhash.SHINGLE)), strict=False)) for row in rows]


def _similarity(one: Grams, other: Grams) -> float:
    return len(one & other) / len(one | other) if one or other else 1.0
