"""A standalone Spark cluster on loopback: a master, and two workers of which each sees a disk of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, TypeVar

import pyspark
from servers import free_port

T = TypeVar("T")
_HOST = "127.0.0.1"
_HOME = Path(pyspark.__file__).parent
# covers each folder named before `--` with an empty disk of its own, then becomes the command behind it
_COVERED = (
    'while [ "$1" != -- ]; do mkdir -p "$1" && mount -t tmpfs tmpfs "$1" || exit 1; shift; done; shift; exec "$@"'
)
_NAMESPACES = {
    "mount namespaces": ["unshare", "--mount", "--propagation", "private"],
    "mount namespaces of users of their own": ["unshare", "--map-root-user", "--mount"],
}
_USERS = {1: "nobody", 2: "daemon"}  # that any Linux knows: Hadoop asks for the name


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


def ended(process: "subprocess.Popen[bytes]", how: signal.Signals = signal.SIGKILL) -> None:
    """Ends a process that leads a group, and the group with it."""
    if process.poll() is None:
        os.killpg(process.pid, how)
        process.wait(timeout=60)


class Cluster:
    """A running cluster."""

    def __init__(self, port: int, page: int) -> None:
        self.master, self.page = f"spark://{_HOST}:{port}", page
        self.processes = list[subprocess.Popen[bytes]]()

    def state(self) -> Mapping[str, Any]:
        """What the master says of its workers and applications."""
        with urllib.request.urlopen(f"http://{_HOST}:{self.page}/json/", timeout=10) as answer:
            return json.load(answer)

    def kill_a_worker(self) -> None:
        """Kills the last worker with its executors and all that these started."""
        ended(self.processes[-1])


@contextmanager
def standalone(folder: Path, hidden: Sequence[Path], environment: Mapping[str, str]) -> Iterator[Cluster]:
    """A master and two workers of a core each, there while the block runs; what they print stays in `folder`.

    hidden: folders of whose content no worker sees anything: in mount namespaces each finds an empty disk of its own there. Where these are
    not allowed each worker is a user of its own: then the folders, like those that pytest makes, must be closed to others, and Python open to them.
    """
    cluster, scratches = Cluster(free_port(), free_port()), list[Path]()
    folder.mkdir(parents=True, exist_ok=True)
    own = {**environment, "SPARK_HOME": str(_HOME), "SPARK_DAEMON_MEMORY": "256m", "SPARK_NO_DAEMONIZE": "1"}
    place = ["--host", _HOST, "--port", cluster.master.rpartition(":")[2], "--webui-port", str(cluster.page)]
    try:
        cluster.processes.append(_started(["master.Master", *place], own, folder / "master.log"))
        patiently(cluster.state, "the master's start")
        for number in (1, 2):
            before, scratch = _apart(hidden, number)
            scratches.append(scratch)
            # an address of its own: executors of one host read one another's shuffle files from the disk
            sized = ["--host", f"127.0.0.{1 + number}", "--cores", "1", "--memory", "1g", "--work-dir", str(scratch)]
            worker = ["worker.Worker", *sized, "--webui-port", str(free_port()), cluster.master]
            disk = {**own, "SPARK_LOCAL_DIRS": str(scratch), "HOME": str(scratch)}
            cluster.processes.append(_started(worker, disk, folder / f"worker{number}.log", before))
        patiently(lambda: cluster.state()["aliveworkers"] == 2, "the workers' start")
        yield cluster
    finally:
        for process in reversed(cluster.processes):
            ended(process)
        for scratch in scratches:
            shutil.rmtree(scratch, ignore_errors=True)


def _apart(hidden: Sequence[Path], number: int) -> tuple[list[str], Path]:
    """What a command begins with that is to see other disks than this process, and a folder that it can write to; says how they are kept apart."""
    scratch = Path(mkdtemp(prefix=f"worker{number}-"))
    way = next((way for way, begun in _NAMESPACES.items() if _can_mount(begun, scratch)), "users and permissions")
    if begun := _NAMESPACES.get(way):
        before = [*begun, "bash", "-c", _COVERED, "covered", *map(str, hidden), str(scratch), "--"]
    else:
        shutil.chown(scratch, _USERS[number])
        before = ["setpriv", f"--reuid={_USERS[number]}", "--clear-groups"]
    print(f"worker {number} is kept from this process's disks by {way}")
    runs = subprocess.run([*before, sys.executable, "-c", ""], capture_output=True, text=True, check=False)
    assert runs.returncode == 0, f"a worker that is kept apart by {way} cannot run {sys.executable}: {runs.stderr}"
    for folder in hidden:
        assert any(folder.iterdir()), f"{folder} is empty: that a worker sees nothing there would show nothing"
        seen = subprocess.run([*before, "ls", "-A", str(folder)], capture_output=True, text=True, check=False)
        assert not seen.stdout, f"a worker sees {folder}: {seen.stdout[:200]}"
    return before, scratch


def _can_mount(begun: Sequence[str], place: Path) -> bool:
    tried = [*begun, "mount", "-t", "tmpfs", "tmpfs", str(place)]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


def _started(
    what: Sequence[str], environment: Mapping[str, str], log: Path, before: Sequence[str] = ()
) -> "subprocess.Popen[bytes]":
    command = [*before, str(_HOME / "bin" / "spark-class"), f"org.apache.spark.deploy.{what[0]}", *what[1:]]
    with log.open("wb") as lines:
        return subprocess.Popen(command, env=dict(environment), stdout=lines, stderr=lines, start_new_session=True)
