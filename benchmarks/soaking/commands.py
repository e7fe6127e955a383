"""mixlake from outside: its commands, in this process or in one of their own, and the tables that readers see."""

import io
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from lake.storage.store import Lake

Row = Mapping[str, Any]
Tables = Mapping[str, Sequence[Row]]

STAGES = (
    "bronze/instructions", "silver/instructions", "silver/unique_instructions", "models/student_embedder", "silver/ratings",
    "silver/embeddings", "silver/quality", "bronze/references", "silver/groups",
)  # fmt: skip
TABLES = (
    "bronze/instructions", "bronze/instructions_quarantine", "bronze/instructions_pending", "bronze/instructions_withdrawn",
    "silver/instructions", "silver/instructions_rejected", "silver/instructions_changed",
    "silver/unique_instructions", "silver/duplicates", "silver/signatures", "silver/embeddings", "silver/ratings",
    "silver/quality", "silver/unrated", "silver/groups", "silver/singletons",
)  # fmt: skip
_LEFT_OUT = {"raw", "vector", "bands", "exact"}  # bytes that nothing here looks at

# no model, and no source so small that its near-duplicates stop the gate
_PROFILE = """extends: demo
summary: the soak
params:
  silver/unique_instructions: {max_loss: 1.0}
  silver/ratings: {beside: []}
  silver/embeddings: {embedder: static}
  silver/quality: {embedder: static}
  silver/groups: {embedder: static}
"""
# a few rows: partitions and compiled plans only cost
_SPARK = "spark.sql.shuffle.partitions=2;spark.sql.codegen.wholeStage=false"

_STOPPED = "Stopped. Nothing half-written was published"


class Ended(NamedTuple):
    """How a command ended: its exit code, and what it printed."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Mixlake:
    """The commands on one lake."""

    root: Path

    def __call__(self, *arguments: str) -> Ended:
        """Runs a command in this process, which keeps its Spark session. Raises KeyboardInterrupt where it was told to stop."""
        from lake.cli.main import main

        os.environ["MIXLAKE_ROOT"] = str(self.root)
        out, err = io.StringIO(), io.StringIO()
        code: Any = 0
        with redirect_stdout(out), redirect_stderr(err):
            try:
                main(arguments)
            except SystemExit as ended:
                code = ended.code
        if (
            _STOPPED in err.getvalue()
        ):  # the command takes Ctrl-C for itself, but it was the whole soak that was to stop
            raise KeyboardInterrupt
        return Ended(code, out.getvalue(), err.getvalue())

    def start(self, log: Path, *arguments: str) -> subprocess.Popen[bytes]:
        """Starts a command in a process and a group of its own; what it prints goes to the file."""
        environment = os.environ | {"MIXLAKE_ROOT": str(self.root)}
        with log.open("wb") as file:
            command = [sys.executable, "-m", "lake.cli", *arguments]
            return subprocess.Popen(command, env=environment, stdout=file, stderr=file, start_new_session=True)

    def version(self, key: str) -> int | None:
        """The version of a table that readers use."""
        return Lake(str(self.root)).version(key)

    def tables(self) -> Tables:
        """The rows that readers see, without bytes; a table that was never published has none."""
        lake = Lake(str(self.root))
        found: dict[str, Sequence[Row]] = {}
        for key in TABLES:
            if lake.version(key) is None:
                found[key] = ()
                continue
            dataset = lake.dataset(key)
            found[key] = dataset.to_table(
                columns=[name for name in dataset.schema.names if name not in _LEFT_OUT]
            ).to_pylist()
        return found


def wait_for(process: subprocess.Popen[bytes], log: Path, sign: str) -> None:
    """Returns when the process has printed the sign, or has ended."""
    while process.poll() is None and sign not in log.read_text(encoding="utf-8", errors="replace"):
        time.sleep(0.05)


def prepare(work: Path) -> None:
    """Sets what every command of the soak reads from the environment: a profile without models, and a small session."""
    profile = work / "soak.yaml"
    profile.write_text(_PROFILE, encoding="utf-8")
    os.environ |= {
        "MIXLAKE_PROFILE": str(profile),
        "MIXLAKE_SPARK_MASTER": "local[2]",
        "MIXLAKE_DRIVER_MEMORY": "1g",
        "MIXLAKE_SPARK_CONF": _SPARK,
    }
