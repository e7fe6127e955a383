"""The audit page of one run of one stage: one self-contained HTML file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from lake.storage.report import CheckReport

FOLDER = Path(__file__).parent / "templates"
STYLE = (FOLDER / "audit.css").read_text(encoding="utf-8")


def write(stage: str, run_id: str, checks: Sequence[CheckReport], site: Path, folder: Path) -> Path:
    """The path of the page, `folder`/<stage with dashes>/<run id>.html; `site` holds the run's Data Docs pages."""
    target = folder / file_name(stage) / f"{file_name(run_id)}.html"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(
        template("audit.html.j2").render(
            stage=stage,
            run_id=run_id,
            checks=checks,
            rejected=any(check.severity == "critical" and not check.passed for check in checks),
            warned=any(check.severity == "warning" and not check.passed for check in checks),
            sheets=[(path.stem, path.relative_to(folder).as_posix()) for path in sorted(site.glob("*.html"))],
            style=STYLE,
        ),
        encoding="utf-8",
    )
    return target


def file_name(text: str) -> str:
    """The text with everything that is not a letter, a digit, a dot, a dash or an underscore turned into a dash."""
    return re.sub(r"[^\w.-]", "-", text).lstrip(".") or "-"


def template(name: str) -> Template:
    """A page template whose values are escaped and whose missing values raise."""
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
