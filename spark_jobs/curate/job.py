"""One quality score a record, how uncertain it is, and whether it counts as high.

After LM-Mixup (arXiv 2510.20449; method §2.3): a judge's overall rating 1..10 becomes clip(overall, 4, 9) - 4, so 0..5. How
uncertain a score is, is estimated from the scores of its nearest neighbours, on a sample of bounded size. `curation: ds2` also replaces
scores that their neighbours contradict (`ds2`). Does not yet: calibrate per source.
"""

from math import isfinite
from typing import Literal

import pyarrow as pa
from pydantic import Field
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lake.harness.job import JobContext, Params, SparkInputs, SparkRows
from lake.tables import TABLES
from lake.tables.reasons import UNRATED
from spark_jobs.columnar.cached_vectors import vectors_of
from spark_jobs.columnar.embedders import embedder
from spark_jobs.columnar.vectors import with_scaled_vectors
from spark_jobs.curate.ds2 import Curation, curated_score, curation
from spark_jobs.curate.neighbourhoods import neighbours_of
from spark_jobs.curate.neighbours import Library
from texts.embed.embedder import DEFAULT

_NINE_IN_TEN = 1.645  # standard deviations of a normal error
_WIDEST = 2.5
_TRANSITIONS = "silver/score_transitions"


class QualityParams(Params):
    """Where high begins, which neighbours a score is compared with, and whether they may correct it."""

    high_score: float = Field(4.0, ge=0, le=5, description="least score, 0..5, that counts as high")
    neighbours: int = Field(10, ge=2, le=100, description="how many nearest rated records make the neighbour score")
    sample: int = Field(20_000, ge=0, le=100_000, description="about how many rated records others are compared with")
    rows_per_cell: int = Field(2_000, ge=10, description="rows of one coarse cell of the neighbour search")
    embedder: str = Field(DEFAULT, min_length=1, description="the embedder whose vectors are compared")
    curation: Literal["none", "ds2"] = Field(
        "none", description="ds2: scores that their neighbours contradict are replaced, where neighbours agree enough"
    )
    least_agreement: float = Field(
        0.3, ge=0, le=1, description="Cohen's kappa of neighbours' scores, below which no score is replaced"
    )
    least_confidence: float = Field(
        0.5, ge=0, le=1, description="least share of the votes of its neighbourhood with which a score is replaced"
    )


def curated_scores(inputs: SparkInputs, params: QualityParams, context: JobContext) -> SparkRows:
    """A score for every record that a judge rated; the others go to silver/unrated with the judges' error.

    Neighbours are searched for in a sample of `sample` records by hash of id: those of the sample itself, or with `curation: ds2` of every
    record that a judge was asked about; elsewhere neighbour_score is null. New records are compared with new ones alone, so that older
    vectors need not be read and older scores stay.
    """
    records = inputs["silver/unique_instructions"].select("id", "source", "text_hash")
    records = records.join(record_scores(inputs["silver/ratings"]), "id", "left").persist()
    rated = records.where("judges > 0")
    asked = rated.join(asked_about(inputs["silver/ratings"]), "id", "left_semi") if params.curation == "ds2" else rated
    vectors = vectors_of(inputs["silver/embeddings"], embedder(params.embedder, context.lake).digest)
    # the sample is bounded, and vectors are many: they stay where they are
    sample = F.broadcast(hash_sample(asked, params.sample)).join(vectors, "text_hash").select("id", "score", "vector")
    sample = with_scaled_vectors(sample).persist()
    library = Library.of(sample.toArrow(), params.rows_per_cell)
    queries = sample
    if params.curation == "ds2":
        queries = with_scaled_vectors(asked.join(vectors, "text_hash").select("id", "score", "vector"))
    around = neighbours_of(queries, library, params.neighbours).persist()
    by = curation(around, params.least_agreement) if params.curation == "ds2" else None
    scored = quality(rated, around, by, params).persist()
    context.metrics.update(calibration(scored))
    return {
        "silver/quality": scored,
        "silver/unrated": unrated(records.where("judges is null or judges = 0")),
        _TRANSITIONS: around.sparkSession.createDataFrame(transitions(by)),
    }


def asked_about(ratings: DataFrame) -> DataFrame:
    """id of each record that a judge itself rated, at least one: not those whose ratings are all predicted."""
    return ratings.where("overall is not null and margin is null").select("id").distinct()


def transitions(by: Curation | None) -> pa.Table:
    """The rows of silver/score_transitions; none without an estimate."""
    schema = TABLES[_TRANSITIONS].schema
    return by.rows().select(schema.names).cast(schema) if by else schema.empty_table()


