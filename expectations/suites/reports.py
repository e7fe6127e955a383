"""What must hold of a release, and what a reader of the evaluation should know of it: the evaluation never blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expectations.frames import field, records, rows_by, table
from expectations.rules import Batch, at_least, between, figures, filled, matches, none, one_of, unique, vital
from expectations.suites.since_last import since_last
from expectations.summaries import summary
from lake.ids import sha256_file
from lake.tables.reasons import REMOVALS

if TYPE_CHECKING:
    from expectations.frames import Frames
    from expectations.limits import Evaluated, Limits

ARMS = ("released", "random", "high_only")
_EXAMPLES = (".parquet", ".jsonl")  # what files of examples end with


def evaluation(frames: Frames, *, gate: Evaluated) -> Iterable[Batch]:
    """The suite of reports/evaluation: warnings only. Released set and controls present, each compared over several seeds."""
    rows = frames["reports/evaluation"]
    numbers = [filled(name, warning=True) for name in ("arm", "metric", "value", "items")]
    yield Batch("reports/evaluation", rows, numbers, key="metric")
    compared = field("arm").isin(list(ARMS))
    arms = summary(rows, "arm", ["seed"], where=compared)
    says = "Every arm was trained with several seeds."
    yield Batch("arms", arms, [between("seed", gate.expected_seeds, None, warning=True, says=says)], key="arm")
    present = cache(lambda: rows_by(rows, "arm", compared))
    yield figures(
        *(
            at_least(f"{arm}_present", lambda arm=arm: present()[arm], 1, f"The arm {arm} was measured.", warning=True)
            for arm in ARMS
        )
    )
    compared_over = "Every comparison was made over several seeds."
    done = [
        filled("sentence", warning=True),
        between("seeds", gate.expected_seeds, None, warning=True, says=compared_over),
    ]
    yield Batch("reports/evaluation_comparisons", frames["reports/evaluation_comparisons"], done, key="control")
    yield from since_last(frames, "reports/evaluation", gate)


def release(frames: Frames, *, gate: Limits) -> Iterable[Batch]:
    """The suite of releases/current: every file is there, as listed, and together they hold the training set."""
    rows = frames["releases/current"]
    listed = [filled("path"), unique("path"), filled("release"), matches("sha256", "^[0-9a-f]{64}$"), filled("sha256")]
    yield Batch("releases/current", rows, [*listed, filled("size"), between("size", 1, None)], key="path")
    found = [_compared(row, frames) for row in records(rows, ("path", "sha256", "size"))]
    files = table(found, ["path", "missing", "changed"])
    whole = [
        vital(between("missing", 0, 0, says="Every file of the release is there.")),
        vital(between("changed", 0, 0, says="Every file has the size and the SHA-256 that are listed.")),
    ]
    yield Batch("files", files, whole, key="path")
    examples = frames["gold/training_set"].count_rows()
    forms = cache(lambda: _rows_by_form(rows))
    yield figures(
        at_least(
            "released_rows",
            lambda: min(forms().values(), default=0),
            1,
            "The release is not empty, in whatever form it is.",
        ),
        none(
            "rows_not_released",
            lambda: max((examples - held for held in forms().values() if held < examples), default=0),
            "Every example of the training set is in each form of the release.",
        ),
        none(
            "rows_not_in_the_training_set",
            lambda: max((held - examples for held in forms().values() if held > examples), default=0),
            "Every released row is of the training set.",
        ),
    )
    yield from since_last(frames, "releases/current", gate)


def _rows_by_form(rows: Any) -> Mapping[str, int]:
    """The examples that the files of each form and format hold together: one has a folder of its own."""
    held: Counter[str] = Counter()
    for row in records(rows, ["path", "rows"]):
        path = Path(row["path"] or "")
        if path.suffix in _EXAMPLES:
            held[f"{path.parent.name} {path.suffix}"] += row["rows"] or 0
    return held


def removals(frames: Frames, *, gate: Limits) -> Iterable[Batch]:
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


def _compared(row: dict[str, Any], frames: Frames) -> tuple[str, int, int]:
    """path, 1 if the file is missing, 1 if its size or its SHA-256 is not the listed one."""
    name = row["path"] or ""
    path = Path(frames.at_hand(name))
    if not path.is_file():
        return name, 1, 0
    return name, 0, int(sha256_file(path) != row["sha256"] or path.stat().st_size != row["size"])
