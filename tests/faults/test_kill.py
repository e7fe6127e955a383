"""Killed at any commit and started again, a stage ends with the rows it would have had; in between, readers see the old version or none.

The stage writes a side table and its own: a kill can fall before both commits, between them, or after both.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from lakes import small_lake

from lake.storage.store import Lake

KEY, SIDE = "gold/mixture", "gold/mixture_unused"
# Counts commits and, at the n-th, kills the process without a last word, before or after the commit.
RUN = """
import os, signal, sys
from lake.harness import run
from lake.storage import leases, store
leases.LEASE_EXPIRES_AFTER = 1  # for this long the next run waits for one that was killed
commits, kill_at, after = 0, int(sys.argv[1]), sys.argv[2] == "after"
register = store.commit
def counted(*arguments):
    global commits
    commits += 1
    if commits == kill_at and not after:
        os.kill(os.getpid(), signal.SIGKILL)
    version = register(*arguments)
    if commits == kill_at and after:
        os.kill(os.getpid(), signal.SIGKILL)
    return version
store.commit = counted
sys.exit(run.main(["gold/mixture"]))
"""


def run(root: Path, kill_at: int = 0, moment: str = "before") -> int:
    environment = os.environ | {"MIXLAKE_ROOT": str(root), "MIXLAKE_PROFILE": "demo"}
    script = root.with_name("killed.py")  # a file: PySpark takes a main module without one for a doctest, and exits
    script.write_text(RUN, encoding="utf-8")
    command = [sys.executable, str(script), str(kill_at), moment]
    return subprocess.run(command, env=environment, capture_output=True, check=False).returncode


def rows(lake: Lake, key: str) -> list[Mapping[str, Any]]:
    return sorted(lake.dataset(key).to_table().to_pylist(), key=lambda row: str(row["id"]))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    root = tmp_path_factory.mktemp("undisturbed") / "lake"
    lake = small_lake(root, last="silver/best_records")
    assert run(root) == 0
    return lake


@pytest.mark.parametrize(
    ("kill_at", "moment"),
    [
        (1, "after"),
        pytest.param(1, "before", marks=pytest.mark.long),
        pytest.param(2, "before", marks=pytest.mark.long),
    ],
)
def test_a_kill_leaves_no_half_table_and_the_next_run_goes_on(
    tmp_path: Path, undisturbed: Lake, kill_at: int, moment: str
) -> None:
    lake = small_lake(tmp_path / "lake", last="silver/best_records")
    assert run(Path(lake.root), kill_at, moment) == -signal.SIGKILL
    assert (lake.version(KEY), lake.version(SIDE)) == (None, None), "half a stage became visible"
    assert run(Path(lake.root)) == 0
    for key in (KEY, SIDE):
        assert rows(lake, key) == rows(undisturbed, key)


def test_a_kill_after_the_last_commit_leaves_the_whole_stage(tmp_path: Path, undisturbed: Lake) -> None:
    lake = small_lake(tmp_path / "lake", last="silver/best_records")
    assert run(Path(lake.root), 2, "after") == -signal.SIGKILL
    for key in (KEY, SIDE):
        assert rows(lake, key) == rows(undisturbed, key)
    version = lake.version(KEY)
    assert run(Path(lake.root)) == 0
    assert lake.version(KEY) == version
