"""The adapter and its pages: verdicts, what could not be evaluated, history, hostile text, no network."""

from __future__ import annotations

import json
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
    from expectations.gate import audit
    from expectations.rules import Batch, between, filled, one_of, unique

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
    assert (kind.passed, kind.severity, kind.observed) == (False, "critical", "1 of 3 rows break it")
    assert [set(example.split(", ", 1)) for example in kind.examples] == [{"id: c", f"kind: {HOSTILE}"}]
    assert (size.passed, size.severity, size.allowed) == (False, "warning", "from 0 to 10")
    assert (nowhere.passed, nowhere.evaluated, nowhere.severity) == (False, False, "critical")
    assert nowhere.observed is not None and "nowhere" in nowhere.observed
    assert filled.passed and filled.evaluated
    assert [check.name for check in _audit(tmp_path).checks][:2] == ["id_unique", "kind_listed"]
    assert kind.sentence == "Every value of kind is one of: good."


def test_figures_are_told_in_words_and_what_is_no_number_or_cannot_be_measured_fails(tmp_path: Path) -> None:
    from expectations.gate import NOTHING_TO_MEASURE, audit
    from expectations.rules import at_least, at_most, figures, foreign, none

    nan, lost = float("nan"), lambda: 1 // 0
    rules = [at_most("a", lambda: nan, 1, "A."), at_least("b", lambda: nan, 0, "B."), at_most("c", lost, 1, "C.")]
    rules += [at_most("fine", lambda: 1, 1, "F."), none("n", lambda: 2, "None is odd."), foreign("k", lambda: 0, "K.")]
    rules += [none("idle", lambda: None, "There are no rows before.")]
    checks = audit("silver/groups", [figures(*rules)], "run-1", tmp_path).checks
    assert [check.passed for check in checks] == [False, False, False, True, False, True, True]
    assert [check.evaluated for check in checks] == [True, True, False, True, True, True, True]
    assert (checks[4].sentence, checks[4].observed, checks[4].allowed) == ("None is odd.", "2", "at most 0")
    assert "division" in str(checks[2].observed) and checks[6].observed == NOTHING_TO_MEASURE
    assert [check.expectation for check in checks[4:6]] == [
        "expect_no_such_rows",
        "expect_foreign_keys_to_lead_to_rows",
    ]


def test_a_suite_on_an_empty_table_passes_its_row_rules(tmp_path: Path) -> None:
    from expectations.gate import audit
    from expectations.rules import Batch, between, identified, one_of

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
    assert set(pages) == {"silver-groups/run-1.html", "silver-groups/index.html", "index.html"}
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


def test_hostile_text_stays_text_on_the_page(tmp_path: Path) -> None:
    _audit(tmp_path)
    assert HOSTILE in _pages(tmp_path)["silver-groups/run-1.html"].text


def test_the_audit_page_says_the_verdict(tmp_path: Path) -> None:
    good = pa.table({"id": ["a"], "kind": ["good"], "size": [1], "nowhere": ["x"]})
    weak = good.set_column(2, "size", [[99]])
    verdicts = [_Page(_page(_audit(tmp_path, frame))).text for frame in (good, weak, ROWS)]
    assert ["Passed." in verdicts[0], "Passed, with warnings." in verdicts[1], "Rejected" in verdicts[2]] == [True] * 3


def _page(audit: Audit) -> Path:
    return audit.page


def test_results_are_read_again_by_great_expectations_with_their_run_and_moment(tmp_path: Path) -> None:
    from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResultSchema

    audit = _audit(tmp_path)
    told = json.loads(audit.page.with_suffix(".results.json").read_text(encoding="utf-8"))
    (result,) = [ExpectationSuiteValidationResultSchema().load(one) for one in told]
    assert [one.success for one in result.results] == [check.passed for check in audit.checks]
    assert result.meta["run_id"] == {"run_name": "run-1", "run_time": audit.at.isoformat()}
    assert (result.suite_name, result.meta["stage"]) == ("silver/groups", "silver/groups")
    assert result.results[1].result["unexpected_count"] == 1 and result.statistics["successful_expectations"] == 2


def test_every_run_is_kept_and_listed_with_its_verdict_and_no_page_is_read_again(tmp_path: Path) -> None:
    good = pa.table({"id": ["a"], "kind": ["good"], "size": [1], "nowhere": ["x"]})
    first = _audit(tmp_path, good, "run-1")
    first.page.write_bytes(b"\xff no page any more")
    _audit(tmp_path, ROWS, "run-2")
    assert first.page.read_bytes() == b"\xff no page any more"
    index = (tmp_path / "silver-groups" / "index.html").read_text(encoding="utf-8")
    cells = re.findall(r"<td[^>]*>(?:<a[^>]*>)?([^<]+)", index)
    assert [cells[0], cells[2], cells[5], cells[7]] == ["run-2", "rejected", "run-1", "passed"]
    assert cells[6] == f"{first.at:%Y-%m-%d %H:%M:%S} UTC"
    stages = re.findall(r"<td[^>]*>(?:<a[^>]*>)?([^<]+)", (tmp_path / "index.html").read_text(encoding="utf-8"))
    assert [stages[0], stages[1], stages[3]] == ["silver/groups", "run-2", "rejected"]


@pytest.mark.parametrize("run_id", ["../../escape", "a/b", "..", "x y"])
def test_no_run_id_leads_out_of_the_folder(run_id: str, tmp_path: Path) -> None:
    _audit(tmp_path / "inside", run_id=run_id)
    assert [path.name for path in tmp_path.iterdir()] == ["inside"]


def test_nothing_is_sent_anywhere() -> None:
    import expectations.gate

    assert expectations.gate and os.environ["GX_ANALYTICS_ENABLED"] == "false"
