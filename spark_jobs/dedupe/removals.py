"""From near pairs to removals: who is kept, decided in rounds that never bring rows to the driver.

A row goes if, and only if, a better neighbour of it stays. So every removal names a row that is itself similar (a star around the
survivor), and never follows a chain. Of the chain a - b - c, best first, b goes for a; then nothing is left that c could go for:

    >>> edges = pa.RecordBatch.from_pydict({"better": ["a", "b"], "worse": ["b", "c"], "similarity": [0.8, 0.9]})
    >>> [removal for batch in all_rounds([edges]) for removal in batch.to_pylist()]
    [{'removed_id': 'b', 'kept_id': 'a', 'similarity': 0.8}]
"""

from collections.abc import Iterable, Iterator
from functools import reduce

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.columnar.cut_lineage import cut_lineage

FEW_EDGES = 1_000_000  # about 100 MB in one task: up to here a task of its own is faster than rounds of joins
_REMOVAL = "removed_id string, kept_id string, similarity double"


def near_removals(edges: DataFrame, count: int, few_edges: int = FEW_EDGES) -> DataFrame:
    """removed_id, kept_id, similarity: a row goes if, and only if, one of its better neighbours stays.

    `edges` (there are `count`) has better, worse, similarity; `better` must be a strict order. Only one set of rows has this
    property: the one that a walk over all rows, best first, would keep (the greedy maximal independent set). A removed row names
    its most similar neighbour among the kept ones that decided it. In a round, rows without a better neighbour are kept and their
    neighbours go; long chains need more rounds.
    """
    undecided, removals = edges, list[DataFrame]()
    while count > few_edges:
        # without checkpoints each round would compute all those before it again
        removal = cut_lineage(_one_round(undecided))
        removals.append(removal)
        removed = removal.select("removed_id")
        undecided = cut_lineage(_without(_without(undecided, removed, "worse"), removed, "better"))
        count = undecided.count()
    removals.append(undecided.repartition(1).mapInArrow(all_rounds, _REMOVAL))
    return reduce(DataFrame.unionByName, removals)


def all_rounds(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same in one task, a batch of removals for each round; `batches` hold edges."""
    pieces = [batch for batch in batches if batch.num_rows]
    if not pieces:
        return
    edges = pa.Table.from_batches(pieces)
    names, codes = np.unique(
        np.concatenate([edges["better"].to_numpy(), edges["worse"].to_numpy()]), return_inverse=True
    )
    better, worse = codes[: edges.num_rows], codes[edges.num_rows :]
    # of each worse row the most similar neighbour first
    undecided = np.lexsort((better, -edges["similarity"].to_numpy(), worse))
    while len(undecided):
        has_better = np.zeros(len(names), np.bool_)
        has_better[worse[undecided]] = True
        decided = undecided[~has_better[better[undecided]]]
        closest = decided[np.diff(worse[decided], prepend=-1) != 0]
        removal = edges.take(pa.array(closest)).select(["worse", "better", "similarity"])
        yield from removal.rename_columns(["removed_id", "kept_id", "similarity"]).combine_chunks().to_batches()
        removed = np.zeros(len(names), np.bool_)
        removed[worse[decided]] = True
        undecided = undecided[~(removed[worse[undecided]] | removed[better[undecided]])]


def _one_round(edges: DataFrame) -> DataFrame:
    """Rows without a better neighbour stay, what they point to goes: each row once, in favour of the most similar one."""
    decided = _without(edges, edges.select(F.col("worse").alias("removed_id")).distinct(), "better")
    closest = F.struct((-F.col("similarity")).alias("distance"), "better", "similarity")
    removals = decided.groupBy(F.col("worse").alias("removed_id")).agg(F.min(closest).alias("closest"))
    return removals.select("removed_id", F.col("closest.better").alias("kept_id"), "closest.similarity")


def _without(edges: DataFrame, removed: DataFrame, side: str) -> DataFrame:
    return edges.join(removed.withColumnRenamed("removed_id", side), side, "left_anti")
