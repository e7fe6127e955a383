"""Removes exact and near-duplicate records; every removal names a kept record and the measured similarity.

Exact: the same turns, or the same last prompt and last answer. Near: MinHash bands propose, the exact Jaccard of word shingles
decides, for the whole record and for each side, with the same numbers. A removed row is itself similar to the row that is kept
for it: stars, never chains. Where only new rows are given, they are compared with those published before, which stay. Does not
yet: change the shingle size for long texts, or compare a new row with rows that were removed before.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lake.job import JobContext, Params, SparkInputs, SparkRows
from spark_jobs import candidates, packed, verify
from spark_jobs.copies import copies
from spark_jobs.dedupe_quality import quality
from spark_jobs.stars import star

FEW_REMOVALS = 1_000_000  # ids: about 100 MB beside every task; more of them are joined by a shuffle

_RECORDS, _UNIQUE, _SIGNATURES = "silver/instructions", "silver/unique_instructions", "silver/signatures"


class ExpectedLoss(BaseModel):
    """A source that is known to be repetitive: it may lose up to `share` of its rows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    share: float = Field(ge=0, le=1)
    why: str = Field(min_length=1)


class DedupeParams(Params):
    """What counts as a duplicate, which copy stays, and how much a source may lose before the gate stops."""

    threshold: float = Field(0.7, gt=0, le=1, description="least exact Jaccard similarity, whole record and each side")
    by_side: bool = Field(
        True, description="whether prompt, answer and numbers must agree too, not the whole record alone"
    )
    source_priority: tuple[str, ...] = Field((), description="sources whose copy is preferred, best first")
    reach: int = Field(32, ge=1, le=1024, description="how many neighbours a row meets in a crowded bucket")
    max_loss: float = Field(0.9, ge=0, le=1, description="largest share of a source that may go as near-duplicates")
    expected_loss: dict[str, ExpectedLoss] = Field(default={}, description="sources that may lose more, and why")
    max_star: int = Field(10_000, ge=1, description="most near-duplicates removed in favour of one row")


def unique_instructions(inputs: SparkInputs, params: DedupeParams, context: JobContext) -> SparkRows:
    """One record of each set of duplicates, and the removals with kept id, rule and exact Jaccard similarity.

    The best copy has an answer, comes from the preferred source, is the longest, has the smallest id: in this order.
    A conversation that stands for others with the same end but other earlier turns is never removed as a near-duplicate.
    Given only what is new, the rows published before stay, and only new rows can go.
    """
    records, rule = inputs[_RECORDS], verify.Rule(params.threshold, params.by_side)
    prints = fingerprints(records, params).persist()
    sources = {row["source"]: row["count"] for row in prints.groupBy("source").count().collect()}
    parts = packed.parts_for(sum(sources.values()))
    every = prints.drop("source")
    if context.before:
        every = every.unionByName(_published(context.before[_SIGNATURES], prints))
    exact = copies(every, parts).persist()
    rest = _without(every, exact, "removed_id")
    pairs = candidates.pairs(rest, parts, params.reach).unionByName(_same_end(exact, parts)).persist()
    texts = _texts(records, context.before, packed.marks(pairs, "left right"), parts, params)
    measured = verify.measure(pairs, texts, parts, rule).persist()
    duplicates = evidence(exact, star(near_edges(measured, exact)), measured, prints).persist()
    context.metrics.update(_figures(sources, pairs, measured, duplicates))
    context.metrics.update(quality(records, context.before.get(_UNIQUE), duplicates, sum(sources.values()), rule))
    return {
        _UNIQUE: _without(records, duplicates, "removed_id"),
        "silver/duplicates": duplicates,
        "silver/rejected_pairs": rejected(measured),
        _SIGNATURES: _without(prints, duplicates, "removed_id"),
    }


