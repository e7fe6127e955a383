"""Random steps on a small lake, checked after each: `python benchmarks/soak.py --steps N --out FILE.json [--seed SEED]`.

Deliveries of many shapes, changed and restated files, selections, kills, two writers, rebuilds, broken files (benchmarks/soaking).
Written to FILE after every step: the seed, and for each step what it
did, how long it took with its check, and the rows of each table after it. With --deliveries N in place of steps two lakes get the
same files, and must end with the same rows: one runs fully after each, the other in parts. Exit code 1 when a promise is broken:
what was, and the steps that led there, are printed; the same seed draws the same steps.
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

from benchmarks.soaking import promises
from benchmarks.soaking.site import BrokenPromise
from benchmarks.soaking.walk import Taken, in_any_order, walk


class Log:
    """What was asked for and done, written to a file after every step."""

    def __init__(self, path: Path, **given: Any) -> None:
        self._path, self._begun, self._taken = path, time.monotonic(), list[dict[str, Any]]()
        self._said = given | {
            "cores": os.cpu_count(),
            "in_one_place": [[table for table, _ in level] for level in promises.LEVELS],
        }

    def tell(self, taken: Taken) -> None:
        print(f"{taken}  ({taken.seconds} s)", flush=True)
        self._taken.append(asdict(taken))
        self.write()

    def write(self, **more: Any) -> None:
        seconds = round(time.monotonic() - self._begun, 1)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        told = self._said | {"seconds": seconds} | more | {"taken": self._taken}
        self._path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def main() -> int:
    """Parses the arguments, walks, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--steps", type=int, help="how many steps are drawn")
    length.add_argument("--deliveries", type=int, help="how many files both lakes get, in place of steps")
    parser.add_argument("--seed", default=f"{random.SystemRandom().randrange(10**6)}", help="default: a fresh one")
    parser.add_argument("--out", type=Path, required=True, help="where the log goes")
    given = parser.parse_args()
    log = Log(given.out, seed=given.seed, steps=given.steps, deliveries=given.deliveries)
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as work:
        try:
            if given.steps:
                walk(Path(work), given.seed, given.steps, log.tell)
            else:
                in_any_order(Path(work), given.seed, given.deliveries, log.tell)
        except BrokenPromise as error:
            log.write(broken=str(error))
            print(error, file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            log.write(stopped=True)
            print("Stopped: no promise was broken until here.", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
