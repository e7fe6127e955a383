"""What Spark is given and told where there are few rows: they cost no job of their own, and nothing of it changes a row."""

from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession
from spark_frames import as_for_many, record

from lake.engines import spark as engines
from lake.engines.spark import SparkFrames, spark_frame
from lake.harness.job import JobContext
from lake.stages import STAGES
from lake.storage.store import Lake
from lake.tables import TABLES
from spark_jobs.session import SMALL, fitted

UNIQUE = "silver/unique_instructions"


def staged(lake: Lake, count: int) -> tuple[str, ...]:
    """The files of so many records."""
    rows = [record(str(number), f"Why is {number}?", "Nobody knows. " * (number % 5)) for number in range(count)]
    return lake.write(UNIQUE, f"run-{count}", pa.Table.from_pylist(rows, TABLES[UNIQUE].schema)).paths


def test_few_rows_are_read_without_a_job_and_many_by_spark_alike(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(str(tmp_path))
    files = staged(lake, 30)
    few = spark_frame(spark, lake, UNIQUE, files)
    spark.sparkContext.setJobGroup("few rows", "")
    found = few.where("id != 'rec_7'").collect()
    assert list(spark.sparkContext.statusTracker().getJobIdsForGroup("few rows")) == []
    spark.sparkContext.setJobGroup("other tests", "")
    assert lake.few_rows(UNIQUE, files, 100) is None
    monkeypatch.setattr(engines, "_FEW", 100)
    read = spark_frame(spark, lake, UNIQUE, files)
    assert read.schema == few.schema and read.inputFiles()
    assert sorted(read.where("id != 'rec_7'").collect()) == sorted(found)


def test_bytes_are_counted_as_they_are_unpacked(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    rows = pa.Table.from_pylist([record("a", "Why?", "again " * 300_000)], TABLES[UNIQUE].schema)
    files = lake.write(UNIQUE, "run-1", rows).paths
    assert (tmp_path / UNIQUE / files[0]).stat().st_size < 2**20
    assert lake.few_rows(UNIQUE, files, 2**20) is None


def test_a_stage_of_few_rows_is_planned_in_small_and_the_next_one_as_before(spark: SparkSession) -> None:
    names = ("spark.sql.adaptive.enabled", "spark.sql.shuffle.partitions")
    with as_for_many(spark):
        with fitted(spark, SMALL):
            assert [spark.conf.get(name) for name in names] == ["false", "1"]
            assert spark.range(10).repartition("id").rdd.getNumPartitions() == 1
        assert [spark.conf.get(name) for name in names] == ["true", "4"]
    with pytest.raises(ValueError, match="of the stage"), fitted(spark, {names[0]: "true"}):
        assert [spark.conf.get(name) for name in names] == ["true", "1"]
        raise ValueError("of the stage")
    assert [spark.conf.get(name) for name in names] == ["false", "1"]


def test_how_much_a_stage_looks_at_decides_how_it_is_planned_and_the_user_before_that(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, moved = STAGES["silver/instructions"], "spark.sql.shuffle.partitions"
    monkeypatch.setenv("MIXLAKE_ROOT", str(tmp_path))
    monkeypatch.setattr(engines, "shared_session", lambda: spark)
    frames = SparkFrames(Lake(str(tmp_path)))
    assert frames.fitting(stage) == SMALL
    monkeypatch.setenv("MIXLAKE_SPARK_CONF", f"{moved}=7")
    assert frames.fitting(stage) == {name: value for name, value in SMALL.items() if name != moved}
    monkeypatch.setattr(Lake, "stored_bytes", lambda self, key: 2**30)
    assert frames.fitting(stage) == {}


def test_a_job_may_return_rows_that_are_here_or_a_table_as_it_was(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A state that did not change is written again without Spark; its rows are those of before."""
    lake, stage = Lake(str(tmp_path)), STAGES["bronze/instructions"]
    state = "bronze/instructions_withdrawn"
    gone = pa.Table.from_pylist([{"id": "raw_1", "source": "pantry", "uri": "/a"}], TABLES[state].schema)
    lake.append(state, gone, "first")
    monkeypatch.setattr(Lake, "version", lambda _, key: 0 if key == state else None)
    monkeypatch.setattr(engines, "shared_session", lambda: spark)
    frames = SparkFrames(lake)
    before = {state: frames.open(state, 0)}
    empty = {key: TABLES[key].schema.empty_table() for key in stage.outputs}
    monkeypatch.setattr(engines, "resolve", lambda name: resolved(name, lambda *_: empty | before))
    written = frames.run(stage, {}, None, JobContext(lake, "run", tmp_path, before=before), "run-2")
    assert lake.files_dataset(state, written[state].paths).to_table().equals(gone)
    assert {key: one.rows for key, one in written.items() if one.rows} == {state: 1}


def resolved(name: str, job: object) -> object:
    """What a dotted name stands for, the job in place of the stage's."""
    from lake.harness.profiles import resolve

    return job if name == STAGES["bronze/instructions"].job else resolve(name)
