"""Removes exact and near-duplicate records; every removal names a kept record and the measured similarity.

Exact: the same turns, or the same last prompt and last answer. Near: MinHash bands propose, the exact Jaccard similarity of word
shingles decides, for the whole record and for each side, with the same numbers. A removed row is itself similar to the row that
is kept for it: stars, never chains. Where only new rows are given, they are compared with those published before, which stay.
docs/dedupe.md draws the path of a record. Does not yet: change the shingle size for long texts, or compare a new row with rows
that were removed before.
"""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window
from pyspark.storagelevel import StorageLevel

from lake.harness.job import JobContext, Params, SparkInputs, SparkRows
from lake.tables.reasons import DUPLICATE_RULES
from spark_jobs.columnar.bloom import bloom_filter
from spark_jobs.columnar.packed_rows import partitions_for
from spark_jobs.dedupe import verify
from spark_jobs.dedupe.candidates import candidate_pairs, exact_copy_pairs
from spark_jobs.dedupe.exact_copies import exact_copies
from spark_jobs.dedupe.fingerprint import fingerprints, published_fingerprints
from spark_jobs.dedupe.recall import precision_and_recall
from spark_jobs.dedupe.removals import near_removals
from spark_jobs.dedupe.survivor import PROTECTED

FEW_REMOVALS = 1_000_000  # ids: about 100 MB beside every task; more of them are joined by a shuffle

_NEAR = DUPLICATE_RULES[2]
_RECORDS, _UNIQUE, _SIGNATURES = "silver/instructions", "silver/unique_instructions", "silver/signatures"


class ExpectedLoss(BaseModel):
    """A source that is known to be repetitive: it may lose up to `share` of its rows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    share: float = Field(ge=0, le=1, description="largest share of the source that may go")
    why: str = Field(min_length=1, description="the reason, for whoever reads the profile")


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

    Which record of a set survives: spark_jobs.dedupe.survivor. A conversation that stands for others with the same end but other
    earlier turns is never removed as a near-duplicate. Given only what is new, the rows published before stay, and only new rows
    can go.
    """
    records, published = inputs[_RECORDS], context.before
    rule = verify.Rule(params.threshold, params.by_side)

    # A small fingerprint of each record, and of the published rows that may share a key with one of them.
    prints = fingerprints(records, params.source_priority, params.by_side).persist()
    rows_by_source = {row["source"]: row["count"] for row in prints.groupBy("source").count().collect()}
    rows = sum(rows_by_source.values())
    partitions = partitions_for(rows)
    all_prints = prints.drop("source")
    if published:
        all_prints = all_prints.unionByName(published_fingerprints(published[_SIGNATURES], prints))

    # Exact copies go first; what is left of each set meets the others in buckets.
    exact = exact_copies(all_prints, partitions).persist()
    rest = without_exact_copies(all_prints, exact)
    pairs = candidate_pairs(rest, partitions, params.reach)
    pairs = pairs.unionByName(exact_copy_pairs(exact, partitions)).persist()

    # The pairs' texts are fetched and compared exactly. Both ends of a pair need them: they are read twice.
    with_texts = records.unionByName(published[_UNIQUE]) if published else records
    texts = verify.texts_of_pairs(with_texts, bloom_filter(pairs, "left right"), partitions, params.source_priority)
    measured = verify.measure(pairs, texts.persist(StorageLevel.DISK_ONLY), partitions, rule).persist()
    pair_counts = _pair_counts(pairs, measured)

    # Near pairs become removals, and all removals one table of evidence.
    near = near_removals(near_edges(measured), int(pair_counts["near_pairs"]))
    duplicates = evidence(exact, near, measured, prints).persist()
    losses = _losses(duplicates, rows_by_source)
    figures = precision_and_recall(records, published.get(_UNIQUE), duplicates, rows, rule)
    context.metrics.update(pair_counts | losses | figures)

    removed = duplicates.select(F.col("removed_id").alias("id"))
    removed = _broadcast_if_few(removed, int(sum(losses[name] for name in DUPLICATE_RULES)))
    return {
        _UNIQUE: records.join(removed, "id", "left_anti"),
        "silver/duplicates": duplicates,
        "silver/rejected_pairs": rejected_pairs(measured),
        _SIGNATURES: prints.join(removed, "id", "left_anti"),
    }


def without_exact_copies(prints: DataFrame, exact: DataFrame) -> DataFrame:
    """The prints that `exact` does not remove; one that stands for other conversations is protected from here on."""
    removed = exact.select(F.col("removed_id").alias("id"), F.lit(True).alias("removed"))
    protected = exact.where("stands_for_others").select(F.col("kept_id").alias("id"), F.lit(False).alias("removed"))
    fates = _broadcast_if_few(removed.unionByName(protected), exact.count())
    rest = prints.join(fates, "id", "left").where("not coalesce(removed, false)")
    rank = F.when(F.col("removed").isNull(), F.col("survivor_rank")).otherwise(PROTECTED)
    return rest.withColumn("survivor_rank", rank).drop("removed")


