"""A standalone Spark cluster on loopback: a master, and two workers that each see a disk of their own."""

import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pyspark
from servers import free_port

T = TypeVar("T")
_HOST = "127.0.0.1"
_HOME = Path(pyspark.__file__).parent
# covers the folders named before `--` with empty disks of its own, then becomes the command behind it
_COVERED = 'while [ "$1" != -- ]; do mount -t tmpfs tmpfs "$1" || exit 1; shift; done; shift; exec "$@"'


def patiently(ready: Callable[[], T | None], what: str, seconds: float = 120) -> T:
    """What `ready` gives as soon as it gives anything; fails where the time passes."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if found := ready():
                return found
        except OSError:  # nobody listens yet
            pass
        time.sleep(0.2)  # between two questions to another process
    raise AssertionError(f"{what} took more than {seconds:.0f} s")


def own_disks() -> bool:
    """Whether this process may give others a view of the disk of their own (mount namespaces)."""
    tried = subprocess.run(
        ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False
    )
    return tried.returncode == 0


class Cluster:
    """A running cluster."""

    def __init__(self, port: int, page: int, processes: "list[subprocess.Popen[bytes]]") -> None:
        self.master, self._page, self.processes = f"spark://{_HOST}:{port}", page, processes

    def state(self) -> Mapping[str, Any]:
        """What the master says of its workers and applications."""
        with urllib.request.urlopen(f"http://{_HOST}:{self._page}/json/", timeout=10) as answer:
            return json.load(answer)

    def kill_a_worker(self) -> None:
        """Kills the last worker with all that it started."""
        end(self.processes[-1], signal.SIGKILL)


def end(process: "subprocess.Popen[bytes]", how: signal.Signals = signal.SIGTERM) -> None:
    """Ends a process that leads a group, and the group with it."""
    if process.poll() is None:
        os.killpg(process.pid, how)
        process.wait(timeout=60)


@contextmanager
def standalone(folder: Path, hidden: Sequence[Path], environment: Mapping[str, str]) -> Iterator[Cluster]:
    """A master and two workers of a core each, there while the block runs.

    hidden: folders that no worker sees the content of; each worker also has its own content of `folder`/scratch. Where mount namespaces
    are not allowed workers are told of other folders instead, and see all of the disk.
    """
    port, page, covered = free_port(), free_port(), own_disks()
    scratch = folder / "scratch"
    scratch.mkdir(parents=True)
    settings = {**environment, "SPARK_HOME": str(_HOME), "SPARK_DAEMON_MEMORY": "256m", "SPARK_NO_DAEMONIZE": "1"}
    run = str(_HOME / "bin" / "spark-class")
    master = [
        run,
        "org.apache.spark.deploy.master.Master",
        "--host",
        _HOST,
        "--port",
        str(port),
        "--webui-port",
        str(page),
    ]
    processes = [_started(master, settings, folder / "master.log")]
    try:
        cluster = Cluster(port, page, processes)
        patiently(cluster.state, "the master's start")
        for number in (1, 2):
            place = scratch if covered else scratch / str(number)
            place.mkdir(exist_ok=True)
            worker = [run, "org.apache.spark.deploy.worker.Worker", "--host", _HOST, "--cores", "1", "--memory", "1g"]
            worker += ["--work-dir", str(place), "--webui-port", str(free_port()), cluster.master]
            if covered:
                covers = [*map(str, hidden), str(scratch)]
                worker = [
                    "unshare",
                    "--mount",
                    "--propagation",
                    "private",
                    "bash",
                    "-c",
                    _COVERED,
                    "covered",
                    *covers,
                    "--",
                    *worker,
                ]
            own = {**settings, "SPARK_LOCAL_DIRS": str(place)}
            processes.append(_started(worker, own, folder / f"worker{number}.log"))
        patiently(lambda: cluster.state()["aliveworkers"] == 2, "the workers' start")
        yield cluster
    finally:
        for process in reversed(processes):
            end(process, signal.SIGKILL)


def _started(command: Sequence[str], environment: Mapping[str, str], log: Path) -> "subprocess.Popen[bytes]":
    with log.open("wb") as lines:
        return subprocess.Popen(command, env=environment, stdout=lines, stderr=lines, start_new_session=True)
