"""What the gate of each stage costs beside its stage, taken warm: the suite of every published table of a lake, audited again.

`python -m benchmarks.gates_beside --lake LAKE --out FILE.json`. LAKE is one whose stages ran once, on all their rows, on this machine, such as
benchmarks/raw_to_groups.py leaves behind with `--rows 1000` or `--rows 1000000`: what a stage took is what the report of its run says.
Of three audits of the rows that this run published, pages and results included, the first is left out: it imports and opens Great
Expectations. A stage of which no run was given all its rows is named and not measured. The lake is not changed.
"""

import argparse
import inspect
import json
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from expectations.gate import audit
from expectations.rules import Batch
from lake.harness.job import Views
from lake.harness.profiles import GATE, resolve
from lake.stages import STAGES, Stage
from lake.storage import artifacts
from lake.storage.attempts import attempt
from lake.storage.publication import Publication
from lake.storage.store import Lake

# what is promised of a gate: its share of the stage's time, and its seconds over so few rows
MOST_SHARE, MOST_SECONDS, SMALL = 0.1, 1.0, 1_000


def views(lake: Lake, stage: Stage, version: int, publication: Publication) -> Views:
    """What the suite of a run on all rows sees, had this version been staged; it is its own last version."""
    own = {stage.key: version, **publication.sides}
    rows = {key: lake.files_dataset(key, lake.file_paths(key, at)) for key, at in (publication.inputs | own).items()}
    return Views(rows, {}, {key: rows[key] for key in own}, partial(artifacts.at_hand, lake))


def batches(stage: Stage, seen: Views, publication: Publication) -> Iterable[Batch]:
    """The suite with the params and limits of the run that published."""
    suite, limits = resolve(stage.suite), publication.params.get(GATE, {})
    given = {name: value for name, value in publication.params.items() if name != GATE}
    params = resolve(stage.params).model_validate(given)
    named = (name for name, one in inspect.signature(suite).parameters.items() if one.kind is one.KEYWORD_ONLY)
    known = {name: getattr(params, name) for name in named if name != GATE}
    return suite(seen, **known, gate=resolve(stage.limits).model_validate(limits))


def measured(lake: Lake, stage: Stage, version: int, publication: Publication) -> dict[str, Any]:
    """Rows, checks, seconds of the better of two warm audits, and what share that is of the seconds of the stage."""
    costs, checks = list[tuple[float, float]](), 0
    with tempfile.TemporaryDirectory() as place:
        for number in range(3):
            begun, processor = time.perf_counter(), time.process_time()
            seen = views(lake, stage, version, publication)
            found = audit(stage.key, batches(stage, seen, publication), f"run {number}", Path(place))
            costs.append((time.perf_counter() - begun, time.process_time() - processor))
            checks = len(found.checks)
    told = attempt(lake, stage.key, publication.run_id)
    seconds, (gate, processor) = told.seconds if told else 0.0, min(costs[1:])
    return {
        "stage": stage.key, "rows": sum(publication.rows.values()), "checks": checks, "gate_seconds": round(gate, 2),
        "gate_processor_seconds": round(processor, 2), "stage_seconds": seconds, "share": round(gate / seconds, 3) if seconds else None,
    }  # fmt: skip


def of_lake(lake: Lake) -> Iterator[dict[str, Any]]:
    """The figures of each stage that published, in pipeline order: of its newest version that is no growth of one before."""
    for key, stage in STAGES.items():
        published = list(lake.publications(key))
        whole = next(((version, found) for version, found in published if not found.grown), None)
        if whole:
            yield measured(lake, stage, *whole)
        elif published:
            yield {"stage": key, "not_measured": "no run was given all its rows"}


def broken(found: dict[str, Any]) -> bool:
    """Whether a gate takes longer than is promised: a second over a thousand rows, a tenth of its stage over more."""
    if "not_measured" in found:
        return False
    if found["rows"] <= SMALL:
        return found["gate_seconds"] > MOST_SECONDS
    return found["share"] is not None and found["share"] > MOST_SHARE


def main() -> int:
    """Measures and writes; exit code 1 where a gate takes longer than is promised."""
    parser = argparse.ArgumentParser(description="What gates cost beside their stages.")
    parser.add_argument("--lake", required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    found = list(of_lake(Lake(given.lake)))
    given.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))
    return 1 if any(map(broken, found)) else 0


if __name__ == "__main__":
    sys.exit(main())
