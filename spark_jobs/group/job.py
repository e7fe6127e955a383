"""Groups of similar low-rated records, two to five by default, and the reason for every record left alone.

After LM-Mixup (arXiv 2510.20449; method §5.1), but for two things: members must reach a cosine floor, so that nobody is forced
into a group, and no step is quadratic in the rows: coarse cells on Spark, greedy groups inside a cell. docs/groups.md has a
drawing. Where things are: this file, the stage and its params; `records`, who may be grouped, and of older ones who is near; `columns`,
the columns of silver/groups and how each is found; `cell_search`, the passes over cells; `greedy`, the groups of one cell.

Does not: measure how many singletons still have a free neighbour (benchmarks/group.py does). A singleton's reason tells of the
records in its cells, not of all records.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import Field, model_validator
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.storagelevel import StorageLevel

from lake.harness.job import JobContext, Params, SparkInputs, SparkRows
from lake.tables import TABLES
from spark_jobs.columnar.cached_vectors import vectors_of
from spark_jobs.columnar.cells import sample_vectors
from spark_jobs.columnar.contamination import COVERAGE, contaminated, evidence
from spark_jobs.columnar.cut_lineage import cut_lineage
from spark_jobs.columnar.embedders import embedder
from spark_jobs.columnar.lookup import semi_join
from spark_jobs.columnar.vectors import with_scaled_vectors
from spark_jobs.group.cell_search import GroupSearch, group_in_passes
from spark_jobs.group.columns import CONTRADICTORY, MEMBER, NEIGHBOUR, OTHER_SUBJECT
from spark_jobs.group.greedy import SizeDistribution, group_similarity
from spark_jobs.group.records import low_rated_records, near_vectors, records_again, with_claims, with_vectors
from texts.embed.embedder import DEFAULT

_SINGLETON = TABLES["silver/singletons"].schema.names
_RANDOM_ROWS = 8_192  # of the random grouping that cohesion is compared with


class GroupParams(Params):
    """How similar members must be, and how many there are."""

    similarity_floor: float = Field(default=0.6, ge=0, le=1, description="least cosine between any two members")
    least_size: int = Field(default=2, ge=2, description="fewest members of a group")
    most_size: int = Field(default=5, ge=2, le=100, description="most members of a group")
    mean_size: float = Field(default=3.0, gt=0, description="mean of the normal draw that sets a group's capacity")
    sd_size: float = Field(default=1.0, ge=0, description="standard deviation of that draw")
    within_source: bool = Field(default=False, description="group only rows of one source")
    passes: int = Field(default=4, ge=1, le=10, description="how often the rows left over are placed in other cells")
    rows_per_cell: int = Field(default=800, ge=10, le=5_000, description="rows of one coarse cell, on average")
    seed: int = Field(default=7, description="varies cells and sizes")
    contamination_coverage: float = Field(
        default=COVERAGE, gt=0, lt=1, description="a record holding more of a benchmark item's own words is not grouped"
    )
    embedder: str = Field(default=DEFAULT, min_length=1, description="the embedder whose vectors are compared")

    @model_validator(mode="after")
    def _sizes_are_in_order(self) -> "GroupParams":
        if self.most_size < self.least_size:
            raise ValueError(f"most_size ({self.most_size}) must not be below least_size ({self.least_size})")
        return self

    @property
    def search(self) -> GroupSearch:
        """The part of the params that workers need."""
        sizes = SizeDistribution(self.least_size, self.most_size, self.mean_size, self.sd_size, self.seed)
        return GroupSearch(self.similarity_floor, sizes, self.rows_per_cell, self.passes)


def groups(inputs: SparkInputs, params: GroupParams, context: JobContext) -> SparkRows:
    """Members of groups, and all low-rated records without a group with the reason.

    Licence classes, languages and item types are never mixed, nor what names different things or contradicts one another; whatever holds a benchmark item, or was withdrawn, joins nobody. The id of a group is a
    hash of its members' ids. Given only what is new, newcomers are grouped with one another and with earlier singletons; published
    groups stay as they are. Members are then those of new groups only; singletons are always all of them.
    """
    before = context.before
    if before and inputs["silver/quality"].isEmpty():  # a new benchmark alone makes no group
        return {"silver/groups": before["silver/groups"].limit(0), "silver/singletons": before["silver/singletons"]}
    digest = embedder(params.embedder, context.lake).digest
    records = low_rated_records(inputs, params.within_source)
    if before:
        vectors = cut_lineage(near_vectors(records, inputs, before, digest, params.search))
        records, key = records.unionByName(records_again(vectors, before, params.within_source)), "id"
    else:
        vectors, key = with_scaled_vectors(vectors_of(inputs["silver/embeddings"], digest)), "text_hash"
    candidates = with_vectors(with_claims(records), vectors.select(key, "vector"), key).persist(StorageLevel.DISK_ONLY)
    comparable = candidates.where("vector is not null")
    leaked = cut_lineage(leaks(comparable, inputs, params, before))
    members, left_over = group_in_passes(comparable.join(leaked, "id", "left_anti"), params.search)
    alone = singletons(candidates.where("vector is null"), left_over, params.similarity_floor)
    alone = alone.unionByName(leaked.where("fresh").select(*_SINGLETON))
    if before:
        joined = members.where("not fresh").select("id")
        earlier = before["silver/singletons"].select(*_SINGLETON)  # with the reason they were published with
        alone = alone.unionByName(earlier.join(joined, "id", "left_anti"))
    context.metrics.update(group_metrics(members, candidates))
    context.metrics["contradicted"] = float(sum(rows.where("contradicted").count() for rows in (members, left_over)))
    return {"silver/groups": members.select(*MEMBER.names), "silver/singletons": alone}


def leaks(candidates: DataFrame, inputs: SparkInputs, params: GroupParams, before: Mapping[str, Any]) -> DataFrame:
    """The candidates that hold an item of a benchmark, with `fresh` and the columns of silver/singletons.

    Earlier singletons are looked at again, since the benchmark may have come after them.
    """

    def all_of(key: str) -> DataFrame:
        return inputs[key].unionByName(before[key]) if before else inputs[key]

    ids = candidates.select("id", "source", "fresh")
    texts = all_of("silver/unique_instructions").select("id", "prompt", "text")
    if before:  # few of many
        texts = semi_join(texts, ids, "id")
    texts = texts.join(ids.select("id"), "id")
    benchmark = all_of("bronze/references").where("role = 'benchmark'")
    found = contaminated(texts, benchmark, params.contamination_coverage)
    return ids.join(found, "id").withColumns(
        {"outcome": F.lit("not_grouped"), "reason": F.lit("contamination"), "detail": evidence()}
    )


def singletons(without_vector: DataFrame, left_over: DataFrame, similarity_floor: float) -> DataFrame:
    """The fresh records without a group: excluded, without a vector, or left over by the last pass."""
    above_floor = F.coalesce(F.col("nearest_cosine") >= similarity_floor, F.lit(False))
    reason = (
        F.when(F.col("met") == NEIGHBOUR, "neighbours_grouped")
        .when(F.col("met") == CONTRADICTORY, "contradictory")
        .when(F.col("met") == OTHER_SUBJECT, "other_subject")
        .when(above_floor, "mixed_only")
        .otherwise("no_neighbour")
    )
    nearest = F.format_string("nearest record met %s, cosine %.3f", "nearest_id", "nearest_cosine")
    detail = F.when(F.col("nearest_id").isNull(), "no other record to compare with").otherwise(nearest)
    compared = left_over.select("id", "source", "fresh", reason.alias("reason"), detail.alias("detail"))
    reason = F.coalesce("excluded", F.lit("no_vector"))
    never_compared = without_vector.select("id", "source", "fresh", reason.alias("reason"), reason.alias("detail"))
    alone = compared.unionByName(never_compared).where("fresh").withColumn("outcome", F.lit("not_grouped"))
    return alone.select(*_SINGLETON)


def group_metrics(members: DataFrame, candidates: DataFrame) -> dict[str, float]:
    """Groups by size, their mean cohesion beside that of a random grouping, and the share of fresh records left alone."""
    fresh_members = F.count_if("fresh").alias("fresh")
    totals = F.sum("cohesion").alias("cohesion")
    sizes = members.groupBy("size").agg(F.count("*").alias("rows"), fresh_members, totals).collect()
    count = sum(row["rows"] // row["size"] for row in sizes)
    fresh = candidates.where("fresh").count()
    alone = fresh - sum(row["fresh"] for row in sizes)
    metrics = {"groups": float(count), "singletons": float(alone), "singletons_share": alone / max(fresh, 1)}
    metrics |= {f"groups_of/{row['size']}": float(row["rows"] // row["size"]) for row in sorted(sizes)}
    if count:
        metrics["cohesion_mean"] = sum(row["cohesion"] / row["size"] for row in sizes) / count
        # all of a sample as one group: its mean cosine is what groups drawn at random have on average
        sample = sample_vectors(candidates.where("vector is not null"), fresh, _RANDOM_ROWS, "random")
        metrics["cohesion_random"] = float(group_similarity(sample, np.array([len(sample)])).cohesion[0])
    return metrics
