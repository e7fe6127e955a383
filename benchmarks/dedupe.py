"""Measures silver/unique_instructions through the harness: `python benchmarks/dedupe.py --data FOLDER --scratch FOLDER --out FILE.json`.

With --rows N it runs on N composed records (dedupe_corpus.py), without on the real ones, once by each rule, and judges them against
--pairs, every pair with J >= 0.7 (dedupe_truth.py; --shingles FILE.npz writes what that reads, and ends). Seconds are wall time of the
whole stage: job, writes, gate, books, publication. What a process does once is not in them: starting Spark, imports, and the first run of
the code, which is on WARM rows in a lake of its own, reported as `first_seconds`. CPU seconds tell how busy the machine was besides.
"""

import argparse
import json
import os
import time
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import dedupe_corpus
import numpy as np
import psutil
import pyarrow as pa
from chain import PeakMemory

from lake.engines.jars import delta_jars
from lake.harness.profiles import Profile
from lake.harness.run import run_stage
from lake.settings import settings
from lake.stages import STAGES
from lake.storage.publication import Publication, now
from lake.storage.store import Lake
from spark_jobs.columnar.shingles import shingle_sets, shingles
from spark_jobs.columnar.word_hashes import word_hashes
from spark_jobs.dedupe.recall import truth_of
from spark_jobs.dedupe.verify import Rule
from spark_jobs.session import local_cores, spark_session

RAW, INPUT, STAGE = "bronze/instructions", "silver/instructions", STAGES["silver/unique_instructions"]
CHUNK = 50_000  # records of one file
SPEED = ("seconds", "records_per_second", "cpu_seconds", "records_per_cpu_second")
WARM = 3_000  # records of the run that comes before what is measured
FEW = 300_000  # records for which lake.engines.spark makes a brief session


def land(lake: Lake, records: Iterable[dedupe_corpus.Record]) -> tuple[int, int]:
    """Publishes the records as the stage's input; how many there are, and the bytes of their prompts and answers."""
    rows = size = 0
    rest = iter(records)
    for part, chunk in enumerate(iter(lambda: list(islice(rest, CHUNK)), [])):
        table = dedupe_corpus.table(chunk, rows)
        rows, size = rows + len(chunk), size + sum(len(f"{p}{a}".encode()) for _, p, a in chunk)
        with lake.staging_writer("run-bench", part) as parts:
            parts.add(INPUT, table)
    told = Publication(
        stage=INPUT, run_id="bench", published_at=now(), inputs={}, params_hash="0", code_hash="0", suite="benchmark"
    )
    lake.publish(lake.staged(INPUT, "run-bench"), told)
    # nothing was withdrawn, which a table without rows says
    raw = told.model_copy(update={"stage": RAW})
    side = lake.publish(lake.staged(f"{RAW}_withdrawn", "run-bench"), raw)
    lake.publish(lake.staged(RAW, "run-bench"), raw.model_copy(update={"sides": {f"{RAW}_withdrawn": side}}))
    return rows, size


def warm(scratch: Path, records: Iterable[dedupe_corpus.Record], brief: bool) -> float:
    """Seconds of a first run of the stage in this process, with a lake of its own; the session is made as for few records, or not."""
    lake = Lake(str(scratch))
    size = land(lake, islice(records, WARM))
    here = settings()
    spark_session(delta_jars(here.cache), here.spark_master, here.driver_memory, brief=brief).range(1).count()
    return run(lake, *size, {"max_loss": 1.0})["seconds"]


def run(lake: Lake, rows: int, size: int, params: dict[str, Any]) -> dict[str, Any]:
    """The figures of one run of the stage."""
    watch, cpu, begun = PeakMemory(), _cpu_seconds(), time.monotonic()
    watch.start()
    report = run_stage(STAGE, Profile("benchmark", "", {STAGE.key: params}), lake)
    seconds, used = time.monotonic() - begun, _cpu_seconds() - cpu
    watch.ended.set()
    return {
        "rows": rows,
        "megabytes": round(size / 1e6, 1),
        **speed(rows, seconds, used),
        "megabytes_per_second_a_core": round(size / 1e6 / seconds / local_cores(settings().spark_master), 2),
        "load_average": [round(load, 1) for load in os.getloadavg()],
        "peak_memory_gib": round(watch.peak / 2**30, 2),
        "status": report.status,
        "failed": [check.model_dump() for check in report.failed],
        "metrics": report.metrics,
        "params": params,
    }


def speed(rows: int, seconds: float, cpu_seconds: float) -> dict[str, Any]:
    """The figures named in SPEED."""
    wall = {"seconds": round(seconds, 1), "records_per_second": round(rows / seconds)}
    return wall | {"cpu_seconds": round(cpu_seconds, 1), "records_per_cpu_second": round(rows / cpu_seconds)}


