"""From verified pairs to removals: who is kept, decided in rounds that never bring rows to the driver."""

from collections.abc import Iterator
from functools import reduce

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

FEW_EDGES = 1_000_000  # about 100 MB in one task: from here on a task of its own is faster than rounds of joins
_REMOVAL = "removed_id string, kept_id string, similarity double"


def star(edges: DataFrame, count: int, few_edges: int = FEW_EDGES) -> DataFrame:
    """removed_id, kept_id, similarity: a row goes if, and only if, one of its better neighbours stays.

    `edges` (there are `count`) has better, worse, similarity; `better` must be a strict order. Only one set of rows has this
    property: the one that a walk over all rows, best first, would keep. A removed row names its most similar neighbour among the
    kept ones that decided it. In a round, rows without a better neighbour are kept and their neighbours go; long chains need more
    rounds.
    """
    undecided, removals = edges, list[DataFrame]()
    while count > few_edges:
        removal = _beside_kept(undecided).localCheckpoint()
        removals.append(removal)
        gone = removal.select("removed_id")
        undecided = _without(_without(undecided, gone, "worse"), gone, "better").localCheckpoint()
        count = undecided.count()
    removals.append(undecided.repartition(1).mapInArrow(_finish, _REMOVAL))
    return reduce(DataFrame.unionByName, removals)


def _beside_kept(edges: DataFrame) -> DataFrame:
    """Rows without a better neighbour stay, what they point to goes: each row once, in favour of the most similar one."""
    kept = _without(edges, edges.select(F.col("worse").alias("removed_id")).distinct(), "better")
    closest = F.struct((-F.col("similarity")).alias("distance"), "better", "similarity")
    found = kept.groupBy(F.col("worse").alias("removed_id")).agg(F.min(closest).alias("closest"))
    return found.select("removed_id", F.col("closest.better").alias("kept_id"), "closest.similarity")


def _without(edges: DataFrame, gone: DataFrame, side: str) -> DataFrame:
    return edges.join(gone.withColumnRenamed("removed_id", side), side, "left_anti")


def _finish(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """All remaining rounds in one task, on numbered rows."""
    parts = [batch for batch in batches if batch.num_rows]
    if not parts:
        return
    edges = pa.Table.from_batches(parts)
    names, codes = np.unique(
        np.concatenate([edges["better"].to_numpy(), edges["worse"].to_numpy()]), return_inverse=True
    )
    better, worse = codes[: edges.num_rows], codes[edges.num_rows :]
    distance = -edges["similarity"].to_numpy()
    undecided = np.lexsort((better, distance, worse))
    while len(undecided):
        beaten = np.zeros(len(names), np.bool_)
        beaten[worse[undecided]] = True
        decided = undecided[~beaten[better[undecided]]]
        yield _removals(edges.take(pa.array(decided[np.diff(worse[decided], prepend=-1) != 0])))
        gone = np.zeros(len(names), np.bool_)
        gone[worse[decided]] = True
        undecided = undecided[~(gone[worse[undecided]] | gone[better[undecided]])]


def _removals(edges: pa.Table) -> pa.RecordBatch:
    columns = [edges[name].combine_chunks() for name in ("worse", "better", "similarity")]
    return pa.RecordBatch.from_arrays(columns, names=["removed_id", "kept_id", "similarity"])
