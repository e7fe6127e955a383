"""Membership of keys: the same answer wherever the keys are, also when some are in Spark and others held."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from expectations.members import count, membership, met

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

HELD = pd.DataFrame({"key": ["a", "b", "b", None]})
NONE = pd.DataFrame({"key": pd.Series([], dtype=object)})


@pytest.fixture(params=["held", "in Spark"])
def old(request: pytest.FixtureRequest) -> Any:
    if request.param == "held":
        return pd.DataFrame({"key": ["b", "c"]})
    spark: SparkSession = request.getfixturevalue("spark")
    return spark.createDataFrame([("b",), ("c",)], "key string")


def test_keys_are_counted_by_the_places_they_are_in(old: Any) -> None:
    found = membership(new=HELD, old=old, nowhere=NONE)
    assert [count(found, where) for where in ("new == 1", "old > new", "new + old > 1", "nowhere == 1")] == [2, 1, 1, 0]


def test_of_older_keys_only_those_that_are_new_too_are_looked_at(old: Any) -> None:
    found = membership(new=HELD, old=met(old, HELD, NONE))
    assert (count(found, "old == 1"), count(found, "new + old > 1")) == (1, 1)
