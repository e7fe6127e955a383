"""One Spark session for all Spark tests: two cores, one gigabyte, Delta included."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator["SparkSession"]:
    from lake.engines.jars import delta_jars
    from lake.settings import settings
    from spark_jobs.session import spark_session

    scratch = tmp_path_factory.mktemp("spark")
    session = spark_session(delta_jars(settings().cache), master="local[2]", driver_memory="1g", scratch=scratch)
    yield session
    session.stop()


@pytest.fixture(autouse=True)
def _nothing_kept(spark: "SparkSession") -> Iterator[None]:
    """Drops what a job kept, as the harness does after each stage: the tests share one heap."""
    yield
    spark.catalog.clearCache()
