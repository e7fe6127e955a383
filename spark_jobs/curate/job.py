"""One quality score a record, how uncertain it is, and whether it counts as high.

Method §2.3: a judge's overall rating 1..10 becomes clip(overall, 4, 9) - 4, so 0..5. Neighbours tell how certain a score is, on
a sample of bounded size. Does not yet: estimate how judges confuse scores (DS2), calibrate per source, or correct a score by
its neighbours; a score is what its judges said.
"""

from math import isfinite

from pydantic import Field
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lake.harness.job import JobContext, Params, SparkInputs, SparkRows
from spark_jobs.columnar.embedders import embedder
from spark_jobs.curate.neighbours import nearest
from spark_jobs.embed.job import with_vectors
from texts.embed.embedder import DEFAULT


class QualityParams(Params):
    """Where high begins, and which neighbours are asked."""

    high_score: float = Field(4.0, ge=0, le=5, description="least score, 0..5, that counts as high")
    neighbours: int = Field(10, ge=1, le=100, description="how many nearest rated records make the neighbour score")
    sample: int = Field(
        20_000, ge=0, le=100_000, description="about how many rated records are compared with one another"
    )
    rows_per_cell: int = Field(2_000, ge=10, description="rows of one coarse cell of the neighbour search")
    embedder: str = Field(DEFAULT, min_length=1, description="the embedder whose vectors are compared")


def quality(inputs: SparkInputs, params: QualityParams, context: JobContext) -> SparkRows:
    """A score for every record that a judge rated; the others go to silver/unrated with the judges' error.

    uncertainty = sqrt(s^2 + w * d^2 / 2): s is the standard deviation between judges (0 for one judge), d the distance to the
    mean score of the nearest records, w their mean cosine (0..1); two readings at distance d have a deviation of d / sqrt(2).
    Neighbours are measured on a sample of `sample` records by hash of id, each among the others of the sample; elsewhere
    neighbour_score is null and w * d^2 / 2 is the sample's mean. New records are compared with new ones alone, so that older
    vectors need not be read and older scores stay.
    """
    records = inputs["silver/unique_instructions"].select("id", "source", "text_hash")
    whole = records.join(judged(inputs["silver/ratings"]), "id", "left").persist()
    rated = whole.where("judges > 0")
    chosen = F.broadcast(sampled(rated, params.sample))  # bounded, and vectors are many: they stay where they are
    compared = with_vectors(chosen, inputs["silver/embeddings"], embedder(params.embedder, context.lake).digest)
    beside = neighbour_scores(compared, params).persist()  # few rows, and asked for twice
    scored = with_uncertainty(rated, beside, params.high_score).persist()
    context.metrics.update(calibration(scored))
    return {"silver/quality": scored, "silver/unrated": unrated(whole.where("judges is null or judges = 0"))}


def sampled(rows: DataFrame, most: int) -> DataFrame:
    """All rows, or about `most` of them, chosen by hash of `id`: the same ones in any order and any partitions."""
    count = rows.count()
    if count <= most:
        return rows
    return rows.where(F.pmod(F.xxhash64(F.lit("calibration"), "id"), F.lit(count)) < most)


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


def with_uncertainty(rated: DataFrame, beside: DataFrame, high_score: float) -> DataFrame:
    """The rows of silver/quality; `beside` is what `neighbour_scores` gives for some of them, few enough to be broadcast."""
    told = rated.join(F.broadcast(beside), "id", "left")
    apart = F.col("closeness") * F.pow(F.col("score") - F.col("neighbour_score"), 2) / 2
    mean_apart = told.agg(F.avg(apart)).collect()[0][0] or 0.0
    return told.select(
        "id",
        "score",
        F.sqrt(F.pow("spread", F.lit(2)) + F.coalesce(apart, F.lit(mean_apart))).alias("uncertainty"),
        "neighbour_score",
        "judges",
        (F.col("score") >= high_score).alias("high"),
    )


def unrated(lost: DataFrame) -> DataFrame:
    """Where the records without any rating went: the reason is the judge's error, or that no judge was asked."""
    unasked = F.when(F.col("judges").isNull(), "no rating of this record").otherwise(
        "the judge gave neither rating nor error"
    )
    garbled = F.col("error").startswith("unparsable_rating")
    return lost.select(
        "id",
        "source",
        F.lit("unrated").alias("outcome"),
        F.when(garbled, "unparsable_rating").otherwise("judge_failed").alias("reason"),
        F.coalesce("error", unasked).alias("detail"),
    )


def calibration(rows: DataFrame) -> dict[str, float]:
    """How well a held-out score is foretold by its neighbours, on the rows where these were measured (`neighbours_measured`).

    neighbour_correlation, neighbour_mae (0..5), and guess_mae: the mean absolute error of always guessing the mean score.
    """
    measured = F.when(F.col("neighbour_score").isNotNull(), F.col("score"))
    high = F.avg(F.col("high").cast("double"))
    mean, share, uncertainty = rows.agg(F.avg(measured), high, F.avg("uncertainty")).collect()[0]
    gap, guess = F.abs(F.col("score") - F.col("neighbour_score")), F.abs(measured - F.lit(mean))
    told = rows.agg(F.corr("score", "neighbour_score"), F.avg(gap), F.avg(guess), F.count(measured)).collect()[0]
    found = {
        "neighbour_correlation": told[0],
        "neighbour_mae": told[1],
        "guess_mae": told[2],
        "neighbours_measured": told[3],
        "high_share": share,
        "uncertainty_mean": uncertainty,
    }
    return {name: float(value) for name, value in found.items() if value is not None and isfinite(value)}
