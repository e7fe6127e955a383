"""The training set: distilled items and the best originals within a budget, and a reason for everything left out.

After LM-Mixup (arXiv 2510.20449; method §5.6). Within a side the better score goes first, then the smaller id. Does not yet: prefer
long-tail rows among equals (method §5.5), hold quotas for sources or clusters, or match token counts instead of rows.
"""

from functools import reduce

from pydantic import Field
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lake.harness.job import JobContext, Params, SparkInputs, SparkRows
from lake.tables import TABLES
from lake.tables.reasons import DUPLICATE_RULES
from spark_jobs.columnar.contamination import COVERAGE, contaminated, evidence
from spark_jobs.columnar.withdrawn import withdrawn_records
from spark_jobs.select.written import with_tests

_EXAMPLE = TABLES["gold/training_set"].schema.names
# What may become an example: its id and its split are made once it is chosen; `personal` says what personal data it holds, `written_in`
# the language that it is really in.
_CANDIDATE = [*(name for name in _EXAMPLE if name not in ("id", "split")), "personal", "written_in"]


_BEST = 5.0  # of a score: what a distilled item of worth 1 has


class SelectParams(Params):
    """How many examples, in which mix, and what may never be among them."""

    budget: int = Field(10_000, ge=1, description="most examples of the training set")
    distilled_share: float = Field(
        0.5, ge=0, le=1, description="share of distilled items; a shortfall is filled by the other side"
    )
    quality_floor: float = Field(4.0, ge=0, le=5, description="least score, 0..5, of an original")
    contamination_coverage: float = Field(
        COVERAGE, gt=0, lt=1, description="an item holding more of a benchmark item's own words is blocked"
    )
    language_confidence: float = Field(
        0.8, ge=0, le=1, description="how sure it must be that a distilled item is in another language than its members"
    )
    validation_share: float = Field(0.05, ge=0, lt=1, description="share of the examples set aside for validation")


def training_set(inputs: SparkInputs, params: SelectParams, context: JobContext) -> SparkRows:
    """The selected examples, and one exit for each original and each distilled item that is not among them.

    A member of a distilled item does not appear on its own: its outcome is the item's. A record that nobody rated left earlier.
    """
    benchmark = inputs["bronze/references"].where("role = 'benchmark'")
    candidates = (
        original_candidates(inputs).unionByName(distilled_candidates(inputs, params.language_confidence)).persist()
    )
    gone = holding_withdrawn(candidates, inputs)
    checked = with_block_reason(candidates, gone, benchmark, params).persist()
    allowed = checked.where("reason is null")
    available = {row["origin"]: row["count"] for row in allowed.groupBy("origin").count().collect()}
    sizes = side_sizes(
        params.budget, params.distilled_share, available.get("distilled", 0), available.get("original", 0)
    )
    sides = [
        allowed.where(F.col("origin") == origin).orderBy(F.desc("score"), "origin_id").limit(size)
        for origin, size in sizes.items()
    ]
    chosen = reduce(DataFrame.unionByName, sides).withColumns(
        {"id": example_id(), "split": split(params.validation_share)}
    )
    chosen = chosen.persist()
    context.metrics.update({f"selected/{origin}": float(size) for origin, size in sizes.items()})
    context.metrics.update({f"available/{origin}": float(available.get(origin, 0)) for origin in sizes})
    return {"gold/training_set": chosen.select(*_EXAMPLE), "gold/training_set_exits": exits(checked, chosen)}


def original_candidates(inputs: SparkInputs) -> DataFrame:
    """Every rated record that no accepted distilled item carries, as _CANDIDATE."""
    consumed = inputs["gold/distilled"].select(F.explode("member_ids").alias("id"))
    scores = inputs["silver/quality"].select("id", F.col("curated").alias("score"))
    records = inputs["silver/unique_instructions"].join(scores, "id")
    columns = {
        "origin": F.lit("original"),
        "origin_id": F.col("id"),
        "member_ids": F.array("id"),
        "sources": F.array("source"),
        "licences": F.array("licence"),
        "personal": F.coalesce("personal", F.array().cast("array<string>")),
        "written_in": F.col("language"),
    }
    return records.join(consumed, "id", "left_anti").withColumns(columns).select(*_CANDIDATE)


def distilled_candidates(inputs: SparkInputs, language_confidence: float) -> DataFrame:
    """Every accepted distilled item, as _CANDIDATE: its prompt and answer are its two turns."""
    turns = [
        F.struct(F.lit(role).alias("role"), F.col(side).alias("content"))
        for role, side in (("user", "prompt"), ("assistant", "answer"))
    ]
    columns = {
        "origin": F.lit("distilled"),
        "origin_id": F.col("id"),
        "messages": F.array(*turns),
        "score": _BEST * F.col("worth"),
    }
    return with_tests(inputs["gold/distilled"], language_confidence).withColumns(columns).select(*_CANDIDATE)


