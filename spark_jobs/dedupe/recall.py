"""Precision and recall of deduplication on every run: on a bounded sample, against an exact join and against planted copies.

What is measured is the rule and the bands: the sample's buckets are hardly ever crowded, so what `reach` cuts in the whole table
does not show here and is counted by the job as `cut_pairs`. Words are those of the job; shingles are made anew as tuples, sets
and similarities as Python sets: a fault of the job's own arithmetic would show.

Three records, the second a copy of the first but for case, the third of another answer: one true pair, and it shares a bucket.

    >>> prompt, answer = "How is a boat kept dry in winter?", "Raise it from the ground and cover it."
    >>> rows = [(prompt, answer), (prompt.upper(), answer), (prompt, "Sell it and rent another one in spring.")]
    >>> rule = Rule(threshold=0.7, by_side=True)
    >>> pairs = exact_join(truth_of(rows), rule)
    >>> pairs.tolist(), share_a_bucket(rows, pairs, rule).tolist()
    ([[0, 1]], [True])
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

from lake.tables.reasons import DUPLICATE_RULES
from spark_jobs.columnar.hashes import Hashes
from spark_jobs.columnar.opposites import contradict, excluding_words
from spark_jobs.columnar.ragged import Ragged, take_rows
from spark_jobs.columnar.shingles import SHINGLE, shingles
from spark_jobs.dedupe import minhash
from spark_jobs.dedupe.sides import sides_of
from spark_jobs.dedupe.verify import Rule

SAMPLE = 1_000  # records, each with one planted copy
REMOVALS = 300
EDITS = (0.01, 0.02, 0.04, 0.06)  # shares of words replaced: copies on both sides of the threshold

_, _NEAR = DUPLICATE_RULES
_COLUMNS = ("id", "prompt", "answer")

Record = tuple[str, str]  # prompt, answer
Grams = set[tuple[int, ...]]
Pairs = NDArray[np.int64]  # numbers of two rows, shape (pairs, 2), the smaller first


@dataclass(frozen=True)
class Truth:
    """What the rule asks of some records.

    whole, sides: sets of word tuples, of the record and of prompt and answer. guard: of its signs and short sides, uint64 (records,).
    excluding: its words that exclude others.
    """

    whole: list[Grams]
    sides: tuple[list[Grams], list[Grams]]
    guard: Hashes
    excluding: Ragged

    def near(self, one: int, other: int, rule: Rule) -> bool:
        """Whether two rows are near-duplicates."""
        if _similarity(self.whole[one], self.whole[other]) < rule.threshold:
            return False
        if not rule.by_side:
            return True
        alike = [_similarity(side[one], side[other]) >= rule.threshold for side in self.sides]
        return bool(self.guard[one] == self.guard[other]) and all(alike) and not self._contradict(one, other)

    def _contradict(self, one: int, other: int) -> bool:
        left, right = (take_rows(self.excluding, np.array([row])) for row in (one, other))
        return bool(contradict(left, right)[0])


def precision_and_recall(
    records: DataFrame, published: DataFrame | None, duplicates: DataFrame, count: int, rule: Rule
) -> dict[str, float]:
    """precision_sampled, recall_sampled and recall_planted; each is left out where its sample has nothing to say.

    Precision: of REMOVALS near removals, the share that is justified when compared again. Recall: of the pairs that the rule makes
    near-duplicates among SAMPLE records, those removals, and planted copies, the share that meets in a bucket. There are `count`
    records; a removal may name a `published` one.
    """
    near = duplicates.where(F.col("rule") == _NEAR).orderBy("removed_id").limit(REMOVALS)
    removals = [(row["removed_id"], row["kept_id"]) for row in near.collect()]
    named = sorted({id_ for pair in removals for id_ in pair})
    # ids are hashes: the smallest are a sample
    bound = f"rec_{min(int(SAMPLE / max(count, 1) * 16**24), 16**24 - 1):024x}"
    chosen = records.where((F.col("id") <= bound) | F.col("id").isin(named)).select(*_COLUMNS)
    if published is not None:
        chosen = chosen.unionByName(published.where(F.col("id").isin(named)).select(*_COLUMNS))
    sample = {row["id"]: (row["prompt"] or "", row["answer"] or "") for row in chosen.limit(4 * SAMPLE).collect()}
    return figures_of_sample(sample, removals, rule)


def figures_of_sample(
    sample: Mapping[str, Record], removals: Sequence[tuple[str, str]], rule: Rule
) -> dict[str, float]:
    """The figures of `precision_and_recall` for records by id, and (removed, kept) ids."""
    ids = sorted(sample)
    place = {id_: number for number, id_ in enumerate(ids)}
    copies = [planted_copy(sample[id_], id_, EDITS[number % len(EDITS)]) for number, id_ in enumerate(ids[:SAMPLE])]
    rows = [*(sample[id_] for id_ in ids), *copies]
    truth = truth_of(rows)
    in_sample = [(place[one], place[other]) for one, other in removals if one in place and other in place]
    pairs = exact_join(truth, rule)
    meets = share_a_bucket(rows, pairs, rule)
    # a copy stands as far behind its original as there are originals
    is_planted = pairs[:, 1] - pairs[:, 0] == len(ids)
    shares = {
        "precision_sampled": [truth.near(one, other, rule) for one, other in in_sample],
        "recall_sampled": meets[~is_planted],
        "recall_planted": meets[is_planted],
    }
    return {name: round(float(np.mean(share)), 6) for name, share in shares.items() if len(share)}


def planted_copy(record: Record, seed: str, share: float) -> Record:
    """A copy with a share of its words replaced by other words of its own; the same for the same seed."""
    draw = random.Random(seed)
    pool = " ".join(record).split()
    prompt, answer = (
        " ".join(draw.choice(pool) if draw.random() < share else word for word in side.split()) for side in record
    )
    return prompt, answer


def truth_of(rows: Sequence[Record]) -> Truth:
    """What the rule asks of each of the rows."""
    prompts, answers = (pa.array([row[side] for row in rows], pa.string()) for side in range(2))
    sides = sides_of(prompts, answers, by_side=True)
    grams = _grams(sides.words)
    return Truth(_grams(sides.whole), (grams[::2], grams[1::2]), sides.guard, excluding_words(sides.whole))


def exact_join(truth: Truth, rule: Rule) -> Pairs:
    """Every pair that the rule makes near-duplicates, from the number of shingles that each two rows share."""
    codes: dict[tuple[int, ...], int] = {}
    columns = [codes.setdefault(gram, len(codes)) for grams in truth.whole for gram in grams]
    ends = np.cumsum([0, *map(len, truth.whole)])
    # a row for each record, a column for each shingle: the product with itself counts shared shingles
    has = csr_array((np.ones(len(columns), np.int32), columns, ends), shape=(len(ends) - 1, max(len(codes), 1)))
    shared = (has @ has.T).tocoo()
    sizes = np.diff(ends)
    # J >= t implies that the shared ones are at least t of the larger set
    close = (shared.row < shared.col) & (
        shared.data >= rule.threshold * np.maximum(sizes[shared.row], sizes[shared.col])
    )
    places = zip(shared.row[close].tolist(), shared.col[close].tolist(), strict=True)
    pairs = sorted(pair for pair in places if truth.near(*pair, rule))
    return np.array(pairs, np.int64).reshape(-1, 2)


def share_a_bucket(rows: Sequence[Record], pairs: Pairs, rule: Rule) -> NDArray[np.bool_]:
    """Whether each pair shares the key of a band, bool (pairs,). Every row of a pair must have a shingle."""
    named, places = np.unique(pairs, return_inverse=True)
    if not len(named):
        return np.zeros(0, np.bool_)
    prompt, answer = (pa.array([rows[row][side] for row in named], pa.string()) for side in range(2))
    sides = sides_of(prompt, answer, rule.by_side)
    keys = minhash.band_keys(shingles(sides.whole), sides.guard)
    left, right = places.reshape(-1, 2).T
    return (keys[left] == keys[right]).any(axis=1)


def _grams(words: Ragged) -> list[Grams]:
    rows = np.split(words.values, words.offsets[1:-1])
    return [set(zip(*(row.tolist()[start:] for start in range(SHINGLE)), strict=False)) for row in rows]


def _similarity(one: Grams, other: Grams) -> float:
    return len(one & other) / len(one | other) if one or other else 1.0