def judged(lake: Lake, records: list[dedupe_corpus.Record], pairs: np.ndarray, by_side: bool) -> dict[str, Any]:
    """Against the exact pairs: removals that a kept record justifies, and kept records that a longer kept one should have removed."""
    ids = {row: place for place, row in enumerate(dedupe_corpus.table(records)["id"].to_pylist())}
    removed = {
        ids[row] for row in lake.dataset("silver/duplicates").to_table(columns=["removed_id"])["removed_id"].to_pylist()
    }
    return verdict(removed, near_pairs(records, pairs, by_side))


def near_pairs(records: list[dedupe_corpus.Record], pairs: np.ndarray, by_side: bool) -> list[tuple[int, int]]:
    """Those of the exact pairs that the rule accepts."""
    if not by_side:
        return [(int(one), int(other)) for one, other in pairs]
    named, places = np.unique(pairs, return_inverse=True)
    truth = truth_of([(records[place][1], records[place][2]) for place in named])
    local = places.reshape(-1, 2)
    return [
        (int(one), int(other))
        for (one, other), (a, b) in zip(pairs, local, strict=True)
        if truth.near(int(a), int(b), Rule(0.7, True))
    ]


def verdict(removed: set[int], pairs: list[tuple[int, int]]) -> dict[str, Any]:
    """removed, justified (share with a kept true duplicate), missed (kept records that have a kept true duplicate, less one each)."""
    alike: dict[int, set[int]] = {}
    for one, other in pairs:
        alike.setdefault(one, set()).add(other)
        alike.setdefault(other, set()).add(one)
    justified = sum(bool(alike.get(row, set()) - removed) for row in removed)
    missed = {max(pair) for pair in pairs if not removed & set(pair)}
    return {
        "true_pairs": len(pairs),
        "removed": len(removed),
        "justified": round(justified / max(len(removed), 1), 4),
        "missed": len(missed),
        "oracle": oracle(alike),
    }


def oracle(alike: dict[int, set[int]]) -> int:
    """How many rows a walk over exact pairs removes that keeps the first of each star."""
    kept: set[int] = set()
    for row in sorted(alike):
        if not alike[row] & kept:
            kept.add(row)
    return len(alike) - len(kept)


def write_shingles(records: list[dedupe_corpus.Record], path: Path) -> None:
    """Each record's set of word 3-grams as numbers: what dedupe_truth.py reads."""
    texts = pa.array([f"{prompt}\n{answer}" for _, prompt, answer in records])
    chunks = [texts.slice(start, 4096) for start in range(0, len(texts), 4096)]
    sets = [shingle_sets(shingles(word_hashes(chunk))) for chunk in chunks]
    _, values = np.unique(np.concatenate([held.values for held in sets]), return_inverse=True)
    np.savez(path, values=values, offsets=np.cumsum(np.concatenate([[0], *(held.lengths for held in sets)])))


def _cpu_seconds() -> float:
    """User and system time of this process and all below it, those that ended included."""
    me = psutil.Process()
    times = [process.cpu_times() for process in [me, *me.children(recursive=True)]]
    return sum(spent.user + spent.system + spent.children_user + spent.children_system for spent in times)


def main() -> None:
    """Parses the arguments, measures, writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder of real raw files")
    parser.add_argument("--scratch", type=Path, required=True, help="an empty folder")
    parser.add_argument("--out", type=Path, help="where the figures go")
    parser.add_argument("--rows", type=int, help="composed records instead of the real ones")
    parser.add_argument("--pairs", type=Path, help="every pair of real records with J >= 0.7")
    parser.add_argument("--shingles", type=Path, help="where the real records' shingles go")
    given = parser.parse_args()
    records = None if given.rows else dedupe_corpus.real(given.data)
    if given.shingles:
        write_shingles(records or [], given.shingles)
        return
    lake = Lake(str(given.scratch / "lake"))
    size = land(lake, records or dedupe_corpus.composed(given.data, given.rows))
    some = records or dedupe_corpus.composed(given.data, WARM)
    first = warm(given.scratch / "warm", some, brief=size[0] < FEW)
    found = [run(lake, *size, {"max_loss": 1.0}) | {"first_seconds": first}]
    if records is not None and given.pairs:
        pairs = np.load(given.pairs)["pairs"]
        found[0]["by_side"] = judged(lake, records, pairs, by_side=True)
        found.append(run(lake, *size, {"max_loss": 1.0, "by_side": False}))
        found[1]["whole_record"] = judged(lake, records, pairs, by_side=False)
    given.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
