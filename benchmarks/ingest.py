"""Ingests a million real-shaped rows: `python benchmarks/ingest.py --data FOLDER [--rows N] [--out FILE.json]`.

FOLDER holds real raw files (see SHAPES). Their records are drawn with a seed, with a number put in so that copies are rare, and
written in the containers of PLAN to a scratch folder. They are registered, read by the stage's own job in a Spark session that
runs already, and written as the harness does it. Printed: rows a second of job and write together, without the session's start
and without the gate, by the clock and by the processor time of all processes (what the clock would show on cores of one's own, if
they are never idle). Figures only: no text of any row.
"""

import argparse
import csv
import gzip
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

# shape: a file of such records, and a field of theirs that takes the number
SHAPES = {
    "alpaca": ("instruct/gsm8k_train_alpaca.json.gz", "instruction"),
    "dolly": ("instruct/dolly.jsonl.zst", "instruction"),
    "input_response": ("instruct/gpteacher_roleplay.json.gz", "instruction"),
    "prompt_completion": ("instruct/selfinstruct_t0/t0_prompt_completion.jsonl.zst", "prompt"),
    "question_answer": ("instruct/anthropic_evals_persona.jsonl.zst", "question"),
    "sharegpt": ("instruct/fastchat_dummy_conversation.json.gz", "id"),
    "messages": ("instruct/llama_factory/kto_en_demo.json.gz", "id"),
}
Records = Iterator[dict[str, Any]]


def drawn(data: Path, shapes: Iterable[str], rows: int, seed: int) -> Records:
    """That many records of these shapes in turn, drawn with the seed; each carries its number."""
    chance = random.Random(seed)
    pools = [(_records(data / SHAPES[shape][0]), SHAPES[shape][1]) for shape in shapes]
    for number in range(rows):
        pool, field = pools[number % len(pools)]
        record = chance.choice(pool)
        yield record | {field: f"{record.get(field, '')} [{seed}-{number}]"}


def _records(path: Path) -> list[dict[str, Any]]:
    with pa.input_stream(str(path), compression="gzip" if path.suffix == ".gz" else "zstd") as stream:
        text = stream.read().decode()
    return json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]


def _lines(path: Path, records: Records) -> None:
    pack = (lambda line: gzip.compress(line, 3)) if path.suffix == ".gz" else bytes
    with path.open("wb") as file:
        while lines := b"".join(orjson.dumps(record) + b"\n" for record in islice(records, 1000)):
            file.write(pack(lines))  # gzip members one after another are a gzip file


def _array(path: Path, records: Records) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(record, ensure_ascii=False, indent=1) for record in records) + "\n]\n")


def _table(path: Path, records: Records) -> None:
    pq.write_table(pa.Table.from_pylist(list(records)), path, compression="zstd")


def _csv(path: Path, records: Records) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        held = list(records)
        writer = csv.DictWriter(file, list(held[0]))
        writer.writeheader()
        writer.writerows(held)


# file name: share of the rows, shapes, writer
PLAN: Mapping[str, tuple[float, tuple[str, ...], Callable[[Path, Records], None]]] = {
    "big.jsonl": (0.4, ("alpaca", "dolly", "input_response", "prompt_completion", "sharegpt", "messages"), _lines),
    "persona.jsonl": (0.1, ("question_answer",), _lines),
    "packed.jsonl.gz": (0.15, ("alpaca", "dolly"), _lines),
    "array.json": (0.15, ("alpaca", "input_response"), _array),
    "columns.parquet": (0.1, ("prompt_completion",), _table),
    "table.csv": (0.1, ("input_response",), _csv),
}


def composed(data: Path, folder: Path, rows: int) -> int:
    """Writes the files of PLAN; returns their rows."""
    total = 0
    for seed, (name, (share, shapes, write)) in enumerate(PLAN.items()):
        count = int(rows * share)
        write(folder / name, drawn(data, shapes, count, seed))
        total += count
    return total


def measure(data: Path, root: Path, rows: int) -> dict[str, Any]:
    """Rows a second, and what of the rows ended where."""
    from lake.engines.spark import SparkFrames
    from lake.harness.job import JobContext
    from lake.landing.register import Entry, register
    from lake.stages import STAGES
    from lake.storage.store import Lake
    from spark_jobs.ingest.job import IngestParams

    raw = root / "raw"
    raw.mkdir()
    expected = composed(data, raw, rows)
    lake = Lake(str(root / "lake"))
    register(lake, Entry(str(raw), "composed", "CC0-1.0", "instructions"))
    stage = STAGES["bronze/instructions"]
    frames = SparkFrames(lake)
    version = lake.version("landing/files") or 0
    inputs = {"landing/files": frames.open("landing/files", version)}
    inputs["landing/files"].count()
    before, begun = _processor_seconds(), time.monotonic()
    staged = frames.run(stage, inputs, IngestParams(), JobContext(lake, "benchmark", root), "run-benchmark")
    seconds, used = time.monotonic() - begun, _processor_seconds() - before
    counts = {key: sum(rows for _, _, rows in one.files) for key, one in staged.items()}
    if sum(counts.values()) != expected:
        raise SystemExit(f"{expected} rows were written, {counts} came back")
    size = sum(path.stat().st_size for path in raw.iterdir())
    return {
        "rows": counts,
        "raw_megabytes": round(size / 1e6),
        "seconds": round(seconds, 1),
        "rows_per_second": round(expected / seconds),
        "processor_seconds": round(used, 1),
        "rows_per_processor_second": round(expected / used),
    }


def _processor_seconds() -> float:
    """Of this process and all below it: the JVM and its Python workers."""
    own = psutil.Process()
    times = [process.cpu_times() for process in (own, *own.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def main() -> None:
    """Parses the arguments, measures, writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder of real raw files")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path, help="where the figures go")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mixlake-ingest-") as scratch:
        found = measure(given.data, Path(scratch), given.rows)
    text = json.dumps(found, indent=1)
    if given.out:
        given.out.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
