"""Groups of similar low-rated records, two to five by default, and the reason for every record left alone.

Two-level: coarse cells on Spark, exact greedy groups inside a cell. What a pass leaves over is placed in other, fewer cells in
the next pass, because cells cut some neighbours apart. Does not yet: keep the groups of an older run while new rows arrive, or
prove by exact search how many singletons still have a free neighbour.
"""

from collections.abc import Iterator
from functools import reduce

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lake.embedder import DEFAULT
from lake.job import JobContext, Params, SparkInputs, SparkRows
from spark_jobs import grouping, vectors
from spark_jobs.embed import with_vectors
from spark_jobs.grouping import SizeLaw
from spark_jobs.neighbours import in_cells, nearest, train_cells

_LOOK = 5  # neighbours of a singleton that are looked at for its reason
_MEMBER = "group_id string, id string, size int, similarity double, cohesion double"


class GroupParams(Params):
    """How similar members must be, and how many there are."""

    similarity_floor: float = Field(0.6, ge=0, le=1, description="least cosine between any two members")
    least_size: int = Field(2, ge=2, description="fewest members of a group")
    most_size: int = Field(5, ge=2, le=100, description="most members of a group")
    mean_size: float = Field(3.0, gt=0, description="mean of the normal draw that sets a group's capacity")
    sd_size: float = Field(1.0, ge=0, description="standard deviation of that draw")
    within_source: bool = Field(False, description="group only rows of one source")
    passes: int = Field(3, ge=1, le=10, description="how often the rows left over are placed in other cells")
    rows_per_cell: int = Field(1_000, ge=10, le=5_000, description="rows of one coarse cell, on average")
    seed: int = Field(7, description="varies cells and sizes")
    embedder: str = Field(DEFAULT, min_length=1, description="the embedder whose vectors are compared")

    @model_validator(mode="after")
    def _sizes_are_in_order(self) -> "GroupParams":
        if self.most_size < self.least_size:
            raise ValueError(f"most_size ({self.most_size}) must not be below least_size ({self.least_size})")
        return self

    @property
    def law(self) -> SizeLaw:
        """The law that a group's capacity is drawn from."""
        return SizeLaw(self.least_size, self.most_size, self.mean_size, self.sd_size, self.seed)


def groups(inputs: SparkInputs, params: GroupParams, context: JobContext) -> SparkRows:
    """Members of groups, and low-rated records without a group with the reason; every low-rated record is one of the two.

    Licence, language and item type are never mixed. The id of a group is a hash of its members' ids.
    """
    low = low_rated(inputs["silver/unique_instructions"], inputs["silver/quality"]).persist()
    eligible = with_vectors(low.where("barred is null"), inputs["silver/embeddings"], params.embedder)
    eligible = eligible.withColumn("kind", _kind(params)).select("id", "kind", "vector").persist()
    members = grouped(eligible, params).persist()
    alone = singletons(low, eligible, members, params).persist()
    context.metrics.update(_figures(members, alone, eligible))
    facts = low.select("id", "source", "licence", "language", "item_type")
    return {"silver/groups": members.join(facts, "id"), "silver/singletons": alone}


def low_rated(records: DataFrame, quality: DataFrame) -> DataFrame:
    """The records whose score is not high, with `barred`: why a record may not be merged, or null."""
    low = records.join(quality.where("not high").select("id"), "id", "left_semi")
    barred = F.when(F.size(F.coalesce("personal", F.array())) > 0, "personal_data").when(
        F.col("licence").isNull(), "unknown_licence"
    )
    return low.withColumn("barred", barred)


def grouped(eligible: DataFrame, params: GroupParams) -> DataFrame:
    """group_id, id, size, similarity, cohesion of every member. `eligible` has id, kind, vector."""
    found: list[DataFrame] = []
    left = eligible
    for turn in range(params.passes):
        centres = train_cells(left, params.rows_per_cell, f"pass {params.seed} {turn}")
        found.append(_one_pass(left, centres, params).localCheckpoint())
        if len(centres) < 2:  # nothing was cut apart: another pass would find the same
            break
        left = left.join(found[-1], "id", "left_anti").localCheckpoint()
    return reduce(DataFrame.unionByName, found)


