"""What a small delivery costs: `python -m benchmarks.small_delivery --lake LAKE --rows 3 --work FOLDER --out FILE.json [--beside CHECKOUT]`.

LAKE is a finished lake, such as the demo's; it is only read. For each number of new rows, and by turns for this revision and for the one in
CHECKOUT, it is copied to FOLDER, the rows (questions and answers of the benchmark's own, no two alike) are registered, and `mixlake run`
brings the copy up to date. The copy is told that its tables were made by the revision that is measured, so that new rows are its only reason to run.

Written to FILE: wall and processor seconds of the command and of its parts (until the first stage, each stage, between stages, after the last one),
and for each stage how many jobs and tasks Spark ran. Processor seconds are those of all processes of the command, read every second.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks.soaking.corpus import Corpus

HERE = Path(__file__).resolve().parents[1]
_EVERY = 1.0  # seconds between two looks at the processes, each of which costs some milliseconds
_HASHES = (
    "import json; from lake.harness.code_hash import code_hash; from lake.harness.profiles import load_profile; "
    "from lake.stages import STAGES; from lake.storage.publication import hash_json; profile = load_profile({profile!r}); "
    "print(json.dumps({{key: [code_hash(one), hash_json(profile.params_of(one).fingerprint())] for key, one in STAGES.items()}}))"
)


class Processors(threading.Thread):
    """The processor seconds that the processes below one have taken, over time."""

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self._root, self._seconds = psutil.Process(process), dict[tuple[int, float], float]()
        self.at, self.used = [time.time()], [0.0]
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(_EVERY):
            for one in self._processes():
                try:
                    with one.oneshot():
                        times = one.cpu_times()
                        self._seconds[one.pid, one.create_time()] = times.user + times.system
                except psutil.Error:
                    continue
            self.at.append(time.time())
            self.used.append(sum(self._seconds.values()))

    def _processes(self) -> list[psutil.Process]:
        try:
            return [self._root, *self._root.children(recursive=True)]
        except psutil.Error:
            return []

    def between(self, start: float, end: float) -> float:
        """The processor seconds taken from one moment to another."""
        return self._until(end) - self._until(start)

    def _until(self, moment: float) -> float:
        place = bisect_left(self.at, moment)
        if place in (0, len(self.at)):
            return self.used[min(place, len(self.at) - 1)]
        share = (moment - self.at[place - 1]) / (self.at[place] - self.at[place - 1])
        return self.used[place - 1] + share * (self.used[place] - self.used[place - 1])


@dataclass(frozen=True)
class Revision:
    """A checkout of the project, run by this interpreter."""

    name: str
    folder: Path

    def run(self, *arguments: str, lake: Path, conf: str = "") -> subprocess.Popen[str]:
        """A process of this revision on a lake."""
        environment = os.environ | {"PYTHONPATH": str(self.folder), "MIXLAKE_ROOT": str(lake), "DAGSTER_HOME": ""}
        environment |= {"MIXLAKE_SPARK_CONF": conf} if conf else {}
        environment = {name: value for name, value in environment.items() if value}
        return subprocess.Popen(
            [sys.executable, *arguments],
            env=environment,
            cwd=lake,
            stdout=subprocess.PIPE,
            text=True,
        )

    def told(self, *arguments: str, lake: Path) -> str:
        """What such a process printed. Raises SystemExit where it failed."""
        process = self.run(*arguments, lake=lake)
        printed, _ = process.communicate()
        if process.returncode:
            raise SystemExit(f"{self.name}: {' '.join(arguments)} failed")
        return printed


def adopted(lake: Path, by: Revision, profile: str) -> None:
    """Makes the lake say that its tables were made with this revision's code and params."""
    hashes: dict[str, tuple[str, str]] = json.loads(by.told("-c", _HASHES.format(profile=profile), lake=lake))
    for key, (code, params) in hashes.items():
        name = key.replace("/", "-")
        folders = [lake / key / "_delta_log", lake / "audits" / name]
        reports = [path for folder in folders for path in sorted(folder.glob("*.json"))]
        for path in (*reports, *(lake / "audits" / "unpublished").glob(f"{name}.json")):
            said = path.read_text(encoding="utf-8")
            path.write_text(_with(_with(said, "code_hash", code), "params_hash", params), encoding="utf-8")


def _with(said: str, name: str, value: str) -> str:
    """The text with another value wherever a JSON field of this name stands, inside a string of JSON, too."""
    for quote in ('"', '\\"'):
        parts = said.split(f"{quote}{name}{quote}")
        for number, part in enumerate(parts[1:], 1):
            before, _, rest = part.partition(quote)
            _, _, after = rest.partition(quote)
            parts[number] = f"{before}{quote}{value}{quote}{after}"
        said = f"{quote}{name}{quote}".join(parts)
    return said


def delivery(rows: int, seed: int, path: Path) -> None:
    """Writes so many records."""
    corpus = Corpus(random.Random(seed))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for _ in range(rows):
            (_, asked), (_, said) = corpus.plain().turns
            file.write(json.dumps({"question": asked, "answer": said}) + "\n")


