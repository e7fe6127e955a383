"""One quality score a record, how uncertain it is, and whether it counts as high.

Method §2.3: a judge's overall rating 1..10 becomes clip(overall, 4, 9) - 4, so 0..5. Does not yet: estimate how judges confuse
scores (DS2), calibrate per source, or correct a score by its neighbours; a score is what its judges said.
"""

from pydantic import Field
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lake.embedder import DEFAULT
from lake.job import JobContext, Params, SparkInputs, SparkRows
from spark_jobs.embed import with_vectors
from spark_jobs.neighbours import nearest


class QualityParams(Params):
    """Where high begins, and which neighbours are asked."""

    high_score: float = Field(4.0, ge=0, le=5, description="least score, 0..5, that counts as high")
    neighbours: int = Field(10, ge=1, le=100, description="how many nearest rated records make the neighbour score")
    rows_per_cell: int = Field(2_000, ge=10, description="rows of one coarse cell of the neighbour search")
    embedder: str = Field(DEFAULT, min_length=1, description="the embedder whose vectors are compared")


def quality(inputs: SparkInputs, params: QualityParams, context: JobContext) -> SparkRows:
    """A score for every record that a judge rated; the others go to silver/unrated with the judges' error.

    uncertainty = sqrt(s^2 + w * d^2 / 2): s is the standard deviation between judges (0 for one judge), d the distance to the
    mean score of the nearest records, w their mean cosine (0..1); two readings at distance d have a deviation of d / sqrt(2).
    """
    records = inputs["silver/unique_instructions"].select("id", "source", "text_hash")
    scores = judged(inputs["silver/ratings"]).persist()
    rated = records.join(scores.where("judges > 0").drop("error"), "id")
    beside = neighbour_scores(with_vectors(rated, inputs["silver/embeddings"], params.embedder), params)
    whole = with_uncertainty(rated.join(beside, "id", "left"), params.high_score).persist()
    context.metrics.update(calibration(whole))
    return {"silver/quality": whole, "silver/unrated": unrated(records, scores)}


def judged(ratings: DataFrame) -> DataFrame:
    """id, score (mean of the judges, 0..5), spread (their standard deviation), judges (how many rated), error (of one who did not)."""
    compressed = F.least(F.greatest("overall", F.lit(4)), F.lit(9)) - 4
    return ratings.groupBy("id").agg(
        F.avg(compressed).alias("score"),
        F.coalesce(F.stddev_pop(compressed), F.lit(0.0)).alias("spread"),
        F.count("overall").cast("int").alias("judges"),
        F.min("error").alias("error"),
    )


def neighbour_scores(scored: DataFrame, params: QualityParams) -> DataFrame:
    """id, neighbour_score (mean score of the nearest other rated records), closeness (their mean cosine, at least 0)."""
    scored = scored.select("id", "score", "vector").persist()
    pairs = nearest(scored, params.neighbours, params.rows_per_cell)
    others = scored.select(F.col("id").alias("neighbour_id"), "score")
    return (
        pairs.join(others, "neighbour_id")
        .groupBy("id")
        .agg(F.avg("score").alias("neighbour_score"), F.greatest(F.avg("similarity"), F.lit(0.0)).alias("closeness"))
    )


def with_uncertainty(rows: DataFrame, high_score: float) -> DataFrame:
    """The rows of silver/quality; a record without any neighbour is its own neighbour."""
    neighbour = F.coalesce("neighbour_score", "score")
    distance = F.coalesce("closeness", F.lit(0.0)) * F.pow(F.col("score") - neighbour, 2) / 2
    return rows.select(
        "id",
        "score",
        F.sqrt(F.pow("spread", F.lit(2)) + distance).alias("uncertainty"),
        neighbour.alias("neighbour_score"),
        "judges",
        (F.col("score") >= high_score).alias("high"),
    )


def unrated(records: DataFrame, scores: DataFrame) -> DataFrame:
    """Where the records without any rating went: the reason is the judge's error, or that no judge was asked."""
    lost = records.join(scores.where("judges = 0"), "id").select("id", "source", "error")
    unasked = records.join(scores, "id", "left_anti").select(
        "id", "source", F.lit("no rating of this record").alias("error")
    )
    garbled = F.col("error").startswith("unparsable_rating")
    return lost.unionByName(unasked).select(
        "id",
        "source",
        F.lit("unrated").alias("outcome"),
        F.when(garbled, "unparsable_rating").otherwise("judge_failed").alias("reason"),
        F.coalesce("error", F.lit("the judge gave neither rating nor error")).alias("detail"),
    )


def calibration(rows: DataFrame) -> dict[str, float]:
    """How well a record's score is foretold by its neighbours, itself left out: correlation and mean absolute error (0..5)."""
    gap = F.abs(F.col("score") - F.col("neighbour_score"))
    high = F.avg(F.col("high").cast("double"))
    found = rows.agg(F.corr("score", "neighbour_score"), F.avg(gap), high, F.avg("uncertainty")).collect()[0]
    names = ("neighbour_correlation", "neighbour_mae", "high_share", "uncertainty_mean")
    return {name: float(value) for name, value in zip(names, found, strict=True) if value is not None}
