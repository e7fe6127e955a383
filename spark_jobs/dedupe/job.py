"""Removes exact and near-duplicate records; every removal names a kept record and the measured similarity.

Exact: the same prompt and answer but for case, white space and Unicode form, by a cryptographic hash. Near: MinHash bands propose, the
exact Jaccard similarity of word shingles decides, for the whole record and for each side, where all signs are the same (numbers, operators,
negations) and no word stands against its opposite. A removed row is itself similar to the row that
is kept for it: stars, never chains. Where only new rows are given, they are compared with those published before, which stay. A record that
its changed file no longer has is near to none: the corrected one would go for it.
docs/dedupe.md draws the path of a record. Does not yet: change the shingle size for long texts, or compare a new row with rows
that were removed before.
"""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.storagelevel import StorageLevel

from lake.harness.job import JobContext, Params, SparkInputs, SparkRows
from lake.tables.reasons import DUPLICATE_RULES
from spark_jobs.columnar.bloom import bloom_filter
from spark_jobs.columnar.packed_rows import partitions_for
from spark_jobs.columnar.withdrawn import withdrawn_records
from spark_jobs.dedupe import verify
from spark_jobs.dedupe.candidates import candidate_pairs
from spark_jobs.dedupe.exact_copies import exact_copies
from spark_jobs.dedupe.fingerprint import fingerprints, published_fingerprints
from spark_jobs.dedupe.planted import proven_rule
from spark_jobs.dedupe.recall import precision_and_recall
from spark_jobs.dedupe.removals import near_removals

FEW_REMOVALS = 1_000_000  # ids: about 100 MB beside every task; more of them are joined by a shuffle

_EXACT, _NEAR = DUPLICATE_RULES
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
        True,
        description="whether prompt, answer, numbers, operators and negations must agree too, not the whole record alone",
    )
    source_priority: tuple[str, ...] = Field((), description="sources whose copy is preferred, best first")
    reach: int = Field(32, ge=1, le=1024, description="how many neighbours a row meets in a crowded bucket")
    max_loss: float = Field(0.9, ge=0, le=1, description="largest share of a source that may go as near-duplicates")
    expected_loss: dict[str, ExpectedLoss] = Field(default={}, description="sources that may lose more, and why")
    max_star: int = Field(10_000, ge=1, description="most near-duplicates removed in favour of one row")


def unique_instructions(inputs: SparkInputs, params: DedupeParams, context: JobContext) -> SparkRows:
    """One record of each set of duplicates, and the removals with kept id, rule and exact Jaccard similarity.

    Which record of a set survives: spark_jobs.dedupe.survivor. Given only what is new, the rows published before stay, and only new
    rows can go.
    """
    records, published = inputs[_RECORDS], context.before
    rule = verify.Rule(params.threshold, params.by_side)
    suite = proven_rule(rule)

    # A small fingerprint of each record, and of the published rows that may share a key with one of them.
    prints = fingerprints(records, params.source_priority, params.by_side).persist()
    rows_by_source = {row["source"]: row["count"] for row in prints.groupBy("source").count().collect()}
    rows = sum(rows_by_source.values())
    partitions = partitions_for(rows)
    all_prints = prints.drop("source")
    if published:
        # kept: they are asked for exact copies, and then for buckets
        all_prints = all_prints.unionByName(published_fingerprints(published[_SIGNATURES], prints).persist())

    # Exact copies go first; what is left of each set meets the others in buckets.
    exact = exact_copies(all_prints, partitions).persist()
    rest = without_exact_copies(all_prints, exact)
    rest = rest.join(withdrawn_records(inputs["bronze/instructions_withdrawn"]), "id", "left_anti")
    pairs = candidate_pairs(rest, partitions, params.reach).persist()

    # The pairs' texts are fetched and compared exactly. Both ends of a pair need them: they are read twice.
    with_texts = records.unionByName(published[_UNIQUE]) if published else records
    texts = verify.texts_of_pairs(with_texts, bloom_filter(pairs, "left right"), partitions, params.source_priority)
    measured = verify.measure(pairs, texts.persist(StorageLevel.DISK_ONLY), partitions, rule).persist()
    pair_counts = _pair_counts(pairs, measured)

    # Near pairs become removals, and all removals one table of evidence.
    near = near_removals(near_edges(measured), int(pair_counts["near_pairs"]))
    duplicates = evidence(exact, near, prints).persist()
    losses = _losses(duplicates, rows_by_source)
    figures = precision_and_recall(records, published.get(_UNIQUE), duplicates, rows, rule)
    context.metrics.update(pair_counts | losses | figures | suite)

    removed = duplicates.select(F.col("removed_id").alias("id"))
    removed = _broadcast_if_few(removed, int(sum(losses[name] for name in DUPLICATE_RULES)))
    return {
        _UNIQUE: records.join(removed, "id", "left_anti"),
        "silver/duplicates": duplicates,
        "silver/rejected_pairs": rejected_pairs(measured),
        _SIGNATURES: prints.join(removed, "id", "left_anti"),
    }