def holding_withdrawn(candidates: DataFrame, inputs: SparkInputs) -> DataFrame:
    """origin_id and gone: of each candidate that carries records whose files no longer have them, how many.

    A record that only moved is not gone: another file of its source has its exact copy, which went for it.
    """
    withdrawn = withdrawn_records(inputs["bronze/instructions_withdrawn"])
    copies = inputs["silver/duplicates"].where(F.col("rule") == DUPLICATE_RULES[0])
    copies = copies.withColumnRenamed("removed_id", "id").join(withdrawn, "id", "left_anti")
    moved = copies.select(F.col("kept_id").alias("id"), F.col("source").alias("copied_in"))
    records = inputs["silver/unique_instructions"].select("id", "source").join(withdrawn, "id", "left_semi")
    same = (records["id"] == moved["id"]) & (records["source"] == moved["copied_in"])
    gone = records.join(moved, same, "left_anti").select(F.col("id").alias("member"))
    carried = candidates.select("origin_id", F.explode("member_ids").alias("member"))
    return carried.join(gone, "member", "left_semi").groupBy("origin_id").agg(F.count("*").alias("gone"))


def with_block_reason(candidates: DataFrame, gone: DataFrame, benchmark: DataFrame, params: SelectParams) -> DataFrame:
    """The candidates with `reason` and `detail`: why one may not be released, or null. Safety comes before quality."""
    texts = candidates.select(
        F.col("origin_id").alias("id"), "prompt", F.concat_ws("\n", "prompt", "answer").alias("text")
    )
    leaks = contaminated(texts, benchmark, params.contamination_coverage).withColumnRenamed("id", "origin_id")
    no_licence = (F.size("licences") == 0) | F.exists("licences", lambda licence: licence.isNull())
    poor = (F.col("origin") == "original") & (F.col("score") < params.quality_floor)
    rules: tuple[tuple[str, Column, Column], ...] = (
        (
            "withdrawn",
            F.col("gone").isNotNull(),
            F.format_string("%d of %d records are no longer in their files", F.col("gone"), F.size("member_ids")),
        ),
        ("personal_data", F.size("personal") > 0, F.array_join("personal", ", ")),
        (
            "other_language",
            F.col("written_in") != F.col("language"),
            F.format_string("in %s, its members in %s", "written_in", "language"),
        ),
        ("unknown_licence", no_licence, F.lit("no licence is known for it")),
        ("contamination", F.col("benchmark_id").isNotNull(), evidence()),
        (
            "quality_floor",
            poor,
            F.format_string("score %.2f is below %.2f", F.col("score"), F.lit(params.quality_floor)),
        ),
    )
    reason = F.coalesce(*(F.when(broken, name) for name, broken, _ in rules))
    detail = F.coalesce(*(F.when(broken, text) for _, broken, text in rules))
    checked = candidates.join(leaks, "origin_id", "left").join(gone, "origin_id", "left")
    return checked.select(*_CANDIDATE, reason.alias("reason"), detail.alias("detail"))


def side_sizes(budget: int, distilled_share: float, distilled_count: int, original_count: int) -> dict[str, int]:
    """How many examples of each origin: the wanted mix, each side's shortfall filled by the other as far as it can."""
    wanted = round(budget * distilled_share)
    from_distilled = min(distilled_count, wanted)
    from_original = min(original_count, budget - from_distilled)
    return {"distilled": min(distilled_count, budget - from_original), "original": from_original}


def split(validation_share: float) -> Column:
    """train or validation, from a hash of the origin's id: an example keeps its side whatever else is released."""
    place = F.conv(F.substring(F.sha2("origin_id", 256), 1, 8), 16, 10).cast("bigint")
    return F.when(place < int(validation_share * 2**32), "validation").otherwise("train")


def example_id() -> Column:
    """lake.ids.content_id("rel", origin_id), as columns."""
    length = F.unhex(F.lpad(F.hex(F.octet_length("origin_id")), 16, "0"))
    digest = F.sha2(F.concat(length, F.col("origin_id").cast("binary")), 256)
    return F.concat(F.lit("rel_"), F.substring(digest, 1, 24))


def exits(checked: DataFrame, chosen: DataFrame) -> DataFrame:
    """Why each candidate that is not released was left out: withdrawn, blocked with its reason, or over budget."""
    left_out = checked.join(chosen.select("origin_id"), "origin_id", "left_anti")
    blocked = F.col("reason").isNotNull()
    # of an item that carries withdrawn records the others are only blocked with it
    withdrawn = (F.col("reason") == "withdrawn") & (F.col("origin") == "original")
    return left_out.select(
        F.col("origin_id").alias("id"),
        F.array_join("sources", ", ").alias("source"),
        F.when(withdrawn, "withdrawn").when(blocked, "blocked").otherwise("not_selected").alias("outcome"),
        F.coalesce("reason", F.lit("over_budget")).alias("reason"),
        F.coalesce("detail", F.format_string("score %.2f; better ones filled the budget", "score")).alias("detail"),
    )
