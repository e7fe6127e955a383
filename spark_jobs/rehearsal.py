"""Queries of the kinds that stages ask, over a few rows, by a session that writes an archive of its classes when it ends.

Run as `python -m spark_jobs.rehearsal ARCHIVE JAR...` by lake.engines.class_archive.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark import SparkContext
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.storagelevel import StorageLevel

from spark_jobs.columnar.cut_lineage import cut_lineage
from spark_jobs.session import SMALL, fitted, spark_session

_ROWS = 50


def main(archive: str, jars: list[str]) -> None:
    """Starts a session, asks what it has to, and waits until Java has written the archive and ended."""
    with tempfile.TemporaryDirectory() as scratch:
        session = spark_session(list(map(Path, jars)), scratch=Path(scratch), archive_to=Path(archive))
        rehearse(session, Path(scratch) / "table")
        with fitted(session, SMALL):
            rehearse(session, Path(scratch) / "small")
        gateway: Any = SparkContext._gateway  # pyright: ignore[reportPrivateUsage]
        session.stop()
        gateway.shutdown()
        gateway.proc.stdin.close()  # what Java waits for
        if gateway.proc.wait():
            raise SystemExit("Java could not write the archive")


def rehearse(session: SparkSession, table: Path) -> None:
    """Reads, writes, joins, ranks, groups and keeps a few rows."""
    numbers = pa.table(
        {"id": [str(number) for number in range(_ROWS)], "n": list(range(_ROWS)), "words": [["a", "b"]] * _ROWS}
    )
    session.createDataFrame(numbers).repartition(2).write.parquet(str(table))
    rows = session.read.parquet(str(table)).withColumn("hash", F.sha2("id", 256)).persist(StorageLevel.DISK_ONLY)
    words = rows.select("id", F.explode("words").alias("word")).distinct()
    made = cut_lineage(rows.mapInArrow(_same, rows.schema).join(words, "id"))
    place = F.row_number().over(Window.partitionBy("word").orderBy(F.desc("n"), "id"))
    ranked = (
        made.withColumn("place", place).where("place <= 10").join(F.broadcast(words.groupBy("word").count()), "word")
    )
    sums = ranked.groupBy("word").agg(F.sum("n"), F.collect_list("id"), F.max_by("hash", "n"))
    for found in (sums, _without(rows, ranked), made.union(made).sort("id").limit(5)):
        found.collect()


def _without(rows: DataFrame, others: DataFrame) -> DataFrame:
    return rows.join(others, "id", "left_anti").select(
        F.when(F.col("n") > 1, "many").otherwise("few"), F.get_json_object("id", "$.a")
    )


def _same(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    return batches


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
