"""Checkpoints that exist only so that a killed training can go on: one at a time, whole or not used.

transformers writes weights, optimiser, schedule, random states and curve into a folder of their own; it reads them back with
`weights_only=True`, so that nothing of them is run. A kill may leave such a folder half written. A seal, written behind all of it, says that it
is whole, and how many seconds of training it took; only then are older ones removed. The lake gets it in the same order.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from lake.harness.unfinished import Unfinished

_SEAL = "whole.json"
_PREFIX = "checkpoint-"


@dataclass(frozen=True)
class Resumed:
    """Where a training goes on: after `step` steps and `spent_s` seconds. folder: None for a training from the beginning."""

    folder: Path | None = None
    step: int = 0
    spent_s: float = 0.0


def newest(home: Path) -> Resumed:
    """The whole checkpoint in `home` with the most steps; none where there is none."""
    steps = {int(seal.parent.name.removeprefix(_PREFIX)): seal for seal in home.glob(f"{_PREFIX}*/{_SEAL}")}
    if not steps:
        return Resumed()
    step = max(steps)
    return Resumed(steps[step].parent, step, json.loads(steps[step].read_text())["spent_s"])


def seal(home: Unfinished, step: int, spent_s: float) -> None:
    """Marks the checkpoint of this step as whole, once it is on the disk and in the lake, and removes all others."""
    folder = home.folder / f"{_PREFIX}{step}"
    for path in folder.rglob("*"):
        _to_disk(path)
    home.keep(folder)
    unsealed = folder / f"{_SEAL}.unfinished"
    unsealed.write_text(json.dumps({"spent_s": spent_s}))
    _to_disk(unsealed)
    unsealed.rename(folder / _SEAL)
    home.keep(folder / _SEAL)
    for other in home.folder.glob(f"{_PREFIX}*"):
        if other != folder:
            home.drop(other / _SEAL)  # first: half removed it is not whole
            home.drop(other)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
