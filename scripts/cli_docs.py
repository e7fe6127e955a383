"""Writes docs/cli.md, by typer's own generator, and docs/cli.schema.json: what each command prints with `--json`, read off the types it prints."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from lake.books.changes import Changes
from lake.books.ledger import Ledger
from lake.books.lineage import Explanation
from lake.cli.doctor import Finding
from lake.cli.params import Param
from lake.harness.plan import PlannedStage
from lake.harness.profiles import Profile
from lake.harness.status import TableStatus
from lake.landing.register import Registered
from lake.storage.report import StageReport
from lake.takeback.taking import TakenBack

ROOT = Path(__file__).resolve().parent.parent
PAGE, SCHEMA = ROOT / "docs" / "cli.md", ROOT / "docs" / "cli.schema.json"

Row = dict[str, Any]  # a row of a table: its columns are in lake/tables


@dataclass
class ReleasedFile:
    path: str
    sha256: str
    size: int
    rows: int | None


@dataclass
class Found:
    words: str
    file: str


@dataclass
class MigratedTable:
    table: str
    before: int
    after: int
    step: str
    files: int


@dataclass
class RejectedStage:
    attempt: StageReport
    rows: dict[str, list[Row]]


# A command has a line for each form of its result.
RESULTS: dict[str, Any] = {
    "champion": list[Row],
    "diff": Changes,
    "doctor": list[Finding],
    "explain": Explanation,
    "forget": list[TakenBack],
    "ingest": list[Registered],
    "ledger": Ledger,
    "migrate": list[MigratedTable],
    "params": list[Param],
    "profiles": list[Profile],
    "rejected": list[StageReport],
    "rejected STAGE": RejectedStage,
    "rejected STAGE --accept": StageReport,
    "release": list[ReleasedFile],
    "run": list[StageReport],
    "run --dry-run": list[PlannedStage],
    "search": list[Found],
    "show": list[Row],
    "status": list[TableStatus],
    "withdraw": list[TakenBack],
}


def page() -> str:
    """The commands as Markdown."""
    command = [sys.executable, "-m", "typer", "lake.cli.commands", "utils", "docs", "--name", "mixlake"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return f"{told.stdout.strip()}\n"


def schema() -> str:
    """The schema of each result, with what they share under `$defs`, as JSON."""
    adapters = [(name, "serialization", TypeAdapter(result)) for name, result in RESULTS.items()]
    found, shared = TypeAdapter.json_schemas(adapters)
    commands = {name: found[name, "serialization"] for name in RESULTS}
    return json.dumps({**shared, "commands": commands}, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    SCHEMA.write_text(schema(), encoding="utf-8")
