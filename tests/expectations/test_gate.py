"""The adapter and its pages: verdicts, what could not be evaluated, history, hostile text, no network."""

from __future__ import annotations

import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.dataset as ds
import pytest

if TYPE_CHECKING:
    from expectations.gate import Audit

HOSTILE = "<script>alert('x')</script><img src=https://example.invalid/a.png onerror=alert(1)>&lt;b&gt;$name"
ROWS = pa.table({"id": ["a", "b", "c"], "kind": ["good", "good", HOSTILE], "size": [1, 2, 30], "text": ["x"] * 3})


def _audit(folder: Path, rows: pa.Table = ROWS, run_id: str = "run-1") -> Audit:
    from expectations.gate import Batch, audit
    from expectations.rules import between, filled, one_of, unique

    rules = [
        unique("id"),
        one_of("kind", ["good"]),
        between("size", 0, 10, warning=True),
        filled("nowhere"),
        filled("kind"),
    ]
    return audit("silver/groups", [Batch("silver/groups", ds.dataset(rows), rules, key="id")], run_id, folder)


def test_each_check_is_reported_in_the_order_of_the_suite(tmp_path: Path) -> None:
    unique, kind, size, nowhere, filled = _audit(tmp_path).checks
    assert (unique.expectation, unique.column, unique.passed) == ("expect_column_values_to_be_unique", "id", True)
    assert (kind.passed, kind.severity, kind.observed) == (False, "critical", "1 of 3 rows unexpected")
    assert [set(example.split(", ", 1)) for example in kind.examples] == [{"id: c", f"kind: {HOSTILE}"}]
    assert (size.passed, size.severity, size.allowed) == (False, "warning", "min_value 0, max_value 10")
    assert (nowhere.passed, nowhere.evaluated, nowhere.severity) == (False, False, "critical")
    assert nowhere.observed is not None and "nowhere" in nowhere.observed
    assert filled.passed and filled.evaluated


def test_a_metric_that_is_not_a_number_fails(tmp_path: Path) -> None:
    from expectations.gate import audit
    from expectations.rules import at_least, at_most, metrics

    batch = metrics(at_most("above", float("nan"), 1), at_least("below", float("nan"), 0), at_most("fine", 1, 1))
    assert [check.passed for check in audit("silver/groups", [batch], "run-1", tmp_path).checks] == [False, False, True]


def test_a_suite_on_an_empty_table_passes_its_row_rules(tmp_path: Path) -> None:
    from expectations.gate import Batch, audit
    from expectations.rules import between, identified, one_of

    rules = [*identified("id", "rec"), between("size", 1, 2), one_of("kind", ["good"])]
    empty = pa.table(
        {name: pa.array([], kind) for name, kind in (("id", pa.string()), ("size", pa.int64()), ("kind", pa.string()))}
    )
    checks = audit(
        "silver/groups", [Batch("silver/groups", ds.dataset(empty), rules, key="id")], "run-1", tmp_path
    ).checks
    assert [check for check in checks if not check.passed] == []


class _Page(HTMLParser):
    """What a browser would run, load or follow."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.active: list[str] = []
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]
        self.active += [name for name, _ in attrs if name.startswith("on") or name == "style"]

    def handle_data(self, data: str) -> None:
        self.text += data


def _pages(folder: Path) -> dict[str, _Page]:
    return {path.relative_to(folder).as_posix(): _Page(path) for path in folder.rglob("*.html")}


def test_pages_load_nothing_run_nothing_and_every_link_leads_to_a_file(tmp_path: Path) -> None:
    _audit(tmp_path)
    pages = _pages(tmp_path)
    assert set(pages) == {
        "silver-groups/run-1.html",
        "data_docs/index.html",
        "data_docs/silver-groups/run-1/silver-groups.html",
    }
    for name, page in pages.items():
        assert not {"script", "link", "img", "iframe", "object", "form"} & set(page.tags), name
        assert page.active == [], name
        for link in page.links:
            assert ":" not in link and not link.startswith("/")
            assert (tmp_path / name).parent.joinpath(link).resolve().is_file(), (name, link)


def test_no_page_names_an_outside_address(tmp_path: Path) -> None:
    plain = ROWS.set_column(1, "kind", [["good", "good", "bad"]])
    _audit(tmp_path, plain)
    for path in tmp_path.rglob("*.html"):
        assert re.findall(r"(?:https?:)?//[a-z]\S*", path.read_text(encoding="utf-8")) == [], path.name


def test_hostile_text_stays_text_on_both_pages(tmp_path: Path) -> None:
    _audit(tmp_path)
    pages = _pages(tmp_path)
    assert HOSTILE in pages["silver-groups/run-1.html"].text
    assert "<script>alert('x')</script>" in pages["data_docs/silver-groups/run-1/silver-groups.html"].text


def test_the_audit_page_says_the_verdict(tmp_path: Path) -> None:
    good = pa.table({"id": ["a"], "kind": ["good"], "size": [1], "nowhere": ["x"]})
    weak = good.set_column(2, "size", [[99]])
    verdicts = [_Page(_page(_audit(tmp_path, frame))).text for frame in (good, weak, ROWS)]
    assert ["Passed." in verdicts[0], "Passed, with warnings." in verdicts[1], "Rejected" in verdicts[2]] == [True] * 3


def _page(audit: Audit) -> Path:
    assert audit.page is not None
    return audit.page


def test_data_docs_keep_every_run_and_the_index_lists_their_verdicts(tmp_path: Path) -> None:
    good = pa.table({"id": ["a"], "kind": ["good"], "size": [1], "nowhere": ["x"]})
    _audit(tmp_path, good, "run-1")
    before = (tmp_path / "data_docs/silver-groups/run-1/silver-groups.html").read_bytes()
    _audit(tmp_path, ROWS, "run-2")
    assert (tmp_path / "data_docs/silver-groups/run-1/silver-groups.html").read_bytes() == before
    index = (tmp_path / "data_docs" / "index.html").read_text(encoding="utf-8")
    cells = re.findall(r"<td[^>]*>([^<]+)</td>", index)
    assert cells == ["silver/groups", "run-2", "failed", "silver/groups", "run-1", "passed"]


@pytest.mark.parametrize("run_id", ["../../escape", "a/b", "..", "x y"])
def test_no_run_id_leads_out_of_the_folder(run_id: str, tmp_path: Path) -> None:
    _audit(tmp_path / "inside", run_id=run_id)
    assert [path.name for path in tmp_path.iterdir()] == ["inside"]


def test_nothing_is_sent_anywhere() -> None:
    import expectations.gate

    assert expectations.gate and os.environ["GX_ANALYTICS_ENABLED"] == "false"
