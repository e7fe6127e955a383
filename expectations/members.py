"""Which keys are in which tables, answered alike for Spark frames and for frames in memory."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from expectations.frames import in_memory, is_spark

if TYPE_CHECKING:
    from expectations.frames import Frame


def membership(**places: Frame) -> pd.DataFrame:
    """How many distinct keys are in which of the places: a column of 0 or 1 for each, a row per pattern, and `keys`.

    `places` are frames with a column `key`. Ask with `count`: count(patterns, "low > grouped + alone").
    """
    labelled = _labelled(dict(zip(places, _alike(*places.values()), strict=True)))
    held = in_memory(labelled, {"key", "place"})
    if held is not None:
        found = pd.DataFrame({name: held["place"] == name for name in places}).astype(int)
        flags = found.groupby(held["key"]).max()
        return flags.value_counts(sort=False).to_frame("keys").reset_index()
    from pyspark.sql import functions as F

    rows: Any = labelled
    flags = rows.groupBy("key").agg(*(F.max((F.col("place") == name).cast("int")).alias(name) for name in places))
    return flags.groupBy(*places).agg(F.count("*").alias("keys")).toPandas()


def met(old: Frame, *fresh: Frame) -> Frame:
    """The keys of `old` that any of the others has too: where only these matter, the rest need not be moved."""
    held, *known = _alike(old, *fresh)
    if is_spark(held):
        return held.join(reduce(lambda one, other: one.unionByName(other), known), "key", "left_semi")
    return held[held["key"].isin(pd.concat(known)["key"])]


def _alike(*frames: Frame) -> list[Any]:
    """The frames in Spark where one of them is, else as they are, held; what a suite is given held is small."""
    session = next((frame.sparkSession for frame in frames if is_spark(frame)), None)
    if session is None:
        return [*frames]
    listed = ((frame, pa.array([] if is_spark(frame) else frame["key"], pa.string())) for frame in frames)
    return [frame if is_spark(frame) else session.createDataFrame(pa.table({"key": texts})) for frame, texts in listed]


def _labelled(places: Mapping[str, Frame]) -> Frame:
    """All keys below one another, each with the name of its place; a null is no key."""
    if all(is_spark(place) for place in places.values()):
        from pyspark.sql import functions as F

        frames: Mapping[str, Any] = places
        named = [frame.select("key", F.lit(name).alias("place")) for name, frame in frames.items()]
        return reduce(lambda one, other: one.unionByName(other), named).where("key is not null")
    held: Mapping[str, Any] = places
    together = pd.concat([pd.DataFrame({"key": place["key"], "place": name}) for name, place in held.items()])
    return together.dropna(subset=["key"]).reset_index(drop=True)


def count(patterns: pd.DataFrame, condition: str) -> int:
    """The number of keys whose membership satisfies `condition`."""
    return int(patterns.query(condition)["keys"].sum()) if len(patterns) else 0
