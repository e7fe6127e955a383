"""Random steps on a small lake, checked after each: `python benchmarks/soak.py --steps N --out FILE.json [--seed SEED]`.

Deliveries of many shapes, changed and restated files, selections, kills, two writers, rebuilds, broken files (benchmarks/soaking).
Written to FILE after every step: the seed, what is asked for and what is not yet (benchmarks/soaking/switches.py), and for each
step what it did, how long it took with its check, and the rows of each table after it. Exit code 1 when a promise is broken; what
was, and the steps that led there, are printed, and the same seed draws the same steps.
"""

import argparse
import json
import os
import random
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.soaking import promises, switches
from benchmarks.soaking.site import BrokenPromise
from benchmarks.soaking.walk import Taken, walk


def main() -> int:
    """Parses the arguments, walks, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--seed", default=f"{random.SystemRandom().randrange(10**6)}", help="default: a fresh one")
    parser.add_argument("--out", type=Path, required=True, help="where the log goes")
    given = parser.parse_args()
    log: dict[str, Any] = {
        "seed": given.seed,
        "steps": given.steps,
        "cores": os.cpu_count(),
        "asked": {name.lower(): value for name, value in vars(switches).items() if name.isupper()},
        "levels": [[table for table, _ in level] for level in promises.LEVELS],
        "taken": [],
    }
    begun = time.monotonic()

    def tell(taken: Taken) -> None:
        print(f"{taken}  ({taken.seconds} s)", flush=True)
        log["taken"].append(asdict(taken))
        write()

    def write() -> None:
        log["seconds"] = round(time.monotonic() - begun, 1)
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(json.dumps(log, indent=1) + "\n", encoding="utf-8")

    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory() as work:
        try:
            walk(Path(work), given.seed, given.steps, tell)
        except BrokenPromise as error:
            log["broken"] = str(error)
            write()
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
