"""Delta's two writers, delta-spark and deltalake, on every schema of the lake: each reads and extends what the other wrote."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from lake.storage.publication import Publication, now
from lake.storage.store import Lake
from lake.tables import TABLES
from lake.tables.schema import nullable

FIRST, *OTHERS = {str(table.schema): key for key, table in TABLES.items()}.values()
DISTINCT = [FIRST, *(pytest.param(key, marks=pytest.mark.long) for key in OTHERS)]


def value(kind: pa.DataType) -> Any:
    """A value of a type that the other writer could get wrong: not ASCII, with microseconds, nested."""
    if pa.types.is_string(kind):
        return 'ünï "quoted"\n'
    if pa.types.is_binary(kind):
        return b"\xff\x00raw"
    if pa.types.is_boolean(kind):
        return True
    if pa.types.is_integer(kind):
        return 2**31 - 1
    if pa.types.is_floating(kind):
        return 0.5
    if pa.types.is_timestamp(kind):
        return datetime(2024, 2, 29, 23, 59, 59, 123456, tzinfo=UTC)
    if pa.types.is_struct(kind):
        return {kind.field(number).name: value(kind.field(number).type) for number in range(kind.num_fields)}
    return [value(kind.value_type)]


def sample(key: str) -> pa.Table:
    """A full row, and one with nothing in it but its id."""
    schema = TABLES[key].schema
    full = {field.name: value(field.type) for field in schema}
    return pa.Table.from_pylist([full, {TABLES[key].id: value(schema.field(TABLES[key].id).type)}], schema)


def frame(spark: SparkSession, rows: pa.Table) -> DataFrame:
    return spark.createDataFrame(rows.to_pylist(), from_arrow_schema(rows.schema, prefer_timestamp_ntz=False))


def in_order(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(row, default=str, sort_keys=True) for row in rows)


def by_spark(spark: SparkSession, uri: str) -> list[dict[str, Any]]:
    # through Parquet types, not Python's: what matters is what a job would see
    found = spark.read.format("delta").load(uri)
    return pa.Table.from_batches(found.toArrow().to_batches()).to_pylist()


@pytest.mark.parametrize("key", DISTINCT)
def test_what_the_lake_publishes_spark_reads_and_appends(spark: SparkSession, tmp_path: Path, key: str) -> None:
    lake, rows = Lake(str(tmp_path)), sample(key)
    told = Publication(
        stage=key, run_id="r", published_at=now(), inputs={}, params_hash="p", code_hash="c", suite="s"
    )  # fmt: skip
    lake.publish(lake.write(key, "run-r", rows), told)
    assert in_order(by_spark(spark, lake.uri(key))) == in_order(rows.to_pylist())
    frame(spark, rows).write.format("delta").mode("append").save(lake.uri(key))
    appended = DeltaTable(lake.uri(key)).to_pyarrow_table()
    assert nullable(appended.schema.remove_metadata()).equals(TABLES[key].schema)
    assert in_order(appended.to_pylist()) == in_order(rows.to_pylist() * 2)


@pytest.mark.parametrize("key", DISTINCT)
def test_what_spark_writes_deltalake_reads_and_appends(spark: SparkSession, tmp_path: Path, key: str) -> None:
    uri, rows = str(tmp_path / "table"), sample(key)
    frame(spark, rows).write.format("delta").save(uri)
    assert in_order(DeltaTable(uri).to_pyarrow_table().to_pylist()) == in_order(rows.to_pylist())
    write_deltalake(uri, rows, mode="append")
    assert in_order(by_spark(spark, uri)) == in_order(rows.to_pylist() * 2)


def test_a_merge_by_spark_is_read_by_the_lake(spark: SparkSession, tmp_path: Path) -> None:
    key = "silver/quality"
    lake, rows = Lake(str(tmp_path)), sample(key).slice(0, 1)
    told = Publication(
        stage=key, run_id="r", published_at=now(), inputs={}, params_hash="p", code_hash="c", suite="s"
    )  # fmt: skip
    lake.publish(lake.write(key, "run-r", rows), told)
    newer = frame(spark, rows).selectExpr("id", "score + 1 AS score")
    newer.createOrReplaceTempView("newer")
    spark.sql(
        f"MERGE INTO delta.`{lake.uri(key)}` old USING newer ON old.id = newer.id WHEN MATCHED THEN UPDATE SET score = newer.score"
    )
    (merged,) = DeltaTable(lake.uri(key)).to_pyarrow_table().to_pylist()
    assert merged["score"] == 1.5
    assert lake.version(key) == 0, "a commit without a publication is not what readers use"
