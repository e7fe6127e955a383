"""The report of a lake: one HTML page that needs no network and shows every text as text.

The one script that it runs is its own, named by its hash in the page's policy: it filters and sorts long tables.
"""

import base64
import hashlib
import os
import secrets
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lake.books.changes import last_changes
from lake.books.ledger import ledger
from lake.errors import UserError
from lake.harness.terminal import visible
from lake.settings import full_path, local_path
from lake.storage.artifacts import bring_files, keep
from lake.storage.store import Lake
from reports import sections
from reports.audits import audited_scores
from reports.decontamination import decontamination
from reports.exported import writing
from reports.figures import evaluation_rows, headline, measured_before, smoke_test
from reports.funnel import pairs, steps
from reports.gate_history import gate_histories
from reports.judges import judges, meaning
from reports.plots import chart, encoded
from reports.release_pages import REPORTS, keep_page, newest_release, other_pages
from reports.sources_and_costs import costs, near_duplicates, source_cards
from reports.support import Marked, Piece
from reports.view import View

_TEMPLATES = Path(__file__).parent / "templates"
_COMPARED = [
    "control", "metric", "benchmarks", "difference", "low", "high", "chance", "items", "clusters", "seeds", "seeds_planned", "headline", "sentence",
]  # fmt: skip
_SHOWN = 700  # characters of an example text
_PICTURES = (
    "bronze/instructions", "silver/instructions", "silver/unique_instructions", "silver/quality", "lengths", "silver/groups", "gold/mixture",
    "models/distiller_sft", "models/distiller_grpo", "gold/heldout_answers", "models/champion", "gold/distilled",
    "facts", "facts_per_words", "rewards", "cheats", "gold/training_set", "scores", "sources", "languages", "reports/evaluation",
)  # fmt: skip


def write_report(lake: Lake, out: Path | None) -> Path:
    """The path of the page, by default reports/report.html beside the lake's tables; a reader never sees half of it. Raises UserError where a folder
    or a device lies."""
    path = full_path(str(out)) if out else local_path(lake.root) / REPORTS / "report.html"
    if path.exists() and not path.is_file():  # a device, too, would be replaced
        raise UserError(f"--out {out} is no file: name the page, such as report.html")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    page = html(lake, path.parent)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with writing(path):
        try:
            partial.write_text(page, encoding="utf-8")
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    if out is None:
        keep(lake, f"{REPORTS}/report.html")
        keep_page(lake, path)
    return path


def html(lake: Lake, folder: Path) -> str:
    """The page as it is to lie in `folder`: its links to audit pages are relative to that."""
    view = View(lake)
    bring_files(lake, "audits/index.html")
    audits = os.path.relpath(local_path(lake.root) / "audits", folder)
    history = (local_path(lake.root) / "audits" / "index.html").exists()
    tables = sections.made(view)
    evaluated = view.sample(
        "reports/evaluation", ["arm", "seed", "benchmark", "metric", "value", "items", "chance", "base"]
    )
    compared = view.sample("reports/evaluation_comparisons", _COMPARED)
    told, release = ledger(lake), newest_release(view)
    return _template().render(
        style=(_TEMPLATES / "report.css").read_text(encoding="utf-8"), script=_script(), script_source=script_source(),
        release=release, others=other_pages(lake, folder, release),
        sources=source_cards(view, told), copies=near_duplicates(view), costs=costs(view), found=decontamination(view),
        personal=sections.personal(view),
        tables=tables, as_of=max((made.published for made in tables), default=None), missing=sections.missing(view),
        since=last_changes(lake), has=view.has, steps=list(steps(view)), books=sections.books(told), pictures=_pictures(view),
        judges=judges(view), groups=sections.groups(view), alone=sections.losses(view, "silver/singletons"),
        mixture=sections.mixture_items(view), pairs=pairs(view, 6), rejections=sections.rejections(view), changes=sections.changes(view),
        sft=_only(view, "models/distiller_sft", "steps", "train_rows", "loss", "format_rate"),
        grpo=_only(view, "models/distiller_grpo", "steps", "train_rows", "reward", "reward_before", "kl", "frac_reward_zero_std", "weight_change"),
        champion=next(reversed(view.decisions()), None), audited=audited_scores(view),
        evaluation=evaluation_rows(evaluated), smoke_test=smoke_test(evaluated), older=measured_before(view.lake), headline=headline(compared), comparisons=compared,
        gates=sections.gates(view), histories=gate_histories(view), audits=quote(audits), history=history,
    )  # fmt: skip


def script_source() -> str:
    """The page's one script as a policy names it: by what a browser compares with the text between its tags."""
    digest = hashlib.sha256(f"\n{_script()}\n".encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


@cache
def _script() -> str:
    return (_TEMPLATES / "report.js").read_text(encoding="utf-8")


def _pictures(view: View) -> dict[str, tuple[str, str]]:
    """Title and PNG in base64 of every chart that has something to show."""
    charts = {name: chart(name, view) for name in _PICTURES}
    return {name: (found.title, encoded(found)) for name, found in charts.items() if found}


def _only(view: View, key: str, *columns: str) -> dict[str, Any] | None:
    """The one row of a table of one row."""
    return next(iter(view.sample(key, list(columns), limit=1)), None)


def shortened(text: str) -> str:
    """The text, or its beginning with a note of how much is left out."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN].rstrip()} … ({len(text) - _SHOWN:,} more characters)"


def marked(text: Marked) -> list[Piece]:
    """The pieces of a text that is shown with its marks; shortened like the others, with the same note."""
    pieces = text.pieces(_SHOWN)
    left_out = len(text.text) - _SHOWN
    return [*pieces, Piece(f" … ({left_out:,} more characters)", False, ())] if left_out > 0 else pieces


def spoken(name: str) -> str:
    """A name of the code as words."""
    return name.replace("_", " ")


def _as_text(value: object) -> object:
    """What every value on the page goes through before it is escaped; markup of the templates stays as it is."""
    return visible(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


@cache
def _template() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, finalize=_as_text,
    )  # fmt: skip
    filters: dict[str, Any] = {
        "n": "{:,}".format,
        "shortened": shortened,
        "marked": marked,
        "words": spoken,
        "meaning": meaning,
    }
    environment.filters.update(filters)
    return environment.get_template("report.html.j2")
