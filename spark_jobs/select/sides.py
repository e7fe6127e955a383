"""Distilled items and originals, one side after the other: what each adds, and which of them fit."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import reduce

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lake.harness.job import JobContext
from spark_jobs.columnar.cells import split_crowded
from spark_jobs.columnar.cut_lineage import cut_lineage
from spark_jobs.columnar.vectors import from_int16_bytes
from spark_jobs.select.gain import ORDERS, Rows
from spark_jobs.select.params import SelectParams
from spark_jobs.select.quotas import Room, first_that_fit

_FILLED = {
    "over_budget": "the budget",
    "source_quota": "what its source may have",
    "licence_quota": "what its licence class may have",
}


def selected(
    rows: DataFrame, placed: DataFrame, params: SelectParams, context: JobContext
) -> tuple[DataFrame, DataFrame]:
    """Those of `rows` that are released; and of the others origin_id, origin, sources, reason and detail.

    rows: origin_id, origin, score, sources, licence_class, size. placed: as `in_cells` gives it. Distilled items first, then originals:
    what an original adds is asked beside the items that were taken.
    """
    counts = rows.groupBy("origin").agg(F.count("*").alias("n"), F.sum("size").alias("size")).collect()
    available = {row["origin"]: row for row in counts}
    sizes = {origin: available[origin]["size"] if origin in available else 0 for origin in ("distilled", "original")}
    # where originals fall short, distilled items get their part, and the other way round
    budget = max(round(params.budget * params.distilled_share), params.budget - sizes["original"])
    released, left = list[DataFrame](), list[DataFrame]()
    for origin in sizes:
        side = cut_lineage(
            rows.where(F.col("origin") == origin).join(gains(placed, origin, released, params), "origin_id")
        )
        taken, ends = first_that_fit(side, room(params, budget, used_by(released)), _order(params, origin))
        taken = cut_lineage(taken)
        count, size, gain = taken.agg(F.count("*"), F.sum("size"), F.sum("gain")).collect()[0]
        context.metrics[f"available/{origin}"] = float(available[origin]["n"] if origin in available else 0)
        context.metrics.update({f"selected/{origin}": float(count), f"gain/{origin}": float(gain or 0)})
        budget = params.budget - (size or 0)
        released.append(taken)
        left.append(not_taken(side, taken, ends))
    return reduce(DataFrame.unionByName, released), reduce(DataFrame.unionByName, left)


def gains(placed: DataFrame, origin: str, released: Sequence[DataFrame], params: SelectParams) -> DataFrame:
    """origin_id and gain of each row of `origin`, by the measure that `order` names, beside what is released already."""
    chosen = [rows.select(F.col("origin_id").alias("id"), F.lit(True).alias("released")) for rows in released]
    nothing = placed.select("id", F.lit(True).alias("released")).limit(0)
    marked = placed.join(reduce(DataFrame.unionByName, chosen, nothing), "id", "left")
    measure, most = ORDERS[params.order], 2 * params.rows_per_cell

    def of_cell(cell: pa.Table) -> pa.Table:
        cell = cell.sort_by("id")
        vectors, scores = from_int16_bytes(cell["vector"]), cell["score"].to_numpy()
        wanted = np.array([one == origin for one in cell["origin"].to_pylist()])
        taken = cell["released"].fill_null(False).to_numpy()
        found = [pa.table({"origin_id": pa.array([], pa.string()), "gain": pa.array([], pa.float64())})]
        for part in map(np.sort, split_crowded(vectors, np.arange(len(vectors)), most)):
            asked = np.flatnonzero(wanted[part])
            gain = measure(Rows(vectors[part], scores[part]), asked, np.flatnonzero(taken[part]))
            found.append(pa.table({"origin_id": cell["id"].take(part[asked]), "gain": gain}))
        return pa.concat_tables(found)

    return marked.groupBy("cell").applyInArrow(of_cell, "origin_id string, gain double")


def room(params: SelectParams, budget: int, used: Mapping[tuple[str, str], int]) -> Room:
    """`budget` for one side, and the quotas, which are shares of the whole budget."""
    licences = {name: int(params.budget * share) for name, share in params.licence_shares.items()}
    return Room(budget, int(params.budget * params.source_share), licences, used)


def used_by(released: Sequence[DataFrame]) -> Counter[tuple[str, str]]:
    """How much of the quotas is filled, by source and by licence class: as many figures as there are of these."""
    used = Counter[tuple[str, str]]()
    for rows in released:
        for kind, name in (("source", F.explode("sources")), ("licence", F.col("licence_class"))):
            named = rows.select(name.alias("name"), "size").groupBy("name").agg(F.sum("size").alias("size"))
            used.update({(kind, row["name"]): row["size"] for row in named.collect()})
    return used


def not_taken(side: DataFrame, taken: DataFrame, ends: DataFrame) -> DataFrame:
    """origin_id, origin, sources, reason and detail of what was left out of one side; `ends` says why for each kind."""
    others = side.join(taken.select("origin_id"), "origin_id", "left_anti")
    others = others.join(F.broadcast(ends), ["sources", "licence_class"], "left")
    reason = F.coalesce("reason", F.lit("over_budget"))  # of a kind that nobody came to
    filled = F.try_element_at(F.create_map(*(F.lit(text) for pair in _FILLED.items() for text in pair)), reason)
    detail = F.format_string("score %.2f, gain %.4f; better ones filled %s", "score", "gain", filled)
    return others.select("origin_id", "origin", "sources", reason.alias("reason"), detail.alias("detail"))


def _order(params: SelectParams, origin: str) -> Sequence[Column]:
    """The order in which rows of a side are taken; ties go to the smaller id."""
    # as published: originals by score, then by how rare they are; distilled items by that alone (method §5.5, §5.6)
    by_score = [F.desc("score")] if params.order == "long_tail" and origin == "original" else []
    return [*by_score, F.desc("gain"), F.col("origin_id")]
