"""Removes exact and near-duplicate records; every removal names a kept record and the measured similarity.

Exact: the same turns, or the same last prompt and last answer. Near: MinHash bands propose, the exact Jaccard of word shingles
decides, for the whole record and for each side, with the same numbers. A removed row is itself similar to the row that is kept
for it: stars, never chains. Does not yet: compare new rows with an older table, keep rejected candidates, or change the
shingle size for long texts.
"""

from collections.abc import Iterator, Sequence

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from lake.job import JobContext, Params, SparkInputs, SparkRows
from spark_jobs import candidates
from spark_jobs.stars import star


class ExpectedLoss(BaseModel):
    """A source that is known to be repetitive: it may lose up to `share` of its rows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    share: float = Field(ge=0, le=1)
    why: str = Field(min_length=1)


class DedupeParams(Params):
    """What counts as a duplicate, which copy stays, and how much a source may lose before the gate stops."""

    threshold: float = Field(0.7, gt=0, le=1, description="least exact Jaccard similarity, whole record and each side")
    source_priority: tuple[str, ...] = Field((), description="sources whose copy is preferred, best first")
    reach: int = Field(32, ge=1, le=1024, description="how many neighbours a row meets in a crowded bucket")
    max_loss: float = Field(0.9, ge=0, le=1, description="largest share of a source that may be removed")
    expected_loss: dict[str, ExpectedLoss] = Field(default={}, description="sources that may lose more, and why")
    max_star: int = Field(10_000, ge=1, description="most rows removed in favour of one")


def unique_instructions(inputs: SparkInputs, params: DedupeParams, context: JobContext) -> SparkRows:
    """One record of each set of duplicates, and the removals with kept id, rule and exact Jaccard similarity.

    The best copy has an answer, comes from the preferred source, is the longest, has the smallest id: in this order.
    A conversation that stands for others with the same end but other earlier turns is never removed as a near-duplicate.
    """
    records = inputs["silver/instructions"]
    ranked = with_best_copy(fingerprints(records, params.source_priority)).persist()
    exact = ranked.where("id != kept_id")
    pairs = candidates.pairs(ranked.where("id = kept_id"), params.reach)
    same_end = exact.where("rule = 'exact_prompt_answer'").select(
        F.col("kept_id").alias("left"), F.col("id").alias("right")
    )
    measured = candidates.measure(pairs.unionByName(same_end), records).persist()
    near = star(near_edges(measured, ranked, params.threshold))
    duplicates = evidence(exact, near, measured, ranked).persist()
    context.metrics.update(_figures(ranked, measured, duplicates))
    unique = records.join(duplicates, records["id"] == duplicates["removed_id"], "left_anti")
    return {"silver/unique_instructions": unique, "silver/duplicates": duplicates}


def fingerprints(records: DataFrame, source_priority: Sequence[str] = ()) -> DataFrame:
    """For each record: id, source, `best` (smaller is the better copy), `turns_key`, `pair_key`, bucket `keys` and `ties`."""
    users = F.filter("messages", lambda turn: turn["role"] == "user")
    last_prompt = F.coalesce(F.try_element_at(users, F.lit(-1))["content"], F.col("prompt"))
    prints = records.select("id", "source", "prompt", "answer", last_prompt.alias("last_prompt"))
    return prints.mapInArrow(_fingerprint, candidates.FINGERPRINT).withColumn("best", _best(source_priority))


def with_best_copy(prints: DataFrame) -> DataFrame:
    """The rows with `kept_id`, the best of those with the same last prompt and answer (itself, if it is), and the `rule`.

    `pinned` marks a conversation that others repeat in its end only: it stands for them and must stay.
    """
    same = Window.partitionBy("pair_key")
    kept = F.min_by("id", "best").over(same)
    kept_turns = F.min_by("turns_key", "best").over(same)
    pinned = F.min("turns_key").over(same) != F.max("turns_key").over(same)
    rule = F.when(F.col("turns_key") == kept_turns, "exact_record").otherwise("exact_prompt_answer")
    return prints.withColumns({"kept_id": kept, "rule": rule, "pinned": pinned})


def near_edges(measured: DataFrame, ranked: DataFrame, threshold: float) -> DataFrame:
    """better, worse, similarity for every pair of near-duplicates of which the worse one may go."""
    rank = ranked.where("id = kept_id").select("id", F.struct((~F.col("pinned")).alias("free"), "best").alias("rank"))
    near = measured.where(
        F.col("same_guard") & (F.least("similarity", "prompt_similarity", "answer_similarity") >= threshold)
    )
    left = rank.select(F.col("id").alias("left"), F.col("rank").alias("left_rank"))
    right = rank.select(F.col("id").alias("right"), F.col("rank").alias("right_rank"))
    leads = F.col("left_rank") < F.col("right_rank")
    edges = near.join(left, "left").join(right, "right").where("left_rank.free or right_rank.free")
    return edges.select(
        F.when(leads, F.col("left")).otherwise(F.col("right")).alias("better"),
        F.when(leads, F.col("right")).otherwise(F.col("left")).alias("worse"),
        "similarity",
    )


def evidence(exact: DataFrame, near: DataFrame, measured: DataFrame, ranked: DataFrame) -> DataFrame:
    """Every removal once: removed_id, kept_id, source, rule, similarity.

    A row whose exact copy turned out to be a near-duplicate follows it: being word for word the same, it is as similar.
    """
    moved = near.select(
        F.col("removed_id").alias("kept_id"), F.col("kept_id").alias("keeper"), F.col("similarity").alias("moved")
    )
    known = measured.select(
        F.col("left").alias("kept_id"), F.col("right").alias("removed_id"), F.col("similarity").alias("known")
    )
    copies = exact.select(F.col("id").alias("removed_id"), "kept_id", "source", "rule")
    followed = (
        copies.join(moved, "kept_id", "left")
        .join(known, ["kept_id", "removed_id"], "left")
        .select(
            "removed_id",
            F.coalesce("keeper", "kept_id").alias("kept_id"),
            "source",
            F.when(F.col("keeper").isNotNull(), "near").otherwise(F.col("rule")).alias("rule"),
            F.coalesce("moved", "known", F.lit(1.0)).alias("similarity"),
        )
    )
    sources = ranked.select(F.col("id").alias("removed_id"), "source")
    return near.withColumn("rule", F.lit("near")).join(sources, "removed_id").unionByName(followed)


def _best(source_priority: Sequence[str]) -> Column:
    """A struct that orders copies, best first."""
    place = F.array_position(
        F.array(*[F.lit(source) for source in source_priority]).cast("array<string>"), F.col("source")
    )
    priority = F.when(place == 0, len(source_priority) + 1).otherwise(place)
    return F.struct("unanswered", priority.alias("priority"), (-F.col("length")).alias("shorter"), "id")


def _fingerprint(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield candidates.fingerprint(batch)


def _figures(ranked: DataFrame, measured: DataFrame, duplicates: DataFrame) -> dict[str, float]:
    """Counts by rule, the largest star, and each source's share removed."""
    rows = {row["source"]: row["count"] for row in ranked.groupBy("source").count().collect()}
    by_rule = duplicates.groupBy("source", "rule").count().collect()
    largest = duplicates.groupBy("kept_id").count().agg(F.max("count").alias("most")).collect()[0]["most"]
    figures = {"candidate_pairs": float(measured.count()), "largest_star": float(largest or 0)}
    figures |= {rule: 0.0 for rule in ("exact_record", "exact_prompt_answer", "near")}
    shares = dict.fromkeys(rows, 0.0)
    for row in by_rule:
        figures[row["rule"]] += row["count"]
        shares[row["source"]] += row["count"] / rows[row["source"]]
    return figures | {f"removed_share/{source}": round(share, 6) for source, share in shares.items()}
