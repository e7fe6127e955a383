"""Reads every raw file of a folder as the ingest stage does: `python benchmarks/ingest_real.py --data FOLDER [--out FILE.json]`.

For each file: what was counted without any code of the stage (lines, elements of an array, instances, questions, paths through
trees), the rows by shape, the quarantined rows by reason, what is unaccounted for, which must be nothing, and whether it is held. The folder's own
MANIFEST.tsv, if there is one, is compared where it counts the same unit. Files are read in one process, without Spark: the rows
are the same, as the tests show. Figures only: no text of any row. benchmarks/results/ingest_real.json is what it wrote for the
folder that docs/ingested.md tells of.
"""

import argparse
import collections
import hashlib
import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from pyarrow import fs

from lake.landing.peek import kind_of
from spark_jobs.ingest.holding import readings, tallied, why_it_waits
from spark_jobs.ingest.job import IngestParams, instruction_columns, passage_columns
from spark_jobs.ingest.raw_rows import file_rows

SAME_UNIT = ("records", "rows", "instances", "questions", "articles", "passages", "dialogues")


def counted(path: Path) -> int:
    """The raw records in a file, by the plainest means."""
    if path.suffix == ".parquet":
        return pq.read_metadata(path).num_rows
    packing = {".gz": "gzip", ".zst": "zstd"}.get(path.suffix)
    with pa.input_stream(str(path), compression=packing) as stream:
        content = stream.read()
    name = path.stem if packing else path.name
    if name.endswith((".tsv", ".csv")):
        return len(content.splitlines()) - 1
    if name.endswith(".yaml"):
        return sum(_units([yaml.safe_load(content)]))
    if name.endswith(".json"):
        return sum(_units([json.loads(content)]))
    lines = [line for line in content.split(b"\n") if line.strip()]
    return len(lines) if name.endswith(".txt") else sum(_units(map(json.loads, lines)))


def _units(values: Iterable[Any]) -> Iterator[int]:
    """For each value, the raw records in it; flat messages at the end, as those that nobody answers."""
    messages: list[tuple[str, str | None]] = []
    for value in values:
        if isinstance(value, list):
            yield len(value)
        elif "message_tree_id" in value and "prompt" in value:
            yield _leaves(value["prompt"])
        elif "parent_id" in value and "role" in value:
            messages.append((value["message_id"], value["parent_id"]))
        elif "seed_examples" in value:
            yield sum(len(example.get("questions_and_answers", [example])) for example in value["seed_examples"])
        else:
            yield len(value.get("instances") or value.get("Instances") or [value])
    yield len({own for own, _ in messages} - {parent for _, parent in messages})


def _leaves(message: dict[str, Any]) -> int:
    return sum(map(_leaves, message["replies"])) if message.get("replies") else 1


def measured(path: Path, name: str) -> dict[str, Any]:
    """One file's figures: kind, raw records counted, rows by shape, quarantined rows by reason, what neither accounts for."""
    kind = kind_of(fs.LocalFileSystem(), str(path))
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    file: dict[str, Any] = {
        "uri": str(path),
        "path": name,
        "source": "real",
        "licence": None,
        "kind": kind,
        "sha256": sha256,
    }
    file["size"] = path.stat().st_size
    shapes: collections.Counter[str] = collections.Counter()
    reasons: collections.Counter[str] = collections.Counter()
    tallies: list[dict[str, Any]] = []
    rows = file_rows(file, passage_columns if kind == "passages" else instruction_columns)
    for row in tallied(file, rows, tallies):
        if row.get("reason"):
            reasons[row["reason"]] += 1
        else:
            shapes[row.get("shape", "passage")] += 1
    count = counted(path)
    waits = why_it_waits(file, readings(tallies)[file["uri"]], 0, IngestParams())
    return {
        "file": name,
        "kind": kind,
        "counted": count,
        "shapes": dict(shapes),
        "reasons": dict(reasons),
        "unaccounted": count - shapes.total() - reasons.total(),
        "held": waits and waits.reason,
    }


def _manifest(data: Path) -> dict[str, int]:
    """Records by file, where the manifest counts what is a raw record here."""
    path = data / "MANIFEST.tsv"
    lines = path.read_text(encoding="utf-8").splitlines()[1:] if path.exists() else []
    fields = [line.split("\t") for line in lines]
    return {name: int(records) for name, records, unit, *_ in fields if unit in SAME_UNIT and records.isdecimal()}


def summary(files: list[dict[str, Any]], manifest: dict[str, int]) -> dict[str, Any]:
    """The figures over all files."""
    shapes: collections.Counter[str] = collections.Counter()
    reasons: collections.Counter[str] = collections.Counter()
    for file in files:
        shapes.update(file["shapes"])
        reasons.update(file["reasons"])
    return {
        "files": len(files),
        "counted": sum(file["counted"] for file in files),
        "rows": shapes.total(),
        "quarantined": reasons.total(),
        "unaccounted": sum(abs(file["unaccounted"]) for file in files),
        "held": sum(file["held"] is not None for file in files),
        "files_that_the_manifest_counts_otherwise": sum(
            manifest.get(file["file"], file["counted"]) != file["counted"] for file in files
        ),
        "shapes": dict(shapes.most_common()),
        "reasons": dict(reasons.most_common()),
    }


def as_text(found: dict[str, Any], listing: list[dict[str, Any]]) -> str:
    """The summary and the listing as JSON, one file a line."""
    lines = ",\n".join(f"  {json.dumps(file)}" for file in listing)
    return f'{json.dumps(found, indent=1)[:-2]},\n "listing": [\n{lines}\n ]\n}}\n'


def main() -> None:
    """Parses the arguments, reads, writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder of real raw files")
    parser.add_argument("--only", nargs="*", default=["instruct", "wikipedia"], help="its subfolders to read")
    parser.add_argument("--out", type=Path, help="where summary and listing go, as JSON")
    given = parser.parse_args()
    begun = time.process_time()
    paths = sorted(path for part in given.only for path in (given.data / part).rglob("*") if path.is_file())
    listing = [measured(path, str(path.relative_to(given.data))) for path in paths]
    found = summary(listing, _manifest(given.data))
    print(json.dumps(found, indent=1), f"\n{time.process_time() - begun:.0f} processor seconds")
    if given.out:
        given.out.write_text(as_text(found, listing), encoding="utf-8")


if __name__ == "__main__":
    main()
