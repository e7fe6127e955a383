"""Rows a second through cleaning with every rule on, from Parquet to Parquet through Spark, on real-shaped rows.

`python benchmarks/clean.py --data FOLDER --rows 300000 --scratch FOLDER --out FILE.json`. Conversations of FOLDER's files are read
by the ingestion job; the rows are made of them, seeded: half as they are, half with the sentences of their last answer drawn from
answers of the same source. Session start, reading of raw files and making of rows are not timed, a first run on few rows is not
either; both Parquet writes and the counts by rule are.
"""

import argparse
import hashlib
import json
import os
import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import SparkSession

from lake.engines.jars import delta_jars
from lake.engines.spark import SparkFrames
from lake.harness.job import JobContext
from lake.ids import content_id
from lake.settings import settings
from lake.stages import STAGES
from lake.storage.store import Lake
from lake.tables import TABLES
from spark_jobs.clean.job import CleanParams, clean_records
from spark_jobs.ingest.job import IngestParams
from spark_jobs.ingest.job import instructions as ingest
from spark_jobs.session import spark_session

FILES = (
    "dolly.jsonl.zst", "gsm8k_train_alpaca.json.gz", "gpteacher_codegen.json.gz", "gpteacher_roleplay.json.gz",
    "llama_factory/alpaca_en_demo.json.gz", "llama_factory/alpaca_zh_demo.json.gz", "llama_factory/dpo_zh_demo.json.gz",
    "llama_factory/kto_en_demo.json.gz", "llama_factory/glaive_toolcall_en_demo.json.gz", "llama_factory/identity.json.gz",
    "oasst/en_100_tree.jsonl.gz", "noncommercial/alpaca_random_9k.json.gz", "noncommercial/alpaca_zh_part00.json.gz",
)  # fmt: skip
WARM_UP = 20_000
PIECES = 24  # Parquet files that the rows lie in
_SENTENCE = re.compile(r"(?<=[.!?。！？])\s+")


def conversations(spark: SparkSession, folder: Path, context: JobContext) -> list[dict[str, Any]]:
    """Source and messages of every conversation in the FILES under `folder`, in a stable order."""
    files = [_registered(folder / "instruct" / name) for name in FILES]
    landing = spark.createDataFrame(pa.Table.from_pylist(files, TABLES["landing/files"].schema))
    rows = ingest({"landing/files": landing}, IngestParams(), context)["bronze/instructions"]
    found = rows.select("id", "source", "messages").toArrow().sort_by("id").to_pylist()
    spark.catalog.clearCache()
    return found


def _registered(path: Path) -> dict[str, Any]:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    named = {"uri": str(path), "path": path.name, "source": path.name.split(".")[0], "kind": "instructions"}
    return {**named, "sha256": digest, "size": path.stat().st_size, "registered_at": datetime.now(UTC)}


def composed(found: list[dict[str, Any]], count: int, seed: int = 0) -> Iterator[dict[str, Any]]:
    """`count` bronze rows: every second one a real conversation, the others with a recombined last answer."""
    rng = np.random.default_rng(seed)
    pool: dict[str, list[str]] = {}
    for one in found:
        if one["messages"]:
            pool.setdefault(one["source"], []).extend(_SENTENCE.split(one["messages"][-1]["content"]))
    for number, place in enumerate(rng.integers(0, len(found), count)):
        source, messages = found[place]["source"], found[place]["messages"]
        if number % 2 and messages:
            *told, end = _SENTENCE.split(
                messages[-1]["content"]
            )  # the end stays: it decides whether the answer is whole
            drawn = rng.integers(0, len(pool[source]), len(told))
            answer = " ".join([*(pool[source][sentence] for sentence in drawn), end])
            messages = [*messages[:-1], {**messages[-1], "content": answer}]
        yield {"id": content_id("raw", number), "source": source, "messages": messages}