def singletons(low: DataFrame, eligible: DataFrame, members: DataFrame, params: GroupParams) -> DataFrame:
    """The low-rated records without a group: barred, with close records of another kind only, or with no free neighbour."""
    alone = eligible.join(members, "id", "left_anti").select("id", "kind", "vector").persist()
    closest = nearest(eligible.select("id", "vector"), _LOOK, sought=alone.select("id", "vector"))
    kinds = eligible.select(F.col("id").alias("neighbour_id"), F.col("kind").alias("other_kind"))
    close = F.col("similarity") >= params.similarity_floor
    beside = (
        alone.select("id", "kind")
        .join(closest, "id")
        .join(kinds, "neighbour_id")
        .groupBy("id")
        .agg(
            F.bool_or(close & (F.col("kind") == F.col("other_kind"))).alias("same"),
            F.bool_or(close).alias("any"),
            F.max_by("neighbour_id", F.struct("similarity", "neighbour_id")).alias("nearest"),
            F.max("similarity").alias("similarity"),
        )
    )
    reasons = beside.select(
        "id",
        F.when(F.col("any") & ~F.col("same"), "mixed_only").otherwise("no_neighbour").alias("reason"),
        F.format_string("nearest record %s, cosine %.3f", "nearest", "similarity").alias("detail"),
    )
    left = low.join(members, "id", "left_anti").join(reasons, "id", "left")
    return left.select(
        "id",
        "source",
        F.lit("not_grouped").alias("outcome"),
        F.coalesce("barred", "reason", F.lit("no_neighbour")).alias("reason"),
        F.coalesce("detail", "barred", F.lit("no other record to compare with")).alias("detail"),
    )


def _kind(params: GroupParams) -> Column:
    """What members have in common: rows of two kinds never meet."""
    parts = ["licence", "language", "item_type", *(["source"] if params.within_source else [])]
    return F.to_json(F.struct(*parts))


def _one_pass(rows: DataFrame, centres: vectors.Vectors, params: GroupParams) -> DataFrame:
    placed = in_cells(rows, centres).drop("home")
    cells = placed.join(rows.select("id", "kind"), "id").groupBy("cell", "kind")

    def group_cell(cell: pa.Table) -> pa.Table:
        return _group_cell(cell, params)

    return cells.applyInArrow(group_cell, _MEMBER)


def _group_cell(cell: pa.Table, params: GroupParams) -> pa.Table:
    """The groups of one cell, in parts of bounded size."""
    cell = cell.sort_by("id")
    ids, rows = cell["id"].to_numpy(), vectors.unit(vectors.rows_of(cell["vector"]))
    parts = vectors.bounded(rows, np.arange(len(ids)), 2 * params.rows_per_cell)
    return pa.Table.from_pylist(
        [row for part in parts for row in _members(ids[np.sort(part)], rows[np.sort(part)], params)],
        schema=pa.schema(
            [
                ("group_id", pa.string()),
                ("id", pa.string()),
                ("size", pa.int32()),
                ("similarity", pa.float64()),
                ("cohesion", pa.float64()),
            ]
        ),
    )


def _members(ids: np.ndarray, rows: vectors.Vectors, params: GroupParams) -> Iterator[dict[str, object]]:
    for group in grouping.groups(ids, rows, params.similarity_floor, params.law):
        for member, similarity in zip(ids[group.members], group.similarity, strict=True):
            yield {
                "group_id": group.id,
                "id": member,
                "size": len(group.members),
                "similarity": float(similarity),
                "cohesion": group.cohesion,
            }


def _figures(members: DataFrame, alone: DataFrame, eligible: DataFrame) -> dict[str, float]:
    """Groups and singletons, sizes, mean cohesion, and what a random grouping of the same rows would have."""
    sizes = members.groupBy("size").agg(
        F.count_distinct("group_id").alias("groups"), F.sum(F.col("cohesion") / F.col("size")).alias("total")
    )
    rows = sizes.collect()
    count = sum(row["groups"] for row in rows)
    left, taken = alone.count(), sum(row["groups"] * row["size"] for row in rows)
    figures = {"groups": float(count), "singletons": float(left), "singletons_share": left / max(left + taken, 1)}
    figures |= {f"groups_of/{row['size']}": float(row["groups"]) for row in sorted(rows, key=lambda row: row["size"])}
    if count:
        figures["cohesion_mean"] = sum(row["total"] for row in rows) / count
        figures["cohesion_random"] = _mean_cosine(eligible.join(members, "id", "left_semi"), taken)
    return figures


def _mean_cosine(rows: DataFrame, count: int) -> float:
    """The mean cosine of all pairs of unit rows, which is the expected cohesion of a random grouping of any sizes."""
    sums = rows.select("vector").mapInArrow(_sum, "total array<double>")
    total = np.sum([row["total"] for row in sums.collect()], axis=0)
    return float((total @ total - count) / (count * (count - 1)))


def _sum(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The sum of a partition's vectors: one row a partition goes to the driver."""
    sums = [vectors.rows_of(batch["vector"]).sum(axis=0, dtype=np.float64) for batch in batches if batch.num_rows]
    if sums:
        yield pa.RecordBatch.from_pydict({"total": [np.sum(sums, axis=0)]})