def near_edges(measured: DataFrame) -> DataFrame:
    """better, worse, similarity for every pair of near-duplicates that are no exact copies."""
    near = measured.where((F.col("verdict") == verify.NEAR) & ~F.col("exact_copy"))
    return near.select("better", "worse", "similarity")


def evidence(exact: DataFrame, near: DataFrame, measured: DataFrame, prints: DataFrame) -> DataFrame:
    """Every removal once: removed_id, kept_id, source, rule, similarity.

    A row whose exact copy turned out to be a near-duplicate follows it: being word for word the same, it is as similar. So where
    c is an exact copy of b, and b goes for a with 0.8, both rows name a, the rule near, and 0.8.
    """
    # `original` is the row that an exact copy was removed for; a near removal is written as a copy of itself
    known = (
        exact.selectExpr("kept_id as original", "removed_id", "rule", "null as survivor", "null as similarity")
        .union(measured.where("exact_copy").selectExpr("better", "worse", "null", "null", "similarity"))
        .union(near.selectExpr("removed_id", "removed_id", f"'{_NEAR}'", "kept_id", "similarity"))
    )
    # by the original alone, so that it also serves the window: one shuffle brings together all that is known of its copies
    copies = (
        known.repartition("original")
        .groupBy("original", "removed_id")
        .agg(*(F.max(name).alias(name) for name in ("rule", "survivor", "similarity")))
    )
    of_original = Window.partitionBy("original")
    near_similarity = F.max(F.when(F.col("survivor").isNotNull(), F.col("similarity"))).over(of_original)
    removals = copies.select(
        "removed_id",
        F.coalesce(F.max("survivor").over(of_original), "original").alias("kept_id"),
        F.when(near_similarity.isNotNull(), _NEAR).otherwise(F.col("rule")).alias("rule"),
        F.coalesce(near_similarity, "similarity", F.lit(1.0)).alias("similarity"),
    )
    return prints.select(F.col("id").alias("removed_id"), "source").join(removals, "removed_id")


def rejected_pairs(measured: DataFrame) -> DataFrame:
    """The verify.REJECTED first of the rejected pairs, by lot: left, right, similarities and the reason."""
    rejected = measured.where(F.col("verdict") != verify.NEAR).where(~F.col("exact_copy"))
    reason = F.element_at(F.array(*map(F.lit, verify.VERDICTS)), F.col("verdict") + 1).alias("reason")
    left, right = F.least("better", "worse").alias("left"), F.greatest("better", "worse").alias("right")
    pairs = rejected.select("lot", left, right, "similarity", "prompt_similarity", "answer_similarity", reason)
    return pairs.orderBy("lot", "left", "right").limit(verify.REJECTED).drop("lot")


def _broadcast_if_few(ids: DataFrame, count: int) -> DataFrame:
    """The ids, beside every task while they are few, so that what they are joined with need not be moved."""
    return F.broadcast(ids) if count <= FEW_REMOVALS else ids


def _pair_counts(pairs: DataFrame, measured: DataFrame) -> dict[str, float]:
    """How many pairs were compared, how many of them are near, and how many were cut from crowded buckets."""
    near = F.count_if((F.col("verdict") == verify.NEAR) & ~F.col("exact_copy"))
    compared = measured.agg(F.sum("compared").alias("candidate_pairs"), near.alias("near_pairs"))
    (tally,) = compared.crossJoin(pairs.agg(F.sum("cut").alias("cut_pairs"))).collect()
    return {name: float(count or 0) for name, count in tally.asDict().items()}


def _losses(duplicates: DataFrame, rows_by_source: Mapping[str, int]) -> dict[str, float]:
    """Removals by rule, the largest star, and each source's share removed."""
    # two counts in one pass: by source and rule, and by rule and kept row, of which only the largest matters
    sets = duplicates.groupingSets([["source", "rule"], ["rule", "kept_id"]], "source", "rule", "kept_id")
    largest = sets.agg(F.count("*").alias("rows")).groupBy("source", "rule").agg(F.max("rows").alias("rows"))
    figures = dict.fromkeys((*DUPLICATE_RULES, "largest_star"), 0.0)
    shares = dict.fromkeys(rows_by_source, 0.0)
    for source, rule, rows in largest.collect():
        if source is not None:
            figures[rule] += rows
            shares[source] += rows / rows_by_source[source]
        elif rule == _NEAR:
            figures["largest_star"] = float(rows)
    return figures | {f"removed_share/{source}": round(share, 6) for source, share in shares.items()}