def measured(revision: Revision, rows: int, seed: int, given: argparse.Namespace) -> dict[str, Any]:
    """One delivery on a fresh copy of the lake."""
    source, work, profile = given.lake.resolve(), given.work.resolve(), given.profile
    lake, events = work / "lake", work / "events"
    for folder in (lake, events):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, lake, symlinks=True)
    events.mkdir(parents=True)
    adopted(lake, revision, profile)
    delivery(rows, seed, work / "raw" / f"{rows}-{seed}.jsonl")
    raw = str(work / "raw" / f"{rows}-{seed}.jsonl")
    revision.told("-m", "lake.cli", "ingest", raw, "--source", "small_delivery", "--licence", "CC0-1.0", lake=lake)
    logged = f"spark.eventLog.enabled=true;spark.eventLog.dir=file://{events};spark.eventLog.rolling.enabled=false;spark.eventLog.compress=false"
    begun = time.time()
    upto = ("--to", given.to) if given.to else ()
    process = revision.run("-m", "lake.cli", "run", "--profile", profile, *upto, "--json", lake=lake, conf=logged)
    processors = Processors(process.pid)
    processors.start()
    process.communicate()
    ended = time.time()
    processors.ended.set()
    processors.join()
    return {
        "revision": revision.name,
        "new_rows": rows,
        "to": given.to,
        "exit_code": process.returncode,
        "seconds": round(ended - begun, 2),
        "processor_seconds": round(processors.between(begun, ended), 2),
        "load": round(os.getloadavg()[0], 1),
        "parts": list(parts(lake, events, processors, begun, ended)),
    }


def parts(lake: Path, events: Path, processors: Processors, begun: float, ended: float) -> Iterator[dict[str, Any]]:
    """Each part of the command in order, with what it took, and the jobs and tasks that Spark ran in it."""
    jobs = [job for path in events.iterdir() for job in spark_jobs(path)]
    windows: list[tuple[str, float, float]] = []
    for path in lake.glob("audits/*-*/*.json"):
        report, end = json.loads(path.read_text(encoding="utf-8")), path.stat().st_mtime
        if end > begun and "run_id" in report:
            windows.append((report["stage"], end - (report["seconds"] or 0), end))
    bound, between = begun, {"seconds": 0.0, "processor_seconds": 0.0, "jobs": 0, "tasks": 0}
    for number, (name, start, end) in enumerate(sorted(windows, key=lambda window: window[2])):
        start = max(start, bound)
        idle = _taken(processors, jobs, bound, start)
        if number:
            between = {figure: round(between[figure] + idle[figure], 2) for figure in between}
        else:
            yield {"part": "until the first stage"} | idle
        yield {"part": name} | _taken(processors, jobs, start, end)
        bound = end
    yield {"part": "between stages"} | between
    yield {"part": "after the last stage"} | _taken(processors, jobs, bound, ended)


def _taken(processors: Processors, jobs: list[tuple[float, int]], start: float, end: float) -> dict[str, Any]:
    inside = [tasks for at, tasks in jobs if start <= at < end]
    return {
        "seconds": round(end - start, 2),
        "processor_seconds": round(processors.between(start, end), 2),
        "jobs": len(inside),
        "tasks": sum(inside),
    }


def spark_jobs(log: Path) -> Iterator[tuple[float, int]]:
    """When each job of an event log began, and how many tasks ended in it."""
    begun, of_stage, tasks = dict[int, float](), dict[int, int](), dict[int, int]()
    for line in log.read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        if event["Event"] == "SparkListenerJobStart":
            begun[event["Job ID"]] = event["Submission Time"] / 1000
            # a stage that several jobs name runs in the first of them
            of_stage |= {stage: event["Job ID"] for stage in event["Stage IDs"] if stage not in of_stage}
        elif event["Event"] == "SparkListenerTaskEnd":
            job = of_stage[event["Stage ID"]]
            tasks[job] = tasks.get(job, 0) + 1
    return ((at, tasks.get(job, 0)) for job, at in begun.items())


def main() -> int:
    """Parses the arguments, measures, writes; 1 where a run failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lake", type=Path, required=True, help="a finished lake; it is only read")
    parser.add_argument("--rows", type=int, nargs="+", default=[3], help="how many new rows")
    parser.add_argument("--work", type=Path, required=True, help="a folder for the copy")
    parser.add_argument("--out", type=Path, required=True, help="where the figures go")
    parser.add_argument("--beside", type=Path, help="a checkout of another revision, measured by turns with this one")
    parser.add_argument("--to", help="the last stage; default: all")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--profile", default="demo")
    given = parser.parse_args()
    revisions = [*([Revision("before", given.beside.resolve())] if given.beside else []), Revision("now", HERE)]
    found: list[dict[str, Any]] = []
    for turn in range(given.rounds):
        for rows in given.rows:
            for revision in revisions:
                found.append(measured(revision, rows, turn, given))
                print(json.dumps({name: found[-1][name] for name in list(found[-1])[:-1]}), flush=True)
                given.out.parent.mkdir(parents=True, exist_ok=True)
                given.out.write_text(
                    json.dumps({"cores": psutil.cpu_count(), "runs": found}, indent=1) + "\n", encoding="utf-8"
                )
    return 1 if any(one["exit_code"] for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())
