"""From verified pairs to removals: who is kept, decided in rounds that never bring rows to the driver."""

from collections.abc import Iterator
from functools import reduce

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

FEW_EDGES = 1_000_000  # about 100 MB in one task: from here on a task of its own is faster than rounds of joins
_REMOVAL = "removed_id string, kept_id string, similarity double"


def star(edges: DataFrame, few_edges: int = FEW_EDGES) -> DataFrame:
    """removed_id, kept_id, similarity: a row goes if, and only if, one of its better neighbours stays.

    `edges` has better, worse, similarity; `better` must be a strict order. Only one set of rows has this property: the one
    that a walk over all rows, best first, would keep. A removed row names its most similar neighbour among the kept ones that
    decided it. In a round, rows without a better neighbour are kept and their neighbours go; long chains need more rounds.
    """
    undecided = edges.localCheckpoint()
    removals: list[DataFrame] = []
    while undecided.count() > few_edges:
        removal = _beside_kept(undecided).localCheckpoint()
        removals.append(removal)
        gone = removal.select("removed_id").distinct()
        undecided = _without(_without(undecided, gone, "worse"), gone, "better").localCheckpoint()
    removals.append(undecided.repartition(1).mapInArrow(_finish, _REMOVAL))
    closest = Window.partitionBy("removed_id").orderBy(F.desc("similarity"), "kept_id")
    every = reduce(DataFrame.unionByName, removals).withColumn("place", F.row_number().over(closest))
    return every.where("place = 1").drop("place")


def _beside_kept(edges: DataFrame) -> DataFrame:
    """The edges from rows that have no better neighbour: those stay, what they point to goes."""
    kept = _without(edges, edges.select(F.col("worse").alias("removed_id")).distinct(), "better")
    return kept.select(F.col("worse").alias("removed_id"), F.col("better").alias("kept_id"), "similarity")


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
    undecided = np.arange(edges.num_rows)
    while len(undecided):
        beaten = np.zeros(len(names), np.bool_)
        beaten[worse[undecided]] = True
        decided = undecided[~beaten[better[undecided]]]
        yield _removals(edges.take(pa.array(decided)))
        gone = np.zeros(len(names), np.bool_)
        gone[worse[decided]] = True
        undecided = undecided[~(gone[worse[undecided]] | gone[better[undecided]])]


def _removals(edges: pa.Table) -> pa.RecordBatch:
    columns = [edges[name].combine_chunks() for name in ("worse", "better", "similarity")]
    return pa.RecordBatch.from_arrays(columns, names=["removed_id", "kept_id", "similarity"])
