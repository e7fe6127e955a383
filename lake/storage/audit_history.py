"""The history of a stage's gate: a line for each run that was audited, only ever appended to. No line holds a word of a row.

audits/silver-groups/history.jsonl
"""

from pathlib import Path

import obstore
from pydantic import BaseModel, ConfigDict

from lake.storage.attempts import audit_folder
from lake.storage.store import Lake

HISTORY = "history.jsonl"


class AuditedRun(BaseModel):
    """What the gate said in one run of a stage; `page` is its audit page, "" where that was removed."""

    model_config = ConfigDict(frozen=True)

    stage: str
    run: str
    at: str
    verdict: str  # passed | warned | rejected | accepted
    page: str
    checks: int
    failed: int
    failing: tuple[str, ...] = ()  # the names of the checks that did not pass; lines from before have none


def add_run(place: Path, run: AuditedRun) -> None:
    """Appends a run to the history that lies in the folder of its stage, on a line of its own whatever a power cut left unfinished."""
    path = place / HISTORY
    unfinished = path.exists() and not path.read_bytes().endswith(b"\n")
    with path.open("a", encoding="utf-8") as history:
        history.write("\n" * unfinished + f"{run.model_dump_json()}\n")


def runs_of(content: str) -> list[AuditedRun]:
    """The last line of each run, in the order of the runs; a line that a power cut left unfinished is passed over."""
    lines = (AuditedRun.model_validate_json(line) for line in content.splitlines() if line.endswith("}"))
    return list({run.run: run for run in lines}.values())


def audited_runs(lake: Lake, key: str) -> list[AuditedRun]:
    """Every audited run of a stage of the lake, the newest last."""
    try:
        content = obstore.get(lake.objects(), f"{audit_folder(key)}/{HISTORY}").bytes()
    except FileNotFoundError:
        return []
    return runs_of(bytes(content).decode("utf-8", "replace"))


def without_pages(content: bytes) -> bytes:
    """A history whose audit pages are gone."""
    runs = runs_of(content.decode("utf-8", "replace"))
    return "".join(f"{run.model_copy(update={'page': ''}).model_dump_json()}\n" for run in runs).encode()
