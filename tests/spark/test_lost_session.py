"""A session that is lost is told in one sentence, and the process goes on with a new one."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lakes import small_lake
from pyspark.sql import SparkSession

KEY = "silver/quality"
# In the middle of a stage Spark's JVM is killed, then runs out of memory; between stages it is killed again.
RUN = """
import os, signal, sys
from pyspark import SparkContext
from lake.engines import spark as engines
from lake.harness import run

def kill():
    os.kill(SparkContext._gateway.proc.pid, signal.SIGKILL)
    SparkContext._gateway.proc.wait()

def exhaust():
    SparkContext._jvm.java.nio.ByteBuffer.allocate(2**31 - 1)

staged, fates = engines.SparkFrames._staged, [kill, exhaust]

def fated(self, *arguments):
    if fates:
        fates.pop(0)()
    return staged(self, *arguments)

engines.SparkFrames._staged = fated
codes = [run.main(["silver/quality"]) for _ in range(3)]
kill()
print(*codes, run.main(["silver/quality", "--rebuild"]))
"""


@pytest.mark.long
def test_it_is_told_in_one_sentence_and_the_next_stage_gets_a_new_one(tmp_path: Path) -> None:
    lake = small_lake(tmp_path / "lake", last="silver/ratings")
    script = tmp_path / "losing.py"  # a file: PySpark takes a main module without one for a doctest, and exits
    script.write_text(RUN, encoding="utf-8")
    environment = os.environ | {
        "MIXLAKE_ROOT": str(tmp_path / "lake"),
        "MIXLAKE_PROFILE": "demo",
        "MIXLAKE_SPARK_MASTER": "local[2]",
        "MIXLAKE_DRIVER_MEMORY": "1g",
    }
    ended = subprocess.run(
        [sys.executable, str(script)], env=environment, capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert ended.stdout.splitlines()[-1:] == ["1 1 0 0"], ended.stderr
    told = [line for line in ended.stderr.splitlines() if line.startswith(KEY)]
    assert [line.partition(":")[2].partition(",")[0] for line in told] == [
        " Spark's JVM ended before the stage did",
        " Spark ran out of memory",
    ]
    assert "Traceback" not in ended.stderr and "py4j" not in ended.stderr.lower()
    assert lake.version(KEY) == 1  # published twice, by the third run and the fourth


def test_what_asks_for_the_session_behind_its_death_gets_a_new_one(running: Callable[[], SparkSession]) -> None:
    jvm: Any = running().sparkContext._gateway
    os.kill(jvm.proc.pid, signal.SIGKILL)
    jvm.proc.wait()
    assert running().range(3).count() == 3
