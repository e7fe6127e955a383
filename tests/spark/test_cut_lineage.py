"""What a stage keeps lies where it outlives an executor, and goes with the stage."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from spark_jobs.columnar.cut_lineage import cut_lineage
from spark_jobs.session import release_cached


@pytest.mark.parametrize("on_a_cluster", [False, True])
def test_rows_are_kept_without_their_plan_until_the_stage_ends(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_a_cluster: bool
) -> None:
    folder = str(tmp_path / "checkpoints") if on_a_cluster else None
    monkeypatch.setattr(type(spark.sparkContext), "getCheckpointDir", lambda _: folder)
    if folder:
        spark.sparkContext.setCheckpointDir(folder)
    kept = cut_lineage(spark.range(100).repartition(3).selectExpr("id * 2 AS twice"))
    plan = kept._jdf.queryExecution().logical().toString()
    assert "Repartition" not in plan and kept.agg({"twice": "sum"}).first()[0] == 9900  # pyright: ignore[reportOptionalSubscript]
    written = [path for path in tmp_path.rglob("part-*") if path.is_file()]
    assert len(written) == (3 if on_a_cluster else 0)
    release_cached(spark)
    assert not list(tmp_path.rglob("part-*"))
