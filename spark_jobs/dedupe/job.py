"""Removes exact and near-duplicate records; every removal names a kept record and the measured similarity.

Exact: the same turns, or the same last prompt and last answer. Near: MinHash bands propose, the exact Jaccard of word shingles
decides, for the whole record and for each side, with the same numbers. A removed row is itself similar to the row that is kept
for it: stars, never chains. Where only new rows are given, they are compared with those published before, which stay. Does not
yet: change the shingle size for long texts, or compare a new row with rows that were removed before.
"""

from collections.abc import Iterator, Mapping

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window
from pyspark.storagelevel import StorageLevel

from lake.harness.job import JobContext, Params, SparkInputs, SparkRows
from spark_jobs.columnar import packed_rows as packed
from spark_jobs.dedupe import candidates, verify
from spark_jobs.dedupe.exact_copies import copies
from spark_jobs.dedupe.recall import quality
from spark_jobs.dedupe.removals import star

RULES = ("exact_record", "exact_prompt_answer", "near")
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
    rest = remaining(every, exact, exact.count())
    pairs = candidates.pairs(rest, parts, params.reach).unionByName(_same_end(exact, parts)).persist()
    texts = _texts(records, context.before, packed.marks(pairs, "left right"), parts, params)
    texts = texts.persist(StorageLevel.DISK_ONLY)  # asked for by both ends of the pairs
    measured = verify.measure(pairs, texts, parts, rule).persist()
    effort = _effort(pairs, measured)
    near = star(near_edges(measured), int(effort["near_pairs"]))
    duplicates = evidence(exact, near, measured, prints).persist()
    losses = _losses(duplicates, sources)
    told = quality(records, context.before.get(_UNIQUE), duplicates, sum(sources.values()), rule)
    context.metrics.update(effort | losses | told)
    gone = _beside(duplicates.select(F.col("removed_id").alias("id")), int(sum(losses[rule] for rule in RULES)))
    return {
        _UNIQUE: records.join(gone, "id", "left_anti"),
        "silver/duplicates": duplicates,
        "silver/rejected_pairs": rejected(measured),
        _SIGNATURES: prints.join(gone, "id", "left_anti"),
    }


