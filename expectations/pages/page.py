"""The audit page of one run of one stage, and the index of all runs: self-contained HTML, without Great Expectations' own site.

audits/silver-groups/RUN.html            every check of a run
audits/silver-groups/RUN.results.json    what Great Expectations said (expectations.pages.results)
audits/silver-groups/history.jsonl       a line a run, only ever appended to
audits/silver-groups/index.html          the runs of a stage, newest first, made from these lines: no page is read again
audits/index.html                        the stages
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from lake.storage.audit_history import HISTORY, AuditedRun, add_run, runs_of
from lake.storage.report import Acceptance, CheckReport

TEMPLATES = Path(__file__).parent / "templates"


def write(
    stage: str,
    run_id: str,
    moment: datetime,
    checks: Sequence[CheckReport],
    folder: Path,
    accepted: Acceptance | None = None,
) -> Path:
    """The path of the page, `folder`/<stage with dashes>/<run id>.html, after the indexes were renewed."""
    target = page_path(stage, run_id, folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    failed = [check for check in checks if not check.passed]
    rejected = any(check.severity == "critical" for check in failed)
    verdict = "accepted" if accepted else "rejected" if rejected else "warned" if failed else "passed"
    told = {"stage": stage, "run": run_id, "at": f"{moment:%Y-%m-%d %H:%M:%S} UTC", "verdict": verdict}
    _replace(target, "audit.html.j2", checks=checks, accepted=accepted, **told)
    failing = tuple(check.name for check in failed)
    run = AuditedRun(**told, page=target.name, checks=len(checks), failed=len(failed), failing=failing)
    add_run(target.parent, run)
    _renew_indexes(target.parent, folder)
    return target


def page_path(stage: str, run_id: str, folder: Path) -> Path:
    """Where the page of a run lies."""
    return folder / _file_name(stage) / f"{_file_name(run_id)}.html"


def _renew_indexes(place: Path, folder: Path) -> None:
    newest = list[tuple[str, AuditedRun]]()
    for history in sorted(folder.glob(f"*/{HISTORY}")):
        runs, index = runs_of(history.read_text(encoding="utf-8")), history.with_name("index.html")
        if not runs:  # a power cut left its first line unfinished
            continue
        if history.parent == place or not index.exists():  # pages go when rows are taken back, and histories stay
            _replace(index, "runs.html.j2", stage=runs[-1].stage, runs=runs[::-1])
        newest.append((history.parent.name, runs[-1]))
    _replace(folder / "index.html", "stages.html.j2", stages=newest)


def _file_name(text: str) -> str:
    """The text with everything that is not a letter, a digit, a dot, a dash or an underscore turned into a dash."""
    return re.sub(r"[^\w.-]", "-", text).lstrip(".") or "-"


def _replace(target: Path, template: str, **values: Any) -> None:
    """Writes a page beside its place and moves it there, so that nobody reads half of one."""
    partial = target.with_suffix(".part")
    partial.write_text(_template(template).render(style=_style(), **values), encoding="utf-8")
    partial.replace(target)


@cache
def _style() -> str:
    return (TEMPLATES / "audit.css").read_text(encoding="utf-8")


@cache
def _template(name: str) -> Template:
    """A page template whose values are escaped and whose missing values raise."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template(name)
