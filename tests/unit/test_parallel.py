"""Work spread over processes comes back in order, and ends with whoever asked for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from math import sqrt
from operator import methodcaller
from pathlib import Path

import psutil
import pyarrow as pa
import pytest

from lake.engines.parallel import in_processes


def counted(taken: list[int]) -> Iterator[float]:
    for number in range(1, 41):
        taken.append(number)
        yield float(number)


def test_results_keep_their_order_and_few_items_wait() -> None:
    taken: list[int] = []
    found = in_processes(sqrt, counted(taken), 2)
    assert next(found) == 1.0
    assert len(taken) < 10, "items are taken as results are"
    assert [1.0, *found] == [sqrt(number) for number in range(1, 41)]


def test_what_work_raises_comes_back() -> None:
    with pytest.raises(ValueError):
        list(in_processes(sqrt, [4.0, -1.0], 2))


def test_of_a_batch_that_is_part_of_another_only_that_part_goes_to_a_process() -> None:
    whole = pa.record_batch({"text": ["word " * 20] * 10_000, "number": [*range(10_000)]})
    parts = [whole.slice(start, 100) for start in (0, 5_000)]
    assert list(in_processes(methodcaller("to_pylist"), parts, 2)) == [part.to_pylist() for part in parts]
    taken = list(in_processes(methodcaller("get_total_buffer_size"), parts, 2))
    assert max(taken) < whole.nbytes / 50, (taken, whole.nbytes)


def test_one_process_is_this_one() -> None:
    assert list(in_processes(lambda _: os.getpid(), [1, 2], 1)) == [os.getpid()] * 2


WITHOUT_A_FILE = """
from lake.engines.parallel import in_processes
from lake.harness.environment import prepare
prepare()
print(*in_processes(abs, [-1, -2], 2))
"""


def test_a_main_module_without_a_file_such_as_dagsters_workers_have_starts_processes_too() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_A_FILE], capture_output=True, text=True, check=False, cwd=Path(__file__).resolve().parents[2]
    )  # fmt: skip
    assert done.stdout == "1 2\n", done.stderr


SLEEPERS = """
import time
from lake.engines.parallel import in_processes
if __name__ == "__main__":
    for _ in in_processes(time.sleep, [0, 60, 60], 2):
        print("started", flush=True)
"""


def test_processes_end_with_the_one_that_started_them(tmp_path: Path) -> None:
    script = tmp_path / "sleepers.py"
    script.write_text(SLEEPERS, encoding="utf-8")
    here = str(Path(__file__).resolve().parents[2])
    parent = subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": here}, start_new_session=True
    )
    assert parent.stdout is not None and parent.stdout.readline() == b"started\n"
    children = psutil.Process(parent.pid).children(recursive=True)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    gone, alive = psutil.wait_procs(children, timeout=30)
    assert gone and not alive