def written(rows: Iterator[dict[str, Any]], count: int, folder: Path) -> int:
    """Writes the rows as Parquet files and returns the bytes of their texts."""
    folder.mkdir(parents=True)
    size = 0
    for piece in range(PIECES):
        taken = list(islice(rows, count * (piece + 1) // PIECES - count * piece // PIECES))
        table = pa.Table.from_pylist(taken, TABLES["bronze/instructions"].schema)
        size += table["messages"].nbytes
        pq.write_table(table, folder / f"part-{piece:03}.parquet", compression="zstd")
    return size


def cpu_seconds() -> float:
    """Seconds of processor time that this process and all below it have used."""
    us = psutil.Process()
    return sum(sum(one.cpu_times()[:4]) for one in (us, *us.children(recursive=True)))


def timed(frames: SparkFrames, source: Path, context: JobContext) -> dict[str, Any]:
    """Cleans `source` and stages the tables as the harness does; returns seconds and rows by table."""
    begun, spent = time.monotonic(), cpu_seconds()
    inputs = {"bronze/instructions": frames.spark.read.parquet(str(source))}
    staged = frames.run(STAGES["silver/instructions"], inputs, CleanParams(), context, f"run-{context.run_id}")
    seconds = time.monotonic() - begun
    spent = cpu_seconds() - spent
    counts = {key: rows.rows for key, rows in staged.items()}
    return {"seconds": round(seconds, 2), "cpu_seconds": round(spent, 2), "rows": counts}


def one_core(folder: Path) -> int:
    """Rows a second of processor time through the batch functions alone, without Spark."""
    table = pa.concat_tables([pq.read_table(path) for path in sorted(folder.glob("*.parquet"))]).combine_chunks()
    batches = table.to_batches(max_chunksize=8192)  # as many rows as Spark gives at once
    clean_records(batches[0], CleanParams())
    begun = time.process_time()
    for batch in batches:
        clean_records(batch, CleanParams())
    return round(sum(len(batch) for batch in batches) / (time.process_time() - begun))


def by_rule(metrics: Mapping[str, float]) -> dict[str, int]:
    """The rows that each rule refused, over all sources."""
    counts: dict[str, int] = {}
    for name, value in metrics.items():
        if name.startswith("rejected/"):
            reason = name.split("/")[1]
            counts[reason] = counts.get(reason, 0) + int(value)
    return dict(sorted(counts.items(), key=lambda pair: -pair[1]))


def measure(data: Path, rows: int, scratch: Path) -> dict[str, Any]:
    """The figures of one run."""
    jars = delta_jars(settings().cache)
    spark = spark_session(jars, master="local[2]", driver_memory="2g", scratch=scratch / "spark", brief=False)
    lake = Lake(str(scratch / "lake"))
    frames = SparkFrames(lake)
    found = conversations(spark, data, JobContext(lake, "conversations", scratch))
    written(composed(found, WARM_UP, seed=1), WARM_UP, scratch / "few")
    timed(frames, scratch / "few", JobContext(lake, "few", scratch))
    size = written(composed(found, rows), rows, scratch / "bronze")
    context = JobContext(lake, "all", scratch)
    run = timed(frames, scratch / "bronze", context)
    spark.stop()
    return {
        "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0],
        "real_conversations": len(found),
        "text_megabytes": round(size / 1e6, 1),
        **run,
        "rows_per_second": round(rows / run["seconds"]),
        "rows_per_cpu_second": round(rows / run["cpu_seconds"]),
        "rows_per_cpu_second_of_the_functions_alone": one_core(scratch / "few"),
        "refused_by_rule": by_rule(context.metrics),
    }


def main() -> None:
    """Parses the arguments, measures, writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder of real raw files")
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--scratch", type=Path, required=True, help="an empty folder, left for inspection")
    parser.add_argument("--out", type=Path, help="where the figures go")
    given = parser.parse_args()
    figures = json.dumps(measure(given.data, given.rows, given.scratch), indent=1)
    print(figures)
    if given.out:
        given.out.write_text(figures + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
