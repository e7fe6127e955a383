"""The proof of what is released: which examples, and which candidates that were blocked, share runs of words with a benchmark."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lake.harness.job import SparkInputs
from spark_jobs.columnar.overlaps import overlaps

TABLE = "gold/training_set_overlaps"


def benchmark_overlaps(released: DataFrame, checked: DataFrame, inputs: SparkInputs) -> DataFrame:
    """The rows of gold/training_set_overlaps: of the released candidates, and of those that were blocked as contaminated."""
    blocked = checked.where("reason = 'contamination'")
    both = _told(released, F.lit("released")).unionByName(_told(blocked, F.lit("blocked")))
    found = overlaps(both, inputs["bronze/references"].where("role = 'benchmark'"))
    return found.join(both.select("id", "outcome"), "id")


def _told(candidates: DataFrame, outcome: Column) -> DataFrame:
    text = F.concat_ws("\n", "prompt", "answer").alias("text")
    return candidates.select(F.col("origin_id").alias("id"), "prompt", text, outcome.alias("outcome"))