def fingerprints(records: DataFrame, params: DedupeParams) -> DataFrame:
    """A row of candidates.FINGERPRINT for each record."""
    users = F.filter("messages", lambda turn: turn["role"] == "user")
    # of at most one turn before the answer the prompt is the text: most records, and they are not looked at turn by turn
    several = (F.size("messages") > 2) | (F.try_element_at("messages", F.lit(-1))["role"] != "assistant")
    last_prompt = F.when(several, F.try_element_at(users, F.lit(-1))["content"])
    priority, by_side = params.source_priority, params.by_side

    def fingerprint(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield candidates.fingerprint(batch, priority, by_side)

    asked = records.select("id", "source", "prompt", "answer", last_prompt.alias("last_prompt"))
    return asked.mapInArrow(fingerprint, candidates.FINGERPRINT)


def remaining(prints: DataFrame, exact: DataFrame, count: int) -> DataFrame:
    """The rows that are no exact copies (there are `count`); one that stands for other conversations has standing 0: it stays."""
    gone = exact.select(F.col("removed_id").alias("id"), F.lit(True).alias("gone"))
    stays = exact.where("apart").select(F.col("kept_id").alias("id"), F.lit(False).alias("gone"))
    fates = _beside(gone.unionByName(stays), count)
    rest = prints.join(fates, "id", "left").where("not coalesce(gone, false)")
    return rest.withColumn("standing", F.when(F.col("gone").isNull(), F.col("standing")).otherwise(0)).drop("gone")


def near_edges(measured: DataFrame) -> DataFrame:
    """better, worse, similarity for every pair of near-duplicates."""
    return measured.where((F.col("verdict") == verify.NEAR) & ~F.col("asked")).select("better", "worse", "similarity")


def evidence(exact: DataFrame, near: DataFrame, measured: DataFrame, prints: DataFrame) -> DataFrame:
    """Every removal once: removed_id, kept_id, source, rule, similarity.

    A row whose exact copy turned out to be a near-duplicate follows it: being word for word the same, it is as similar.
    """
    facts = (
        exact.selectExpr("kept_id as original", "removed_id", "rule", "null as keeper", "null as similarity")
        .union(measured.where("asked").selectExpr("better", "worse", "null", "null", "similarity"))
        .union(near.selectExpr("removed_id", "removed_id", "'near'", "kept_id", "similarity"))
    )
    # by the original alone, so that it also serves what follows: one shuffle brings together all that is known of its copies
    copied = (
        facts.repartition("original")
        .groupBy("original", "removed_id")
        .agg(*(F.max(name).alias(name) for name in ("rule", "keeper", "similarity")))
    )
    of_one = Window.partitionBy("original")
    moved = F.max(F.when(F.col("keeper").isNotNull(), F.col("similarity"))).over(of_one)
    removals = copied.select(
        "removed_id",
        F.coalesce(F.max("keeper").over(of_one), "original").alias("kept_id"),
        F.when(moved.isNotNull(), "near").otherwise(F.col("rule")).alias("rule"),
        F.coalesce(moved, "similarity", F.lit(1.0)).alias("similarity"),
    )
    return prints.select(F.col("id").alias("removed_id"), "source").join(removals, "removed_id")


def rejected(measured: DataFrame) -> DataFrame:
    """The verify.REJECTED first of the rejected pairs, by lot: left, right, similarities and the reason."""
    failed = measured.where(F.col("verdict") != verify.NEAR).where(~F.col("asked"))
    reason = F.element_at(F.array(*map(F.lit, verify.REASONS)), F.col("verdict") + 1).alias("reason")
    left, right = F.least("better", "worse").alias("left"), F.greatest("better", "worse").alias("right")
    pairs = failed.select("lot", left, right, "similarity", "prompt_similarity", "answer_similarity", reason)
    return pairs.orderBy("lot", "left", "right").limit(verify.REJECTED).drop("lot")


def _published(signatures: DataFrame, prints: DataFrame) -> DataFrame:
    """What new rows may meet of the rows published before, with standing 0: keys that no new row has are left out."""
    keys = packed.marks(prints, "ending bands")

    def sift(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield candidates.shared_with(batch, keys)

    return signatures.mapInArrow(sift, "id string, standing bigint, turns binary, ending binary, bands binary")


def _texts(
    records: DataFrame, before: Mapping[str, DataFrame], wanted: bytes, parts: int, params: DedupeParams
) -> DataFrame:
    every = records.unionByName(before[_UNIQUE]) if before else records
    return verify.texts(every, wanted, parts, params.source_priority)


def _same_end(exact: DataFrame, parts: int) -> DataFrame:
    """The pairs that ended alike after other turns, to be measured: candidates.PAIRS."""

    def ask(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield candidates.asked(batch, parts)

    return exact.where("rule = 'exact_prompt_answer'").select("kept_id", "removed_id").mapInArrow(ask, candidates.PAIRS)


def _beside(ids: DataFrame, count: int) -> DataFrame:
    """The ids, held beside every task while they are few, so that what they are joined with need not be moved."""
    return F.broadcast(ids) if count <= FEW_REMOVALS else ids


def _effort(pairs: DataFrame, measured: DataFrame) -> dict[str, float]:
    """How many pairs were compared, how many of them are near, and how many were cut from crowded buckets."""
    near = F.count_if((F.col("verdict") == verify.NEAR) & ~F.col("asked"))
    compared = measured.agg(F.sum("compared").alias("candidate_pairs"), near.alias("near_pairs"))
    (tally,) = compared.crossJoin(pairs.agg(F.sum("cut").alias("cut_pairs"))).collect()
    return {name: float(count or 0) for name, count in tally.asDict().items()}


def _losses(duplicates: DataFrame, sources: Mapping[str, int]) -> dict[str, float]:
    """Removals by rule, the largest star, and each source's share removed."""
    sets = duplicates.groupingSets([["source", "rule"], ["rule", "kept_id"]], "source", "rule", "kept_id")
    largest = sets.agg(F.count("*").alias("rows")).groupBy("source", "rule").agg(F.max("rows").alias("rows"))
    figures = dict.fromkeys((*RULES, "largest_star"), 0.0)
    shares = dict.fromkeys(sources, 0.0)
    for source, rule, rows in largest.collect():
        if source is not None:
            figures[rule] += rows
            shares[source] += rows / sources[source]
        elif rule == "near":
            figures["largest_star"] = float(rows)
    return figures | {f"removed_share/{source}": round(share, 6) for source, share in shares.items()}
