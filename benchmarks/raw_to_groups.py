"""Raw files to groups, then 1 % more rows: `python benchmarks/raw_to_groups.py --data FOLDER --rows N --work FOLDER --out FILE`.

Composes a corpus of raw files in many shapes (benchmarks/corpus.py, not timed), registers it, and brings silver/groups up to
date through the command line, as a user does. Then a further hundredth of rows is registered and the same command runs again.
Written to FILE for both runs: wall time, peak memory, and seconds, rows and metrics of each stage; the books with the time and
memory they took; the share of the first run's time that the second took; and how many published rows it changed. No text of any
row is written. Exit code 1 when a stage was rejected, the books do not balance, or a published row changed.
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.chain import PeakMemory
from benchmarks.corpus import compose
from benchmarks.sentences import ORIGINS
from lake.storage.attempts import newest_attempt
from lake.storage.store import Lake

STAGES = (
    "bronze/instructions", "bronze/references", "silver/instructions", "silver/unique_instructions", "models/student_embedder",
    "silver/embeddings", "silver/ratings", "silver/quality", "silver/groups",
)  # fmt: skip
# what identifies a published row and must never change
LASTING = {
    "silver/instructions": ("id", "raw_id", "text_hash"),
    "silver/unique_instructions": ("id", "raw_id", "text_hash"),
    "silver/ratings": ("id", "judge", "overall"),
    "silver/quality": ("id", "score", "uncertainty", "high"),
    "silver/groups": ("group_id", "id", "size"),
}


def mixlake(*arguments: str) -> dict[str, Any]:
    """Runs a command: exit code, wall seconds, peak memory of its processes in GiB, and what it printed as JSON (`told`)."""
    watch, begun = PeakMemory(), time.monotonic()
    watch.start()
    command = [sys.executable, "-m", "lake.cli", *arguments, "--json"]
    ran = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    watch.ended.set()
    return {
        "exit_code": ran.returncode,
        "wall_seconds": round(time.monotonic() - begun, 1),
        "peak_memory_gib": round(watch.peak / 2**30, 2),
        "told": json.loads(ran.stdout) if ran.stdout.strip() else None,
    }


def register(folder: Path) -> None:
    """Registers the raw files of every source below `folder`."""
    for origin in ORIGINS:
        path = folder / origin.source
        if path.exists():
            given = ("ingest", str(path), "--source", origin.source, "--licence", origin.licence)
            if mixlake(*given, "--kind", "instructions")["exit_code"]:
                raise SystemExit(f"{path} could not be registered")


def run(lake: Lake, profile: str) -> dict[str, Any]:
    """Brings the stages up to date: the figures of the command and of each stage."""
    found = mixlake("run", *STAGES, "--profile", profile)
    del found["told"]
    attempts = {key: newest_attempt(lake, key) for key in STAGES}
    stages = {
        key: {"status": attempt.status, "seconds": attempt.seconds, "rows": attempt.rows, "metrics": attempt.metrics}
        for key, attempt in attempts.items()
        if attempt
    }
    return found | {"stages": stages, "ledger": books()}


def books() -> dict[str, Any]:
    """Whether the ledger balances, its raw rows and outcomes, and what asking for it took."""
    found = mixlake("ledger")
    told: dict[str, Any] = found.pop("told") or {"balanced": False, "sources": []}
    outcomes: dict[str, int] = {}
    for source in told["sources"]:
        for outcome, rows in source["outcomes"].items():
            outcomes[outcome] = outcomes.get(outcome, 0) + rows
    raw = sum(source["raw"] for source in told["sources"])
    return found | {"balanced": told["balanced"], "raw": raw, "outcomes": {k: n for k, n in outcomes.items() if n}}


def changed(lake: Lake, before: dict[str, int]) -> dict[str, int]:
    """By table, how many rows that were published at the versions `before` are no longer there as they were."""
    return {
        key: pc.sum(pc.invert(pc.is_in(_rows(lake, key, version), _rows(lake, key, None)))).as_py() or 0
        for key, version in before.items()
    }


def _rows(lake: Lake, key: str, version: int | None) -> pa.Array:
    """One text a row, of the columns that identify it; held in memory."""
    table = lake.dataset(key, version).to_table(columns=list(LASTING[key]))
    texts = [column.cast(pa.string()).combine_chunks() for column in table.columns]
    return pc.binary_join_element_wise(*texts, "|", null_handling="replace", null_replacement="-")


def measure(data: Path, rows: int, work: Path, profile: str) -> dict[str, Any]:
    """All figures of both runs."""
    raw, lake = work / "raw", Lake(str(work / "lake"))
    compose(data, raw, rows, "raw", delta=rows // 100)
    register(raw / "base")
    first = run(lake, profile)
    before = {key: version for key in LASTING if (version := lake.version(key)) is not None}
    register(raw / "delta")
    second = run(lake, profile)
    return {
        "rows": rows,
        "profile": profile,
        "cores": psutil.cpu_count(),
        "full": first,
        "grown": second,
        "grown_share": round(second["wall_seconds"] / first["wall_seconds"], 4),
        "changed": changed(lake, before),
    }


def in_order(found: dict[str, Any]) -> bool:
    """Whether both runs published, both ledgers balance, and nothing published has changed."""
    runs = (found["full"], found["grown"])
    sound = all(one["exit_code"] == 0 and one["ledger"]["balanced"] for one in runs)
    return sound and found["changed"].keys() == LASTING.keys() and not any(found["changed"].values())


def main() -> int:
    """Parses the arguments, measures, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of real files")
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--work", type=Path, required=True, help="an empty folder for raw files and lake")
    parser.add_argument("--out", type=Path, required=True, help="where the figures go")
    parser.add_argument("--profile", default="scale")
    given = parser.parse_args()
    os.environ["MIXLAKE_ROOT"] = str(given.work / "lake")
    found = measure(given.data, given.rows, given.work, given.profile)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    runs = {name: {key: found[name][key] for key in ("wall_seconds", "peak_memory_gib")} for name in ("full", "grown")}
    print(json.dumps({**runs, "grown_share": found["grown_share"], "changed": found["changed"]}, indent=1))
    return 0 if in_order(found) else 1


if __name__ == "__main__":
    sys.exit(main())
