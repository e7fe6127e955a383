"""Runs the whole chain on a lake and measures it: `python benchmarks/chain.py [--real FOLDER] --out FILE.json`.

Without --real it is the demo. With it, FOLDER holds real raw files (see `REAL`); they are registered as they lie there.
Written to FILE: the funnel, rows and seconds of each stage, the books by source, wall time, and the peak resident memory of
the whole process tree, sampled every three seconds, for sampling takes time itself. Figures only: no text of any row.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil

# (path inside the folder, source, licence, kind)
REAL = (
    ("instruct/dolly.jsonl.zst", "dolly", "CC-BY-SA-3.0", "instructions"),
    ("instruct/gsm8k_train_alpaca.json.gz", "gsm8k", "MIT", "instructions"),
    ("instruct/gpteacher_codegen.json.gz", "gpteacher", "MIT", "instructions"),
    ("instruct/gpteacher_roleplay.json.gz", "gpteacher", "MIT", "instructions"),
    ("instruct/gpteacher_roleplay.yaml.gz", "gpteacher", "MIT", "instructions"),
    ("instruct/fastchat_dummy_conversation.json.gz", "fastchat", "Apache-2.0", "instructions"),
    ("instruct/llama_factory", "llama_factory", "Apache-2.0", "instructions"),
    ("eval/gsm8k/test.jsonl.gz", "gsm8k_test", "MIT", "benchmark"),
)
PASSAGES = ("wikipedia/2wiki_corpus.jsonl.zst", "wikipedia", "CC-BY-SA-4.0", 2_000)


class PeakMemory(threading.Thread):
    """The largest sum of proportional memory over this process's children, in bytes, while it runs.

    Proportional (PSS), because forked Spark workers share pages that a plain sum would count twice.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak, self.ended = 0, threading.Event()

    def run(self) -> None:
        while not self.ended.wait(3):
            self.peak = max(self.peak, sum(_pss(child) for child in psutil.Process().children(recursive=True)))


def _pss(process: psutil.Process) -> int:
    try:
        return process.memory_full_info().pss
    except psutil.Error:
        return 0


def first_passages(folder: Path, scratch: Path) -> Path:
    """A file with the first passages of the real corpus: as many as PASSAGES names."""
    import pyarrow as pa

    name, _, _, count = PASSAGES
    with pa.CompressedInputStream(pa.OSFile(str(folder / name)), "zstd") as stream:
        lines = stream.read().splitlines()[:count]
    path = scratch / "wikipedia" / "passages.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def register_real(folder: Path, root: Path) -> None:
    """Registers the real files through the command line, as a user would."""
    passages = first_passages(folder, root / "raw")
    files = [(folder / path, source, licence, kind) for path, source, licence, kind in REAL]
    for path, source, licence, kind in [*files, (passages, *PASSAGES[1:3], "passages")]:
        _mixlake("ingest", str(path), "--source", source, "--licence", licence, "--kind", kind)


def _mixlake(*arguments: str) -> Any:
    command = [sys.executable, "-m", "lake.cli", *arguments]
    told = subprocess.run([*command, "--json"], check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(told) if told.strip() else None


def measure(real: Path | None, root: Path, profile: str) -> dict[str, Any]:
    """The figures of one run from nothing."""
    if real:
        register_real(real, root)
    watch, begun = PeakMemory(), time.monotonic()
    watch.start()
    command = [sys.executable, "-m", *(["lake.cli", "run", "--profile", profile] if real else ["demo"])]
    code = subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode
    seconds = time.monotonic() - begun
    watch.ended.set()
    from lake.stages import STAGES
    from lake.storage.attempts import newest_attempt
    from lake.storage.store import Lake
    from reports.funnel import funnel

    lake = Lake(str(root))
    attempts = {key: attempt for key in STAGES if (attempt := newest_attempt(lake, key))}
    return {
        "exit_code": code,
        "cores": os.cpu_count(),
        "wall_seconds": round(seconds, 1),
        "peak_memory_gib": round(watch.peak / 2**30, 2),
        "funnel": [{"step": step.name, "rows": step.rows} for step in funnel(lake)],
        "stages": {
            key: {"seconds": attempt.seconds, "rows": attempt.rows, "metrics": attempt.metrics}
            for key, attempt in attempts.items()
        },
        "ledger": _mixlake("ledger"),
    }


def main() -> None:
    """Parses the arguments, measures, writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--real", type=Path, help="a folder of real raw files")
    parser.add_argument("--out", type=Path, required=True, help="where the figures go")
    parser.add_argument("--root", type=Path, required=True, help="an empty folder for the lake")
    parser.add_argument("--profile", default="demo", help="of a run over real files")
    given = parser.parse_args()
    os.environ["MIXLAKE_ROOT"] = str(given.root)
    found = measure(given.real, given.root, given.profile)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({key: found[key] for key in ("exit_code", "wall_seconds", "peak_memory_gib", "funnel")}, indent=1))


if __name__ == "__main__":
    main()
