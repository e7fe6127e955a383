"""What must hold of a release, and what a reader of the evaluation should know of it: the evaluation never blocks."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expectations.frames import field, records, rows_by, table
from expectations.gate import Batch
from expectations.rules import at_least, between, filled, matches, metrics, none, one_of, unique
from expectations.summaries import summary
from lake.ids import sha256_file
from lake.tables.reasons import REMOVALS

if TYPE_CHECKING:
    from expectations.frames import Frames

ARMS = ("released", "random", "high_only")
SEEDS = 3


def evaluation(frames: Frames) -> Iterable[Batch]:
    """The suite of reports/evaluation: warnings only. Released set and controls present, each with several seeds."""
    rows = frames["reports/evaluation"]
    numbers = [filled(name, warning=True) for name in ("arm", "metric", "value", "items")]
    yield Batch("reports/evaluation", rows, numbers, key="metric")
    compared = field("arm").isin(list(ARMS))
    arms = summary(rows, "arm", ["seed"], where=compared)
    yield Batch("arms", arms, [between("seed", SEEDS, None, warning=True)], key="arm")
    present = rows_by(rows, "arm", compared)
    yield metrics(*(at_least(f"{arm}_present", int(arm in present), 1, warning=True) for arm in ARMS))


def release(frames: Frames) -> Iterable[Batch]:
    """The suite of releases/current: every file is there, as listed, and together they hold the training set."""
    rows = frames["releases/current"]
    listed = [filled("path"), unique("path"), filled("release"), matches("sha256", "^[0-9a-f]{64}$"), filled("sha256")]
    yield Batch("releases/current", rows, [*listed, filled("size"), between("size", 1, None)], key="path")
    files = table(map(_compared, records(rows, ("path", "sha256", "size"))), ["path", "missing", "changed"])
    yield Batch("files", files, [between("missing", 0, 0), between("changed", 0, 0)], key="path")
    released = sum(row["rows"] or 0 for row in records(rows, ["rows"]))
    examples = frames["gold/training_set"].count_rows()
    yield metrics(
        at_least("released_rows", released, 1),
        none("rows_not_released", examples - released),
        none("rows_not_in_the_training_set", released - examples),
    )


def removals(frames: Frames) -> Iterable[Batch]:
    """The suite of upkeep/removals: each file once, with a reason."""
    rules = [
        filled("path"),
        unique("path"),
        filled("why"),
        one_of("why", REMOVALS),
        filled("bytes"),
        between("bytes", 0, None),
    ]
    yield Batch("upkeep/removals", frames["upkeep/removals"], rules, key="path")


def _compared(row: dict[str, Any]) -> tuple[str, int, int]:
    """path, 1 if the file is missing, 1 if its size or its SHA-256 is not the listed one."""
    path = Path(row["path"] or "")
    if not path.is_file():
        return str(path), 1, 0
    return str(path), 0, int(sha256_file(path) != row["sha256"] or path.stat().st_size != row["size"])
