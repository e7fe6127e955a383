"""A few random steps on a small lake, checked after each; benchmarks/soak.py, which they are a process of, runs many.

The seed is SOAK_SEED, or one that found two faults. It is printed; a failure prints it with the steps that led there.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lake.settings import project_folder

pytestmark = pytest.mark.long
SEED = os.environ.get("SOAK_SEED", "778634")
STEPS, DELIVERIES = 15, 3


def soak(out: Path, *length: str) -> int:
    """The exit code of a soak; what it prints is shown where the test fails."""
    command = [sys.executable, str(project_folder() / "benchmarks" / "soak.py"), *length, "--seed", SEED]
    return subprocess.run([*command, "--out", str(out)], check=False).returncode


def test_whatever_happens_to_a_lake_its_promises_hold(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with capfd.disabled():
        print(f"\nSOAK_SEED={SEED}")
    assert soak(tmp_path / "log.json", "--steps", str(STEPS)) == 0


def test_any_selections_run_to_the_end_give_the_rows_of_full_runs_after_each_delivery(tmp_path: Path) -> None:
    assert soak(tmp_path / "log.json", "--deliveries", str(DELIVERIES)) == 0
