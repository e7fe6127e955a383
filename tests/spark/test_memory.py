"""One session runs any number of jobs: what they broadcast, persist, checkpoint and leave in Spark's history is given back."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F
from spark_frames import context

from lake.engines import spark as engines
from lake.engines.spark import SparkFrames
from lake.harness.job import JobContext, SparkRows
from lake.harness.profiles import resolve
from lake.stages import STAGES
from lake.tables import TABLES
from spark_jobs.session import release_cached

STAGE = replace(STAGES["silver/groups"], sides=())  # one table is enough
FEW, MANY = 50, 500
BOUND = 16  # MiB: some 36 KiB a job


@pytest.mark.long
def test_the_live_heap_is_the_same_after_many_jobs_as_after_few(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def job(inputs: Any, params: Any, around: JobContext) -> SparkRows:
        """Persists and broadcasts; some jobs checkpoint, too, and every tenth fails after that."""
        number = int(around.run_id)
        rows = spark.range(0, 20, 1, 1).selectExpr("cast(id as string) as id").persist()
        some = rows.where("id <> '7'").withColumn("seen", F.lit(True))
        held = rows.join(F.broadcast(some), "id", "left")
        held = held.localCheckpoint() if number % 5 == 0 else held
        if number % 10 == 0:
            raise ValueError(around.run_id)
        return {STAGE.key: held.select(*(_column(name) for name in TABLES[STAGE.key].schema.names))}

    monkeypatch.setattr(engines, "resolve", lambda name: job if name == STAGE.job else resolve(name))
    frames = object.__new__(SparkFrames)  # with the session that runs here, not one made from settings
    around = context(tmp_path)
    frames.lake, frames.spark = around.lake, spark
    heaps = dict[int, float]()
    for number in range(1, MANY + 1):
        try:
            frames.run(STAGE, {}, None, replace(around, run_id=str(number)), f"run-{number}")
        except ValueError as error:
            assert str(error) == str(number)
        if number in (FEW, MANY):
            heaps[number] = _live(spark)
    assert heaps[MANY] - heaps[FEW] < BOUND, heaps


def test_what_is_checkpointed_is_given_back_too(spark: SparkSession) -> None:
    held: Any = spark.range(10).localCheckpoint()
    kept: Any = spark.range(10).persist()
    assert held.count() == kept.count() == 10
    persisted: Any = spark.sparkContext._jsc
    assert len(persisted.getPersistentRDDs()) == 2
    release_cached(spark)
    assert len(persisted.getPersistentRDDs()) == 0


def test_the_plan_that_spark_remembers_of_a_query_is_short_however_much_is_persisted(spark: SparkSession) -> None:
    """What is persisted is told again wherever it is read, so that each level has twice the text of the one before."""
    rows = spark.range(0, 20, 1, 1).persist()
    for _ in range(6):
        rows = rows.union(rows.where("id > 3")).persist()
    assert rows.count() == 20 + 63 * 16
    spark.sparkContext._jsc.sc().listenerBus().waitUntilEmpty()
    told: Any = spark._jsparkSession.sharedState().statusStore().executionsList()
    assert told.size() < 100  # Spark forgets in the background
    assert max(len(told.apply(place).physicalPlanDescription()) for place in range(told.size())) < 20_000


def _column(name: str) -> Column:
    return (F.col("id") if name == "id" else F.lit(None)).alias(name)


def _live(spark: SparkSession) -> float:
    """MiB in use after full collections: as many as it takes until Spark, which they tell what to remove, holds no block."""
    jvm: Any = spark._jvm
    core: Any = spark.sparkContext._jsc.sc()
    core.listenerBus().waitUntilEmpty()
    for _ in range(200):
        jvm.java.lang.System.gc()
        if core.env().blockManager().memoryStore().memoryUsed() < 2**20:
            break
    used = list[int]()
    for _ in range(5):
        jvm.java.lang.System.gc()
        used.append(jvm.java.lang.management.ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed())
    return min(used) / 2**20