def without_exact_copies(prints: DataFrame, exact: DataFrame) -> DataFrame:
    """The prints that `exact` does not remove."""
    removed = exact.select(F.col("removed_id").alias("id"))
    return prints.join(_broadcast_if_few(removed, exact.count()), "id", "left_anti")


def near_edges(measured: DataFrame) -> DataFrame:
    """better, worse, similarity for every pair of near-duplicates."""
    return measured.where(F.col("verdict") == verify.NEAR).select("better", "worse", "similarity")


def evidence(exact: DataFrame, near: DataFrame, prints: DataFrame) -> DataFrame:
    """Every removal once: removed_id, kept_id, source, rule, similarity.

    A row whose exact copy turned out to be a near-duplicate follows it: being the same, it is as similar. So where c is an exact copy
    of b, and b goes for a with 0.8, both rows name a, the rule near, and 0.8.
    """
    survivors = near.select(F.col("removed_id").alias("original"), F.col("kept_id").alias("survivor"), "similarity")
    copies = exact.withColumnRenamed("kept_id", "original").join(survivors, "original", "left")
    removals = copies.select(
        "removed_id",
        F.coalesce("survivor", "original").alias("kept_id"),
        F.when(F.col("survivor").isNull(), _EXACT).otherwise(_NEAR).alias("rule"),
        F.coalesce("similarity", F.lit(1.0)).alias("similarity"),
    ).unionByName(near.withColumn("rule", F.lit(_NEAR)))
    return prints.select(F.col("id").alias("removed_id"), "source").join(removals, "removed_id")


def rejected_pairs(measured: DataFrame) -> DataFrame:
    """The verify.REJECTED first of the rejected pairs, by lot: left, right, similarities and the reason."""
    rejected = measured.where(F.col("verdict") != verify.NEAR)
    reason = F.element_at(F.array(*map(F.lit, verify.VERDICTS)), F.col("verdict") + 1).alias("reason")
    left, right = F.least("better", "worse").alias("left"), F.greatest("better", "worse").alias("right")
    pairs = rejected.select("lot", left, right, "similarity", "prompt_similarity", "answer_similarity", reason)
    return pairs.orderBy("lot", "left", "right").limit(verify.REJECTED).drop("lot")


def _broadcast_if_few(ids: DataFrame, count: int) -> DataFrame:
    """The ids, beside every task while they are few, so that what they are joined with need not be moved."""
    return F.broadcast(ids) if count <= FEW_REMOVALS else ids


def _pair_counts(pairs: DataFrame, measured: DataFrame) -> dict[str, float]:
    """How many pairs were compared, how many of them are near, and how many were cut from crowded buckets."""
    near = F.count_if(F.col("verdict") == verify.NEAR)
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