def record_scores(ratings: DataFrame) -> DataFrame:
    """One row a record: id, score (mean of its judges, 0..5), spread (their standard deviation, and the margin of what was predicted), judges (how many rated it), error.

    error: of a judge who did not rate it, or null.
    """
    compressed = F.least(F.greatest("overall", F.lit(4)), F.lit(9)) - 4  # method §2.3
    # a margin holds 9 in 10 deviations, a rated record has none; two scores of 0..5 deviate by 2.5 at most
    predicted = F.least(F.coalesce("margin", F.lit(0.0)) / _NINE_IN_TEN, F.lit(_WIDEST))
    variance = F.coalesce(F.var_pop(compressed), F.lit(0.0)) + F.avg(F.pow(predicted, F.lit(2)))
    return ratings.groupBy("id").agg(
        F.avg(compressed).alias("score"),
        F.sqrt(variance).alias("spread"),
        F.count("overall").cast("int").alias("judges"),
        F.min("error").alias("error"),
    )


def hash_sample(rows: DataFrame, most: int) -> DataFrame:
    """All rows, or about `most` of them, chosen by hash of `id`: the same ones in any order and any partitions."""
    count = rows.count()
    if count <= most:
        return rows
    return rows.where(F.pmod(F.xxhash64(F.lit("calibration"), "id"), F.lit(count)) < most)


def quality(rated: DataFrame, around: DataFrame, by: Curation | None, params: QualityParams) -> DataFrame:
    """The rows of silver/quality; `around` is what `neighbours_of` gives for some of them.

    uncertainty = sqrt(s^2 + w * d^2 / 2): s is the standard deviation between judges (0 for one judge), d the distance to the
    mean score of the nearest records, w their mean cosine (0..1); two readings at distance d have a deviation of d / sqrt(2).
    Where neighbours were not searched for, w * d^2 / 2 is the mean of the others.
    """
    rows = rated.join(around, "id", "left")
    variance = F.col("closeness") * F.pow(F.col("score") - F.col("neighbour_score"), 2) / 2
    mean_variance = rows.agg(F.avg(variance)).collect()[0][0] or 0.0
    uncertainty = F.sqrt(F.pow("spread", F.lit(2)) + F.coalesce(variance, F.lit(mean_variance)))
    rows = rows.withColumns({"uncertainty": uncertainty, "curated": curated_score(by, params.least_confidence)})
    return rows.withColumn("high", F.col("curated") >= params.high_score).select(*TABLES["silver/quality"].schema.names)


def unrated(records: DataFrame) -> DataFrame:
    """The rows of silver/unrated: the reason is the judge's error, or that there is no rating at all."""
    no_error = F.when(F.col("judges").isNull(), "no rating of this record").otherwise(
        "the judge gave neither rating nor error"
    )
    code = F.substring_index("error", ":", 1)
    columns = {
        "outcome": F.lit("unrated"),
        "reason": F.when(code.isin(*UNRATED), code).otherwise("judge_failed"),
        "detail": F.coalesce("error", no_error),
    }
    return records.withColumns(columns).select(*TABLES["silver/unrated"].schema.names)


def calibration(rows: DataFrame) -> dict[str, float]:
    """How well neighbours predict a held-out score, on the rows where they were searched for (`neighbours_measured`).

    neighbour_correlation, neighbour_mae (0..5), and guess_mae: the mean absolute error of always guessing the mean score.
    """
    measured = F.when(F.col("neighbour_score").isNotNull(), F.col("score"))
    high, replaced = (F.avg(flag.cast("double")) for flag in (F.col("high"), F.col("curated") != F.col("score")))
    summary = rows.agg(F.avg(measured), high, F.avg("uncertainty"), replaced).collect()[0]
    mean, high_share, uncertainty, replaced_share = summary
    error, guess_error = F.abs(F.col("score") - F.col("neighbour_score")), F.abs(measured - F.lit(mean))
    # Spark's own corr divides by zero where all scores, or all those of the neighbours, are equal
    spread = F.stddev_pop(measured) * F.stddev_pop("neighbour_score")
    correlation = F.try_divide(F.covar_pop("score", "neighbour_score"), spread)
    held_out = rows.agg(correlation, F.avg(error), F.avg(guess_error), F.count(measured)).collect()[0]
    metrics = {
        "neighbour_correlation": held_out[0],
        "neighbour_mae": held_out[1],
        "guess_mae": held_out[2],
        "neighbours_measured": held_out[3],
        "high_share": high_share,
        "uncertainty_mean": uncertainty,
        "replaced_share": replaced_share,
    }
    return {name: float(value) for name, value in metrics.items() if value is not None and isfinite(value)}
