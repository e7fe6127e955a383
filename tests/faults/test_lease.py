"""Two processes at one stage: the second waits and finds the work done; one that was suspended cannot publish what another one did.

Two processes at two stages do not wait: ingestion goes on while a distiller trains.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from lakes import ROWS, RULES_ALONE, publish, small_lake

from lake.storage.lease_records import LeaseRecords
from lake.storage.store import Lake

KEY = "gold/mixture"
# Says when the stage's job begins, and lets it begin when a line comes; before its first commit it can suspend itself.
RUN = """
import importlib, os, signal, sys
from lake.harness import run
from lake.stages import STAGES
from lake.storage import leases, store
# where the tests run as a shell's background job, SIGINT is ignored, and child processes inherit that
signal.signal(signal.SIGINT, signal.default_int_handler)
stage, leases.LEASE_EXPIRES_AFTER = sys.argv[1], float(sys.argv[2])
module, _, function = STAGES[stage].job.partition(":")
module = importlib.import_module(module)
job, register = getattr(module, function), store.commit
def held_up(*given):
    print("works", flush=True)
    sys.stdin.readline()
    return job(*given)
def suspended(*given):
    if "suspend" in sys.argv:
        os.kill(os.getpid(), signal.SIGSTOP)
    return register(*given)
setattr(module, function, held_up)
store.commit = suspended
sys.exit(run.main([stage]))
"""


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return small_lake(tmp_path / "lake", last="silver/best_records")


def environment(lake: Lake) -> Mapping[str, str]:
    return os.environ | {"MIXLAKE_ROOT": lake.root, "MIXLAKE_PROFILE": RULES_ALONE}


@contextmanager
def working(lake: Lake, stage: str, expires_after: float = 60, *more: str) -> Iterator["subprocess.Popen[str]"]:
    """A process whose job was about to begin when the block is entered; killed if it still runs when the block is left."""
    script = Path(lake.root).with_name("held_up.py")
    script.write_text(RUN, encoding="utf-8")
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    command = [sys.executable, str(script), stage, str(expires_after), *more]
    process = subprocess.Popen(command, env=environment(lake), text=True, **pipes)
    try:
        assert process.stdout and process.stdout.readline() == "works\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def holder(lake: Lake, stage: str = KEY) -> str | None:
    _, record = LeaseRecords.of(lake.root).newest(stage)
    return None if record is None or record.released else record.run_id


def test_a_second_command_waits_and_finds_the_work_done(lake: Lake) -> None:
    with working(lake, KEY) as first:
        command = [sys.executable, "-m", "lake.cli", "run", KEY]
        second = subprocess.Popen(command, env=environment(lake), stderr=subprocess.PIPE, text=True)
        assert second.stderr
        told = next(line for line in second.stderr if line.startswith("  waits"))
        assert f"{KEY}  for run {holder(lake)} on " in told
        out, _ = first.communicate("go on\n")
        assert (first.returncode, '"published"' in out) == (0, True)
        rest = second.stderr.read()
        assert second.wait() == 0, rest
        assert f"up_to_date {KEY}" in rest
    assert lake.newest(KEY) == 0, "the work was done twice"


def test_ctrl_c_gives_the_lease_back(lake: Lake) -> None:
    with working(lake, KEY) as process:
        assert holder(lake)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate()
        assert (process.returncode, f"{KEY} was stopped" in told) == (1, True)
    assert holder(lake) is None


def test_a_run_that_was_suspended_cannot_publish_what_another_one_did(lake: Lake) -> None:
    with working(lake, KEY, 1, "suspend") as late:
        assert late.stdin
        late.stdin.write("go on\n")
        late.stdin.flush()
        _, status = os.waitpid(late.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        with working(lake, KEY) as quick:  # as soon as the first one's lease has expired
            quick.communicate("go on\n")
            assert quick.returncode == 0
        rows = lake.dataset(KEY).to_table()
        late.send_signal(signal.SIGCONT)
        _, told = late.communicate()
        assert late.returncode == 1
        assert "another run published gold/mixture" in told
    assert lake.dataset(KEY).to_table().equals(rows)
    assert holder(lake) is None


@pytest.mark.long
def test_ingestion_goes_on_while_a_distiller_trains(tmp_path: Path) -> None:
    training, lake = "models/distiller_sft", Lake(str(tmp_path / "lake"))
    raw = tmp_path / "raw.jsonl"
    raw.write_text(
        "".join(
            json.dumps({"prompt": f"What is {n}?", "response": f"A number, after {n - 1}."}) + "\n" for n in range(9)
        )
    )
    publish(lake, "silver/passages", ROWS["silver/passages"])
    publish(lake, "silver/best_records", ROWS["silver/best_records"])
    publish(lake, KEY, ROWS[KEY])

    def command(*arguments: str) -> None:
        local = {"MIXLAKE_SPARK_MASTER": "local[2]", "MIXLAKE_DRIVER_MEMORY": "1g"}
        done = subprocess.run(
            [sys.executable, "-m", "lake.cli", *arguments], env={**environment(lake), **local}, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, "waits" in done.stderr) == (0, False), done.stderr

    with working(lake, training) as process:
        command("ingest", str(raw), "--source", "numbers", "--licence", "CC0-1.0")
        command("run", "bronze/instructions", "silver/instructions")
        assert process.poll() is None
        assert holder(lake, training)
        assert lake.dataset("silver/instructions").count_rows() > 0
