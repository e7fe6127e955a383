"""Rows that workers write: each in its table once, and not written again where a job returns them as they are."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession
from spark_frames import context

from lake.engines import spark as engines
from lake.engines.spark import SparkFrames
from lake.harness.job import JobContext, SparkJob, SparkRows
from lake.harness.profiles import resolve
from lake.stages import STAGES
from lake.storage.store import Lake
from lake.tables import TABLES
from spark_jobs.columnar.worker_files import Maker, written_by_workers

KEY, SIDE = "silver/instructions", "silver/instructions_rejected"


def _sorted_out() -> Maker:
    """Even numbers are records, odd ones are refused. A function made here travels whole: workers do not know this module."""
    told = {"outcome": "rejected", "reason": "odd", "source": "a"}
    columns = {key: TABLES[key].schema.names for key in (KEY, SIDE)}

    def make(batches: Iterator[pa.RecordBatch]) -> Iterator[tuple[str, pa.RecordBatch]]:
        for batch in batches:
            for rest, (key, names) in enumerate(columns.items()):
                ids = [f"rec_{number}" for number in batch["id"].to_pylist() if number % 2 == rest]
                rows = {name: [told.get(name)] * len(ids) for name in names}
                yield key, pa.RecordBatch.from_pydict({**rows, "id": ids})

    return make


def _numbers(spark: SparkSession, partitions: int) -> DataFrame:
    return spark.range(0, 100, 1, partitions)


def test_every_row_is_in_its_table_once_in_any_partitions(spark: SparkSession, tmp_path: Path) -> None:
    around = context(tmp_path)
    for partitions in (1, 3, 200):
        found = written_by_workers(_numbers(spark, partitions), _sorted_out(), (KEY, SIDE), around)
        ids = {key: sorted(int(row["id"].split("_")[1]) for row in frame.collect()) for key, frame in found.items()}
        assert ids == {KEY: list(range(0, 100, 2)), SIDE: list(range(1, 100, 2))}
        assert around.worker_files[KEY].staged.rows == around.worker_files[SIDE].staged.rows == 50


def test_no_rows_are_an_empty_frame(spark: SparkSession, tmp_path: Path) -> None:
    found = written_by_workers(_numbers(spark, 2).where("id < 0"), _sorted_out(), (KEY, SIDE), context(tmp_path))
    assert all(frame.isEmpty() for frame in found.values())


def give_as_job(job: SparkJob, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the engine find `job` where it looks for the stage's, and plan for it as ever."""
    monkeypatch.setattr(engines, "resolve", lambda name: job if name == STAGES[KEY].job else resolve(name))
    monkeypatch.setattr(SparkFrames, "fitting", lambda self, stage: {})


def test_an_interrupt_that_also_ended_the_jvm_is_told_as_an_interrupt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def job(inputs: Any, params: Any, around: JobContext) -> SparkRows:
        raise KeyboardInterrupt

    give_as_job(job, monkeypatch)
    frames = object.__new__(SparkFrames)
    frames.spark, frames.lake = cast("Any", None), Lake(str(tmp_path))  # whatever is asked of the session fails
    with pytest.raises(KeyboardInterrupt):
        frames.run(STAGES[KEY], {}, None, context(tmp_path), "run-one")


def test_what_a_job_returns_as_it_was_kept_is_not_written_again_and_the_rest_is(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def job(inputs: Any, params: Any, around: JobContext) -> SparkRows:
        found = written_by_workers(_numbers(spark, 2), _sorted_out(), (KEY, SIDE), around)
        return {KEY: found[KEY], SIDE: found[SIDE].where("id <> 'rec_7'")}

    give_as_job(job, monkeypatch)
    around = replace(context(tmp_path), run_id="one")
    frames = object.__new__(SparkFrames)  # with the session that runs here, not one made from settings
    frames.lake, frames.spark = around.lake, spark
    staged = frames.run(replace(STAGES[KEY], sides=(SIDE,)), {}, None, around, "run-one")
    assert staged[KEY] == around.worker_files[KEY].staged and staged[KEY].rows == 50
    assert staged[SIDE].rows == 49 and all(path.startswith("run-one/") for path in staged[SIDE].paths)
    assert not list((tmp_path / "lake" / SIDE / "made-one").rglob("*.parquet"))
    assert list((tmp_path / "lake" / KEY / "made-one").rglob("*.parquet"))
