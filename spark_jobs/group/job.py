"""Groups of similar low-rated records, two to five by default, and the reason for every record left alone.

Two-level: coarse cells on Spark, exact greedy groups inside a cell. What a pass leaves over is placed in other, fewer cells in
the next pass, because cells cut some neighbours apart. Given only what is new, newcomers join one another and the records that
were alone and are close to a newcomer; groups stay as they are. How many singletons still have a free neighbour is measured in benchmarks/group.py, not in
a run; and a singleton's reason tells of the records it met in its cells, not of all.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import Field, model_validator
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.storagelevel import StorageLevel

from lake.harness.job import JobContext, Params, SparkInputs, SparkRows
from spark_jobs.columnar.embedders import embedder
from spark_jobs.columnar.lookup import semi_join
from spark_jobs.group.cell_search import PACKED, Rules, grouped, near_newcomers, packed, sample
from spark_jobs.group.greedy import SizeLaw, likeness
from texts.embed.embedder import DEFAULT
from texts.licences import CLASSES

_SINGLETON = ("id", "source", "outcome", "reason", "detail")
_COMPARABLE = ("no_neighbour", "mixed_only", "neighbours_grouped")


class GroupParams(Params):
    """How similar members must be, and how many there are."""

    similarity_floor: float = Field(0.6, ge=0, le=1, description="least cosine between any two members")
    least_size: int = Field(2, ge=2, description="fewest members of a group")
    most_size: int = Field(5, ge=2, le=100, description="most members of a group")
    mean_size: float = Field(3.0, gt=0, description="mean of the normal draw that sets a group's capacity")
    sd_size: float = Field(1.0, ge=0, description="standard deviation of that draw")
    within_source: bool = Field(False, description="group only rows of one source")
    passes: int = Field(4, ge=1, le=10, description="how often the rows left over are placed in other cells")
    rows_per_cell: int = Field(800, ge=10, le=5_000, description="rows of one coarse cell, on average")
    seed: int = Field(7, description="varies cells and sizes")
    embedder: str = Field(DEFAULT, min_length=1, description="the embedder whose vectors are compared")

    @model_validator(mode="after")
    def _sizes_are_in_order(self) -> "GroupParams":
        if self.most_size < self.least_size:
            raise ValueError(f"most_size ({self.most_size}) must not be below least_size ({self.least_size})")
        return self

    @property
    def rules(self) -> Rules:
        """The part of the params that the passes need."""
        law = SizeLaw(self.least_size, self.most_size, self.mean_size, self.sd_size, self.seed)
        return Rules(self.similarity_floor, law, self.rows_per_cell, self.passes)


def groups(inputs: SparkInputs, params: GroupParams, context: JobContext) -> SparkRows:
    """Members of groups, and all low-rated records without a group with the reason.

    Licence classes, languages and item types are never mixed. The id of a group is a hash of its members' ids. Members are
    those of new groups only, where the job is given what is new; singletons are always all of them.
    """
    low = candidates(inputs, params, context.before)
    ready = with_vectors(low, embeddings(inputs, params, context), bool(context.before))
    ready = ready.persist(StorageLevel.DISK_ONLY)
    comparable = ready.where("vector is not null")
    if context.before:
        comparable = near_newcomers(comparable, params.rules).persist(StorageLevel.DISK_ONLY)
    members, free = grouped(comparable, params.rules)
    alone = singletons(ready.where("vector is null"), free, params)
    if context.before:
        alone = alone.unionByName(still_alone(context.before["silver/singletons"], members))
    context.metrics.update(figures(members, ready))
    return {"silver/groups": members, "silver/singletons": alone}


def candidates(inputs: SparkInputs, params: GroupParams, before: Mapping[str, Any]) -> DataFrame:
    """The low-rated records that are new, and those that were alone: facts, text_hash, `kind`, `barred`, `fresh`."""
    low = low_rated(inputs["silver/unique_instructions"], inputs["silver/quality"]).withColumn("fresh", F.lit(True))
    if before:
        alone = before["silver/singletons"].where(F.col("reason").isin(*_COMPARABLE)).select("id")
        old = facts(before["silver/unique_instructions"]).join(alone, "id", "left_semi")
        low = low.unionByName(old.withColumn("fresh", F.lit(False)))
    return low.withColumn("kind", _kind(params))


def low_rated(records: DataFrame, quality: DataFrame) -> DataFrame:
    """The facts of the records whose score is not high."""
    return facts(records).join(quality.where("not high").select("id"), "id", "left_semi")


def facts(records: DataFrame) -> DataFrame:
    """What grouping reads of a record, with its licence class, and `barred`: why it may not be merged, or null."""
    classes = F.create_map(*(F.lit(text) for pair in CLASSES.items() for text in pair))
    barred = (
        F.when(F.size(F.coalesce("personal", F.array())) > 0, "personal_data")
        .when(F.col("licence").isNull(), "unknown_licence")
        .when(F.col("licence").contains("-ND-"), "no_derivatives")  # an item fused from it would be one
    )
    licence_class = F.coalesce(F.try_element_at(classes, "licence"), "licence").alias("licence_class")
    return records.select(
        "id", "source", "licence", licence_class, "language", "item_type", "text_hash", barred.alias("barred")
    )


def _kind(params: GroupParams) -> Column:
    """What members have in common: rows of two kinds never meet."""
    parts = ["licence_class", "language", "item_type", *(["source"] if params.within_source else [])]
    return F.to_json(F.struct(*parts))


def embeddings(inputs: SparkInputs, params: GroupParams, context: JobContext) -> DataFrame:
    """text_hash and vector of every text, by the embedder that the params name."""
    cached = inputs["silver/embeddings"]
    if context.before:  # a new record may have a text that was embedded before
        cached = cached.unionByName(context.before["silver/embeddings"])
    return cached.where(F.col("embedder") == embedder(params.embedder, context.lake).digest).select(
        "text_hash", "vector"
    )


def with_vectors(low: DataFrame, cached: DataFrame, few: bool) -> DataFrame:
    """The records as spark_jobs.group.cell_search wants them; `vector` is null where a record is barred or its text has none.

    Where they are `few` among the cached ones, most of the other vectors are dropped before the join moves them.
    """
    if few:
        low = low.persist(StorageLevel.DISK_ONLY)
        cached = semi_join(cached, low, "text_hash")
    ready = low.join(cached.mapInArrow(packed, PACKED), "text_hash", "left").drop("text_hash")
    met = [F.lit(None).cast("string").alias("nearest"), F.lit(None).cast("double").alias("closest")]
    vector = F.when(F.col("barred").isNull(), F.col("vector")).alias("vector")
    return ready.select(
        *(name for name in ready.columns if name != "vector"), vector, *met, F.lit(False).alias("rivals")
    )


def singletons(unseen: DataFrame, free: DataFrame, params: GroupParams) -> DataFrame:
    """The fresh records without a group: barred, without a vector, or with what they met instead of a free neighbour."""
    close = F.col("closest") >= params.similarity_floor
    met = F.when(~F.coalesce(close, F.lit(False)), "no_neighbour").otherwise("mixed_only")
    nearest = F.format_string("nearest record met %s, cosine %.3f", "nearest", "closest")
    lonely = F.when(F.col("nearest").isNull(), "no other record to compare with").otherwise(nearest)
    left = free.withColumn("reason", F.when(F.col("rivals"), "neighbours_grouped").otherwise(met))
    never = unseen.withColumn("reason", F.coalesce("barred", F.lit("no_vector")))
    parts = [left.withColumn("detail", lonely), never.withColumn("detail", F.col("reason"))]
    whole = [part.where("fresh").withColumn("outcome", F.lit("not_grouped")).select(*_SINGLETON) for part in parts]
    return whole[0].unionByName(whole[1])


def still_alone(singletons: DataFrame, members: DataFrame) -> DataFrame:
    """The older singletons, as published, that no newcomer was grouped with."""
    taken = members.where("not fresh").select("id")
    return singletons.select(*_SINGLETON).join(taken, "id", "left_anti")


def figures(members: DataFrame, ready: DataFrame) -> dict[str, float]:
    """Groups by size, mean cohesion, that of a random grouping of a sample, and the share of fresh records left alone."""
    taken = F.count_if("fresh").alias("fresh")
    sizes = members.groupBy("size").agg(F.count("*").alias("rows"), taken, F.sum("cohesion").alias("total")).collect()
    count = sum(row["rows"] // row["size"] for row in sizes)
    asked = ready.where("fresh").count()
    alone = asked - sum(row["fresh"] for row in sizes)
    found = {"groups": float(count), "singletons": float(alone), "singletons_share": alone / max(asked, 1)}
    found |= {f"groups_of/{row['size']}": float(row["rows"] // row["size"]) for row in sorted(sizes)}
    if count:
        found["cohesion_mean"] = sum(row["total"] / row["size"] for row in sizes) / count
        rows = sample(ready.where("vector is not null"), "random", asked)
        found["cohesion_random"] = float(likeness(rows, np.array([len(rows)])).cohesion[0])
    return found
