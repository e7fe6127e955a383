"""The session: Delta works in it, times are UTC, and a local one listens on loopback only."""

from functools import cache
from pathlib import Path
from threading import Event, Thread, current_thread
from time import sleep

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from lake.engines import spark as engines
from lake.errors import UserError
from lake.storage.store import Lake
from spark_jobs.session import local_cores, spark_session, spark_settings


def test_a_delta_table_round_trips(spark: SparkSession, tmp_path: Path) -> None:
    table = str(tmp_path / "table")
    spark.range(5).write.format("delta").save(table)
    spark.range(5, 7).write.format("delta").mode("append").save(table)
    assert sorted(row["id"] for row in spark.read.format("delta").load(table).collect()) == list(range(7))
    assert spark.read.format("delta").option("versionAsOf", 0).load(table).count() == 5


def test_it_listens_on_loopback_and_speaks_utc(spark: SparkSession) -> None:
    assert spark.conf.get("spark.driver.bindAddress") == "127.0.0.1"
    row = spark.sql("select date_format(timestamp_seconds(0), 'yyyy-MM-dd HH:mm') as then").first()
    assert row is not None
    assert row["then"] == "1970-01-01 00:00"


def test_workers_are_this_interpreter_and_see_the_project(spark: SparkSession) -> None:
    def seen(batches):  # pyright: ignore[reportMissingParameterType, reportUnknownParameterType]
        import sys

        import spark_jobs.session

        for _ in batches:
            yield pa.RecordBatch.from_pydict({"python": [sys.executable], "module": [spark_jobs.session.__name__]})

    import sys

    row = spark.range(1).mapInArrow(seen, "python string, module string").first()
    assert row is not None
    assert (row["python"], row["module"]) == (sys.executable, "spark_jobs.session")


def test_a_running_session_is_returned_again(spark: SparkSession) -> None:
    assert spark_session([], master="local[2]") is spark


def test_settings_of_the_user_win_and_reach_the_session(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    before = spark.conf.get("spark.sql.execution.arrow.maxRecordsPerBatch")
    monkeypatch.setenv("MIXLAKE_SPARK_MASTER", "local[2]")
    monkeypatch.setenv("MIXLAKE_SPARK_CONF", "spark.sql.execution.arrow.maxRecordsPerBatch=1234;spark.mixlake.own=a b")
    assert engines._session.__wrapped__() is spark
    try:
        assert spark.conf.get("spark.sql.execution.arrow.maxRecordsPerBatch") == "1234" != before
        assert spark.conf.get("spark.mixlake.own") == "a b"
    finally:
        spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", before or "")
        spark.conf.unset("spark.mixlake.own")


def test_a_session_is_started_ahead_once_and_in_the_background(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Also where there is nothing to read yet: what fails ahead is told to whoever asks."""
    starting, threads, session = Event(), list[Thread](), object()

    @cache
    def start() -> object:
        threads.append(current_thread())
        starting.set()
        sleep(0.2)  # a second start would fall into it
        return session

    monkeypatch.setattr(engines, "_session", start)
    engines.start_ahead(Lake(str(tmp_path)), ["silver/ratings", "silver/groups"])
    assert starting.wait(60)
    assert engines.shared_session() is session
    assert threads != [current_thread()] and len(threads) == 1


@pytest.mark.parametrize(
    ("master", "cores"), [("local", 1), ("local[3]", 3), ("local[4, 2]", 4), ("spark://host:7077", 1)]
)
def test_cores_of_a_master(master: str, cores: int) -> None:
    assert local_cores(master) == cores


def test_a_cluster_keeps_its_own_parallelism_and_address() -> None:
    chosen = spark_settings([Path("delta.jar")], "spark://host:7077", "2g")
    assert "spark.driver.bindAddress" not in chosen
    assert "spark.sql.shuffle.partitions" not in chosen
    assert chosen["spark.jars"] == "delta.jar"


def test_only_a_brief_local_session_does_without_the_optimising_compiler() -> None:
    options = [
        spark_settings([], master, "2g", brief=brief)["spark.driver.extraJavaOptions"]
        for master, brief in (("local[2]", True), ("local[2]", False), ("spark://host:7077", True))
    ]
    assert ["TieredStopAtLevel=1" in one for one in options] == [True, False, False]
    # the quick compiler's own default is a fifth of it, which a session of some two thousand queries fills
    assert ["ReservedCodeCacheSize=240m" in one for one in options] == [True, False, False]
    assert ["UseParallelGC" in one for one in options] == [True, True, False]


def test_without_java_the_session_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(UserError, match=r"Java is not installed: .*apt-get install"):
        engines._session.__wrapped__()
