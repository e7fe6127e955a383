"""What readers see of a stage that reads files when a run of it starts: the rows of a file that is read again, those taken back.

published   x.jsonl: rec a, b, c        y.jsonl: rec d        withdrawn: c, which x.jsonl lacked when it was last read
read now    x.jsonl: rec a, c, e
-> new      e                           withdrawn: b, no longer c
"""

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property, reduce
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lake.engines.spark import spark_frame
from lake.harness.job import JobContext
from lake.landing.addresses import MEMBER
from lake.tables import TABLES

Frames = Mapping[str, DataFrame]


class Earlier:
    """The tables of a stage before a run.

    grows: whether the run's rows are added to these; else they take their place.
    """

    def __init__(self, spark: SparkSession, context: JobContext, key: str) -> None:
        self.spark, self.key, self._context = spark, key, context
        self.grows = "landing/files" in context.before
        self.read = (key, f"{key}_quarantine")

    def rows(self, table: str) -> DataFrame:
        """The rows of a table as readers see them; none where it was never published."""
        if table in self._context.before:
            return self._context.before[table]
        lake = self._context.lake
        version = lake.version(table)
        return spark_frame(self.spark, lake, table, [] if version is None else lake.file_paths(table, version))

    @property
    def empty(self) -> bool:
        """Whether readers see no row of any file."""
        return not any(self.rows(table).head(1) for table in self.read)

    @cached_property
    def registrations(self) -> list[Mapping[str, Any]]:
        """The registrations of before; in a run on everything they are among those that the run is given."""
        return [row.asDict() for row in self.rows("landing/files").collect()] if self.grows else []

    def again(self, files: Iterable[Mapping[str, Any]]) -> set[str]:
        """The addresses of the files that can have been read before: in a run on what is new, those that were registered then."""
        if not self.grows:
            return {file["uri"] for file in files} if self._context.lake.exists(self.key) else set()
        known = {row["uri"] for row in self.registrations}
        return {file["uri"] for file in files if file["uri"] in known}

    @cached_property
    def pending(self) -> list[dict[str, Any]]:
        """The files that waited, a row each."""
        return [row.asDict() for row in self.rows(f"{self.key}_pending").collect()]

    @property
    def withdrawn(self) -> DataFrame:
        """The rows that their files no longer have."""
        return self.rows(f"{self.key}_withdrawn")

    def before(self, uris: Collection[str]) -> dict[str, int]:
        """How many records were published of each of these files when it was last read; one that had none may be left out.

        Of a file that waits they may be gone since, where it was registered under other terms: its row remembers how many they were.
        """
        if not uris:
            return {}
        known = of_files(self.rows(self.key).select("id", "uri"), uris)
        counted = counts_by_file([known.join(self.withdrawn.select("id"), "id", "left_anti")])
        return {row["uri"]: row["before"] or 0 for row in self.pending} | counted

    def ids(self, uris: Collection[str]) -> DataFrame:
        """id, source and uri of all rows of these files, read or quarantined, withdrawn ones among them."""
        return union(of_files(self.rows(table).select("id", "source", "uri"), uris) for table in self.read)

    def kept(self, table: str, files: Iterable[Mapping[str, Any]]) -> DataFrame:
        """The rows of files that lay under the source and licence that they are registered under now."""
        schema = pa.schema([(name, pa.string()) for name in ("uri", "source", "licence")])
        terms = F.broadcast(self.spark.createDataFrame(pa.Table.from_pylist([dict(file) for file in files], schema)))
        rows = self.rows(table)
        same = file_of("uri", rows) == terms["uri"]
        same &= (rows["source"] == terms["source"]) & rows["licence"].eqNullSafe(terms["licence"])
        return rows.join(terms, same, "left_semi")


def union(frames: Iterable[DataFrame]) -> DataFrame:
    """The rows of all frames, which have the same columns."""
    return reduce(DataFrame.unionByName, frames)


def file_of(column: str, rows: DataFrame | None = None) -> Any:
    """The address of the registered file: without the name of the file inside it, if it is an archive."""
    return F.regexp_replace(F.col(column) if rows is None else rows[column], MEMBER, "$1")


def of_files(rows: DataFrame, uris: Collection[str], without: bool = False) -> DataFrame:
    """The rows that lay in these files; `without`, all others."""
    named = rows.sparkSession.createDataFrame(pa.table({"file": pa.array(sorted(uris), pa.string())}))
    return rows.join(F.broadcast(named), file_of("uri") == F.col("file"), "left_anti" if without else "left_semi")


def counts_by_file(frames: Iterable[DataFrame]) -> dict[str, int]:
    """How many rows lay in each file."""
    # by address first: the pattern is then tried once for each, not for each row
    by_uri = union(frame.select("uri") for frame in frames).groupBy("uri").count()
    counted = by_uri.groupBy(file_of("uri").alias("file")).agg(F.sum("count").alias("rows"))
    return {row["file"]: row["rows"] for row in counted.collect()}


def declared(key: str, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """A few rows of the table `key`."""
    return pa.Table.from_pylist([dict(row) for row in rows], TABLES[key].schema)
