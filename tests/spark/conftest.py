"""One Spark session for all Spark tests: two cores, one gigabyte, Delta included, planned as for few rows."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Callable[[], SparkSession]"]:
    from lake.engines.class_archive import class_archive
    from lake.engines.jars import delta_jars
    from lake.settings import settings
    from spark_jobs.session import SMALL, spark_session

    jars, scratch = delta_jars(settings().cache), tmp_path_factory.mktemp("spark")
    classes = class_archive(settings().cache)
    yield lambda: spark_session(
        jars, master="local[2]", driver_memory="1g", scratch=scratch, extra=SMALL, classes=classes
    )
    spark_session(jars).stop()


@pytest.fixture
def spark(running: "Callable[[], SparkSession]") -> "SparkSession":
    """The session, or a new one where a test ended it: the others need not fail, too."""
    return running()


@pytest.fixture(autouse=True)
def _nothing_kept(running: "Callable[[], SparkSession]") -> Iterator[None]:
    """Drops what a job kept, as the harness does after each stage: the tests share one heap."""
    from spark_jobs.session import release_cached

    yield
    release_cached(running())
