"""The training set: distilled items and the best originals within a budget, and a reason for everything left out.

Within a side the better score goes first, then the smaller id. Does not yet: prefer long-tail rows among equals (method §5.5),
hold quotas for sources or clusters, or match token counts instead of rows.
"""

from functools import reduce

from pydantic import Field
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lake.harness.job import JobContext, Params, SparkInputs, SparkRows
from spark_jobs.select.contamination import contaminated

_COLUMNS = (
    "origin",
    "origin_id",
    "member_ids",
    "sources",
    "licences",
    "language",
    "messages",
    "prompt",
    "answer",
    "score",
    "personal",
)


class SelectParams(Params):
    """How many examples, in which mix, and what may never be among them."""

    budget: int = Field(10_000, ge=1, description="most examples of the training set")
    distilled_share: float = Field(
        0.5, ge=0, le=1, description="share of distilled items; a shortfall is filled by the other side"
    )
    quality_floor: float = Field(4.0, ge=0, le=5, description="least score, 0..5, of an original")
    contamination_coverage: float = Field(
        0.5, gt=0, lt=1, description="an item holding more of a benchmark item's words is blocked"
    )
    validation_share: float = Field(0.05, ge=0, lt=1, description="share of the examples set aside for validation")


def training_set(inputs: SparkInputs, params: SelectParams, context: JobContext) -> SparkRows:
    """The selected examples, and one exit for each original and each distilled item that is not among them.

    A member of a distilled item does not appear on its own: its outcome is the item's. A record that nobody rated left earlier.
    """
    benchmark = inputs["bronze/references"].where("role = 'benchmark'")
    ready = originals(inputs).unionByName(distilled(inputs)).persist()
    judged = with_block(ready, benchmark, params).persist()
    free = judged.where("reason is null")
    counts = {row["origin"]: row["count"] for row in free.groupBy("origin").count().collect()}
    shares = mix(params.budget, params.distilled_share, counts.get("distilled", 0), counts.get("original", 0))
    chosen = reduce(
        DataFrame.unionByName, [best(free.where(F.col("origin") == side), size) for side, size in shares.items()]
    )
    chosen = chosen.withColumn("id", _released_id()).withColumn("split", split(params.validation_share)).persist()
    context.metrics.update({f"selected/{side}": float(size) for side, size in shares.items()})
    context.metrics.update({f"available/{side}": float(counts.get(side, 0)) for side in shares})
    return {
        "gold/training_set": chosen.drop("personal", "reason", "detail"),
        "gold/training_set_exits": exits(judged, chosen),
    }


def originals(inputs: SparkInputs) -> DataFrame:
    """Every rated record that no accepted distilled item carries, in the shape of a candidate."""
    consumed = inputs["gold/distilled"].select(F.explode("member_ids").alias("id"))
    records = inputs["silver/unique_instructions"].join(inputs["silver/quality"].select("id", "score"), "id")
    return records.join(consumed, "id", "left_anti").select(
        F.lit("original").alias("origin"),
        F.col("id").alias("origin_id"),
        F.array("id").alias("member_ids"),
        F.array("source").alias("sources"),
        F.array("licence").alias("licences"),
        *("language", "messages", "prompt", "answer", "score"),
        F.coalesce("personal", F.array().cast("array<string>")).alias("personal"),
    )


def distilled(inputs: SparkInputs) -> DataFrame:
    """Every accepted distilled item in the shape of a candidate: its prompt and answer are its two turns."""
    turns = [
        F.struct(F.lit(role).alias("role"), F.col(side).alias("content"))
        for role, side in (("user", "prompt"), ("assistant", "answer"))
    ]
    return inputs["gold/distilled"].select(
        F.lit("distilled").alias("origin"),
        F.col("id").alias("origin_id"),
        *("member_ids", "sources", "licences", "language"),
        F.array(*turns).alias("messages"),
        *("prompt", "answer"),
        F.col("rating").alias("score"),
        F.array().cast("array<string>").alias("personal"),
    )


def with_block(ready: DataFrame, benchmark: DataFrame, params: SelectParams) -> DataFrame:
    """The candidates with `reason` and `detail`: why one may not be released, or null. Safety comes before quality."""
    texts = ready.select(F.col("origin_id").alias("id"), "prompt", F.concat_ws("\n", "prompt", "answer").alias("text"))
    leaks = contaminated(texts, benchmark, params.contamination_coverage).withColumnRenamed("id", "origin_id")
    beside = ready.join(leaks, "origin_id", "left")
    checks: tuple[tuple[str, Column, Column], ...] = (
        ("personal_data", F.size("personal") > 0, F.array_join("personal", ", ")),
        ("unknown_licence", _unknown_licence(), F.lit("no licence is known for it")),
        (
            "contamination",
            F.col("benchmark_id").isNotNull(),
            F.format_string("holds %.0f %% of %s", F.col("covered") * 100, F.col("benchmark_id")),
        ),
        (
            "quality_floor",
            _below(params.quality_floor),
            F.format_string("score %.2f is below %.2f", F.col("score"), F.lit(params.quality_floor)),
        ),
    )
    reason = F.coalesce(*(F.when(failed, name) for name, failed, _ in checks))
    detail = F.coalesce(*(F.when(failed, text) for _, failed, text in checks))
    return beside.select(*_COLUMNS, reason.alias("reason"), detail.alias("detail"))


def mix(budget: int, distilled_share: float, distilled_count: int, original_count: int) -> dict[str, int]:
    """How many of each side: the wanted mix, each side's shortfall filled by the other as far as it can."""
    wanted = round(budget * distilled_share)
    from_distilled = min(distilled_count, wanted)
    from_original = min(original_count, budget - from_distilled)
    return {"distilled": min(distilled_count, budget - from_original), "original": from_original}


def best(side: DataFrame, size: int) -> DataFrame:
    """The `size` candidates with the highest score, ties to the smaller id."""
    return side.orderBy(F.desc("score"), "origin_id").limit(size)


def split(validation_share: float) -> Column:
    """train or validation, from a hash of the origin's id: a row keeps its side whatever else is released."""
    place = F.conv(F.substring(F.sha2("origin_id", 256), 1, 8), 16, 10).cast("bigint")
    return F.when(place < int(validation_share * 2**32), "validation").otherwise("train")


def exits(judged: DataFrame, chosen: DataFrame) -> DataFrame:
    """Why each candidate that is not released was left out: blocked with its reason, or over budget."""
    left = judged.join(chosen.select("origin_id"), "origin_id", "left_anti")
    blocked = F.col("reason").isNotNull()
    return left.select(
        F.col("origin_id").alias("id"),
        F.array_join("sources", ", ").alias("source"),
        F.when(blocked, "blocked").otherwise("not_selected").alias("outcome"),
        F.coalesce("reason", F.lit("over_budget")).alias("reason"),
        F.coalesce("detail", F.format_string("score %.2f; better ones filled the budget", "score")).alias("detail"),
    )


def _unknown_licence() -> Column:
    return (F.size("licences") == 0) | F.exists("licences", lambda licence: licence.isNull())


def _below(floor: float) -> Column:
    return (F.col("origin") == "original") & (F.col("score") < floor)


def _released_id() -> Column:
    """lake.ids.content_id("rel", origin_id), as columns."""
    length = F.unhex(F.lpad(F.hex(F.octet_length("origin_id")), 16, "0"))
    digest = F.sha2(F.concat(length, F.col("origin_id").cast("binary")), 256)
    return F.concat(F.lit("rel_"), F.substring(digest, 1, 24))
