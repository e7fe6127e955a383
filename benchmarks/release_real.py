"""A release of real rows, made again byte for byte and opened by `datasets`: `python -m benchmarks.release_real --data FOLDER --work FOLDER --out FILE.json`.

Registers some thousand real rows, passages and a benchmark of FOLDER as they lie, runs every stage with profile `demo` (or --profile), and takes the
release out of the lake. Then more real rows come in, up to the groups, so that the tables have gone on; the release is made again from
the lake without its files, and both folders are compared file by file. `datasets`, in a process that may ask nobody, opens each form of it,
and its rows are compared with what a plain reader finds. No text of any row is written. Exit code 1 where anything differs.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.raw_to_groups import mixlake

# file, source, licence, kind
FIRST = (
    ("instruct/dolly_3k_alpagasus.json.gz", "dolly", "CC-BY-SA-3.0", "instructions"),
    ("instruct/gpteacher_roleplay.json.gz", "roleplay", "MIT", "instructions"),
    ("instruct/llama_factory/alpaca_zh_demo.json.gz", "alpaca_zh", "Apache-2.0", "instructions"),
    ("wikipedia/movies/movies-1980s.jsonl.zst", "movies", "CC-BY-SA-3.0", "passages"),
    ("eval/gsm8k/test.jsonl.gz", "gsm8k_test", "MIT", "benchmark"),
)
LATER = (("instruct/llama_factory/alpaca_en_demo.json.gz", "alpaca_en", "Apache-2.0", "instructions"),)
FORMS = ("messages", "prompt_completion")
OPENS = """
import hashlib, json, sys
from datasets import load_dataset
told = {}
for folder, form in (asked.split("|") for asked in sys.argv[1:]):
    found = load_dataset(folder, form)
    rows = {split: [json.dumps(row, sort_keys=True) for row in part.to_list()] for split, part in found.items()}
    told[f"{folder}|{form}"] = {split: [len(texts), hashlib.sha256("\\n".join(texts).encode()).hexdigest()] for split, texts in rows.items()}
print(json.dumps(told))
"""


def registered(data: Path, files: tuple[tuple[str, ...], ...]) -> None:
    """Registers real files as they lie."""
    for name, source, licence, kind in files:
        done("ingest", str(data / name), "--source", source, "--licence", licence, "--kind", kind)


def done(*arguments: str) -> dict[str, Any]:
    """What a command told; ends this script where it failed."""
    found = mixlake(*arguments)
    if found["exit_code"]:
        raise SystemExit(f"mixlake {' '.join(arguments)} ended with {found['exit_code']}")
    return found


def checksums(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder, by its path there."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def without_files(lake: Path) -> None:
    """Removes the files of all releases from the lake: what is made again comes from its tables alone."""
    shutil.rmtree(lake / "artifacts" / "releases")


def opened(folder: Path, cache: Path) -> dict[str, Any]:
    """For each way to open a release, `/jsonl|messages` for one, how many rows `datasets` gives and a digest of them, by split; offline."""
    ways = [f"{place}|{form}" for place in (folder, folder / "jsonl") for form in FORMS]
    offline = {"HF_DATASETS_OFFLINE": "1", "HF_HUB_OFFLINE": "1", "HF_HOME": str(cache)}
    command = [sys.executable, "-c", OPENS, *ways]
    told = subprocess.run(command, env=os.environ | offline, stdout=subprocess.PIPE, text=True, check=True).stdout
    return {way.removeprefix(str(folder)): rows for way, rows in json.loads(told.splitlines()[-1]).items()}


def read_plainly(folder: Path, form: str) -> dict[str, list[Any]]:
    """The same of the Parquet files, read by Arrow."""
    files = sorted((folder / "data" / form).glob("*.parquet"))
    found: dict[str, list[str]] = {}
    for file in files:
        rows = [json.dumps(row, sort_keys=True) for row in pq.read_table(file).to_pylist()]
        found.setdefault(file.stem.rpartition("-")[0], []).extend(rows)
    return {split: [len(rows), hashlib.sha256("\n".join(rows).encode()).hexdigest()] for split, rows in found.items()}


def compared(first: Path, again: Path, cache: Path) -> dict[str, Any]:
    """What differs between the release and itself made again, and which ways to open it give other rows than lie in it."""
    then, now, ways = checksums(first), checksums(again), opened(again, cache)
    plain = {form: read_plainly(first, form) for form in FORMS}
    return {
        "files": len(then),
        "files_that_differ": sorted(path for path in then.keys() | now.keys() if then.get(path) != now.get(path)),
        "rows": {split: count for split, (count, _) in plain["messages"].items()},
        "ways_opened": len(ways),
        "ways_that_differ": sorted(way for way, rows in ways.items() if rows != plain[way.rpartition("|")[2]]),
    }


def measure(data: Path, work: Path, profile: str) -> dict[str, Any]:
    """All figures."""
    registered(data, FIRST)
    run = done("run", "--profile", profile)
    done("release", "--out", str(work / "first"))
    registered(data, LATER)
    done("run", "--to", "silver/groups", "--profile", profile)
    without_files(work / "lake")
    again = done("release", "--rebuild", "mixlake", "--out", str(work / "again"))
    books = done("ledger")["told"]
    return {
        "raw_rows": sum(source["raw"] for source in books["sources"]),
        "balanced": books["balanced"],
        "run_seconds": run["wall_seconds"],
        "rebuild_seconds": again["wall_seconds"],
        **compared(work / "first", work / "again", work / "cache"),
    }


def main() -> int:
    """Parses the arguments, measures, writes."""
    parser = argparse.ArgumentParser(description="A release of real rows, made again and opened.")
    parser.add_argument("--data", type=Path, required=True, help="the folder of real files")
    parser.add_argument("--work", type=Path, required=True, help="an empty folder")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--profile", default="demo")
    given = parser.parse_args()
    os.environ["MIXLAKE_ROOT"] = str(given.work / "lake")
    found = measure(given.data, given.work, given.profile)
    given.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))
    sound = found["balanced"] and found["files"] and all(found["rows"].values())
    return 0 if sound and not found["files_that_differ"] and not found["ways_that_differ"] else 1


if __name__ == "__main__":
    sys.exit(main())
