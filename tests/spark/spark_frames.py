"""Rows of the lake's tables for Spark tests: what a test does not say gets a plain value."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from lake.harness.job import JobContext
from lake.ids import sha256_text
from lake.storage.store import Lake
from lake.tables import TABLES
from spark_jobs.session import fitted


def frame(spark: SparkSession, key: str, rows: Iterable[Mapping[str, Any]]) -> DataFrame:
    """A frame with the declared columns of the table `key`; a column that a row lacks is null."""
    return spark.createDataFrame(
        cast("Any", pa.Table.from_pylist([dict(row) for row in rows], schema=TABLES[key].schema))
    )


def record(name: str, prompt: str, answer: str, **columns: Any) -> dict[str, Any]:
    """A normalised record called rec_`name`."""
    text = f"{prompt}\n{answer}"
    turns = [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]
    plain = {
        "source": "a",
        "licence": "MIT",
        "language": "en",
        "item_type": "qa",
        "messages": turns,
        "subjects": list[str](),
        "personal": list[str](),
    }
    ids = {"id": f"rec_{name}", "raw_id": f"raw_{name}"}
    return {**ids, **plain, "prompt": prompt, "answer": answer, "text": text, "text_hash": sha256_text(text), **columns}


def context(folder: Path = Path("nowhere")) -> JobContext:
    """The surroundings of a job; one whose workers write rows needs a folder."""
    return JobContext(Lake(str(folder / "lake")), "run", folder)


def as_for_many(spark: SparkSession) -> AbstractContextManager[None]:
    """Has Spark plan as it does for many rows: adaptive plans, generated code, several partitions."""
    many = {"adaptive.enabled": "true", "codegen.wholeStage": "true", "codegen.factoryMode": "FALLBACK"}
    return fitted(spark, {f"spark.sql.{name}": value for name, value in (many | {"shuffle.partitions": "4"}).items()})


def rows(found: DataFrame, *by: str) -> list[dict[str, Any]]:
    """The rows as dictionaries, sorted by the columns `by`."""
    return sorted((row.asDict(recursive=True) for row in found.collect()), key=lambda row: [row[name] for name in by])