def fingerprints(records: DataFrame, params: DedupeParams) -> DataFrame:
    """A row of candidates.FINGERPRINT for each record."""
    users = F.filter("messages", lambda turn: turn["role"] == "user")
    last_prompt = F.coalesce(F.try_element_at(users, F.lit(-1))["content"], F.col("prompt"))
    priority, by_side = params.source_priority, params.by_side

    def fingerprint(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield candidates.fingerprint(batch, priority, by_side)

    asked = records.select("id", "source", "prompt", "answer", last_prompt.alias("last_prompt"))
    return asked.mapInArrow(fingerprint, candidates.FINGERPRINT)


def near_edges(measured: DataFrame, exact: DataFrame) -> DataFrame:
    """better, worse, similarity for every pair of near-duplicates of which the worse one may go."""
    gone = exact.select(F.col("removed_id").alias("id"), F.lit(True).alias("gone"))
    needed = exact.where("apart").select(F.col("kept_id").alias("id"), F.lit(False).alias("gone")).distinct()
    fates = gone.unionByName(needed).persist()
    edges = measured.where(F.col("verdict") == verify.NEAR).where(~F.col("asked"))
    for side in ("left", "right"):
        fate = fates.select(F.col("id").alias(side), F.col("gone").alias(f"{side}_gone"))
        edges = edges.join(fate, side, "left").where(f"not coalesce({side}_gone, false)")
    # a row that must stay was published before, or stands for conversations that only end like it
    free = {side: F.col(f"{side}_gone").isNull() & (F.col(f"{side}_standing") > 0) for side in ("left", "right")}
    rank = {side: F.struct(free[side], f"{side}_standing", side) for side in free}
    leads = rank["left"] < rank["right"]
    return edges.where(free["left"] | free["right"]).select(
        F.when(leads, F.col("left")).otherwise(F.col("right")).alias("better"),
        F.when(leads, F.col("right")).otherwise(F.col("left")).alias("worse"),
        "similarity",
    )


def evidence(exact: DataFrame, near: DataFrame, measured: DataFrame, prints: DataFrame) -> DataFrame:
    """Every removal once: removed_id, kept_id, source, rule, similarity.

    A row whose exact copy turned out to be a near-duplicate follows it: being word for word the same, it is as similar.
    """
    moved = near.select(
        F.col("removed_id").alias("kept_id"), F.col("kept_id").alias("keeper"), F.col("similarity").alias("moved")
    )
    asked = measured.where("asked").select(
        F.least("left", "right").alias("one"),
        F.greatest("left", "right").alias("other"),
        F.col("similarity").alias("known"),
    )
    ends = F.least("kept_id", "removed_id").alias("one"), F.greatest("kept_id", "removed_id").alias("other")
    followed = (
        exact.select("removed_id", "kept_id", "rule", *ends)
        .join(moved, "kept_id", "left")
        .join(asked, ["one", "other"], "left")
        .select(
            "removed_id",
            F.coalesce("keeper", "kept_id").alias("kept_id"),
            F.when(F.col("keeper").isNotNull(), "near").otherwise(F.col("rule")).alias("rule"),
            F.coalesce("moved", "known", F.lit(1.0)).alias("similarity"),
        )
    )
    removals = near.withColumn("rule", F.lit("near")).unionByName(followed)
    return prints.select(F.col("id").alias("removed_id"), "source").join(removals, "removed_id")


def rejected(measured: DataFrame) -> DataFrame:
    """The verify.REJECTED first of the rejected pairs, by lot: left, right, similarities and the reason."""
    failed = measured.where(F.col("verdict") != verify.NEAR).where(~F.col("asked"))
    reason = F.element_at(F.array(*map(F.lit, verify.REASONS)), F.col("verdict") + 1).alias("reason")
    return (
        failed.orderBy("lot", "left", "right")
        .limit(verify.REJECTED)
        .select("left", "right", "similarity", "prompt_similarity", "answer_similarity", reason)
    )


def _published(signatures: DataFrame, prints: DataFrame) -> DataFrame:
    """What new rows may meet of the rows published before, with standing 0: keys that no new row has are left out."""
    keys = {name: packed.marks(prints, name) for name in ("ending", "bands")}

    def sift(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield candidates.shared_with(batch, keys["ending"], keys["bands"])

    return signatures.mapInArrow(sift, "id string, standing bigint, turns binary, ending binary, bands binary")


def _texts(
    records: DataFrame, before: Mapping[str, DataFrame], wanted: bytes, parts: int, params: DedupeParams
) -> DataFrame:
    found = verify.texts(records, wanted, parts, params.source_priority)
    if not before:
        return found
    return found.unionByName(verify.texts(before[_UNIQUE], wanted, parts, params.source_priority, old=True))


def _same_end(exact: DataFrame, parts: int) -> DataFrame:
    """The pairs that ended alike after other turns, to be measured: candidates.PAIRS."""

    def ask(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield candidates.asked(batch, parts)

    return exact.where("rule = 'exact_prompt_answer'").select("kept_id", "removed_id").mapInArrow(ask, candidates.PAIRS)


def _without(rows: DataFrame, gone: DataFrame, column: str) -> DataFrame:
    """The rows whose id is not in `column` of `gone`, which is held beside every task while it is small."""
    ids = gone.select(F.col(column).alias("id"))
    return rows.join(F.broadcast(ids) if gone.count() <= FEW_REMOVALS else ids, "id", "left_anti")


def _figures(
    sources: Mapping[str, int], pairs: DataFrame, measured: DataFrame, duplicates: DataFrame
) -> dict[str, float]:
    """Counts by rule, candidates, what crowded buckets cut, the largest star, and each source's share removed."""
    by_rule = duplicates.groupBy("source", "rule").count().collect()
    stars = duplicates.where("rule = 'near'").groupBy("kept_id").count().agg(F.max("count").alias("most"))
    figures: dict[str, Any] = {"largest_star": stars.collect()[0]["most"] or 0}
    figures["candidate_pairs"] = measured.agg(F.sum("compared")).collect()[0][0] or 0
    figures["cut_pairs"] = pairs.agg(F.sum("cut")).collect()[0][0] or 0
    figures |= dict.fromkeys(("exact_record", "exact_prompt_answer", "near"), 0)
    shares = dict.fromkeys(sources, 0.0)
    for row in by_rule:
        figures[row["rule"]] += row["count"]
        shares[row["source"]] += row["count"] / sources[row["source"]]
    counts = {name: float(value) for name, value in figures.items()}
    return counts | {f"removed_share/{source}": round(share, 6) for source, share in shares.items()}
