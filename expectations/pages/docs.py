"""Great Expectations' own result pages (Data Docs), kept with their history and readable without a network.

Only the pages of the run at hand are rendered, and then the index: rebuilding the whole site would cost more with every
run. Great Expectations puts row values into its pages unescaped and loads scripts, styles and fonts from outside hosts;
values are escaped before it sees them, and what it loads is taken out again, with a content policy as a second lock.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResult
from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
from great_expectations.render.view.view import DefaultJinjaPageView

from expectations.pages.page import STYLE, file_name, template

FIRST_SECTION = '<div id="section-1"'  # before it: menus and filters that do nothing without scripts
DROPPED_WITH_CONTENT = {"script", "style", "iframe", "object", "noscript", "svg", "nav", "footer"}
BLOCKS = frozenset(["div", "span", "p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6"])
MARKS = frozenset(["strong", "em", "i", "b", "code", "pre"])
TABLES = frozenset(["ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td"])
VOID = {"br", "hr"}
KEPT_ATTRIBUTES = {"class", "id", "colspan", "rowspan"}
HEAD_CHARACTERS = 600


@dataclass(frozen=True)
class Sheet:
    """One batch's result."""

    batch: str
    result: ExpectationSuiteValidationResult


def add(stage: str, run_id: str, sheets: Sequence[Sheet], site: Path) -> Path:
    """The folder of this run's pages, one per batch, after the site's index has been renewed."""
    folder = site / file_name(stage) / file_name(run_id)
    folder.mkdir(parents=True, exist_ok=True)
    for sheet in sheets:
        (folder / f"{file_name(sheet.batch)}.html").write_text(_page(stage, run_id, sheet), encoding="utf-8")
    (site / "index.html").write_text(_index(site), encoding="utf-8")
    return folder


def _page(stage: str, run_id: str, sheet: Sheet) -> str:
    rendered: Any = ValidationResultsPageRenderer().render(_escaped(sheet))
    body = _Inert().clean(_view().render(rendered))
    return template("data_docs.html.j2").render(
        title=sheet.batch, stage=stage, run_id=run_id, passed=bool(sheet.result.success), body=body, style=STYLE
    )


@cache
def _view() -> DefaultJinjaPageView:
    """Its templates are compiled once a process."""
    return DefaultJinjaPageView()


def _escaped(sheet: Sheet) -> ExpectationSuiteValidationResult:
    """A copy of the result whose texts are HTML-escaped and whose numbers are plain Python numbers."""
    copy = deepcopy(sheet.result)
    for result in copy.results:
        result.result = _harmless(result.result)
        result.exception_info = _harmless(result.exception_info)
    return copy


def _harmless(value: Any) -> Any:
    if isinstance(value, str):
        return html.escape(value)
    if isinstance(value, Mapping):
        return {html.escape(str(name)): _harmless(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_harmless(entry) for entry in value]
    if hasattr(value, "item"):
        return value.item()
    return value if value is None or isinstance(value, bool | int | float) else html.escape(str(value))


class _Inert(HTMLParser):
    """Re-writes a page with text, headings and tables only: nothing that runs, loads or leads anywhere."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._written: list[str] = []
        self._open: list[str] = []
        self._skipped: list[str] = []

    def clean(self, page: str) -> str:
        """The page's sections as balanced, inert HTML."""
        self.feed(page[max(page.find(FIRST_SECTION), 0) :])
        self.close()
        self._written += [f"</{tag}>" for tag in reversed(self._open)]
        return re.sub(r"\s*\n\s*", "\n", "".join(self._written))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in DROPPED_WITH_CONTENT:
            self._skipped.append(tag)
        elif not self._skipped and tag in BLOCKS | MARKS | TABLES:
            kept = "".join(f' {name}="{html.escape(text or "")}"' for name, text in attrs if name in KEPT_ATTRIBUTES)
            self._written.append(f"<{tag}{kept}>")
            self._open += [] if tag in VOID else [tag]

    def handle_endtag(self, tag: str) -> None:
        if self._skipped:
            self._skipped = self._skipped[:-1] if tag == self._skipped[-1] else self._skipped
        elif tag in self._open:
            while (innermost := self._open.pop()) != tag:
                self._written.append(f"</{innermost}>")
            self._written.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self._written.append(html.escape(data))


def _index(site: Path) -> str:
    pages = sorted(site.glob("*/*/*.html"), key=_age)
    rows = [_row(path, site) for path in reversed(pages)]
    return template("data_docs_index.html.j2").render(rows=rows, style=STYLE)


def _age(page: Path) -> tuple[str, int, str]:
    return page.parent.parent.name, page.stat().st_mtime_ns, page.name


def _row(path: Path, site: Path) -> dict[str, str]:
    """What a page says of itself in its first lines, so that an index of many runs stays cheap."""
    with path.open(encoding="utf-8", errors="replace") as page:
        head = page.read(HEAD_CHARACTERS)
    said = dict(re.findall(r'<meta name="(stage|run|batch|verdict)" content="([^"]*)">', head))
    return {name: html.unescape(text) for name, text in said.items()} | {"href": path.relative_to(site).as_posix()}
