"""The report: its numbers are the ledger's, every text stays text, it asks for nothing outside, and it says what has not run."""

import base64
import hashlib
import re
from html import escape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from lakes import HOSTILE, MOMENT, ROWS, publish, rec, small_lake

from lake.books.ledger import ledger
from lake.harness.terminal import visible
from lake.stages import STAGES
from lake.storage.attempts import record_attempt
from lake.storage.report import Acceptance, CheckReport, StageReport
from lake.storage.store import Lake
from reports.figures import SMOKE_TEST, smoke_test
from reports.page import html, shortened, write_report


class Page(HTMLParser):
    """Tags with their attributes, and the text of a page with its tables as rows of cells."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.rows and self.rows[-1] and self.lasttag in ("td", "th", "a", "br", "code"):
            self.rows[-1][-1] += data.strip()

    def row(self, *first: str) -> list[str]:
        """The one row that starts with these cells."""
        (found,) = [row for row in self.rows if row[: len(first)] == list(first)]
        return found


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return small_lake(tmp_path_factory.mktemp("full"))


@pytest.fixture(scope="module")
def page(full: Lake) -> Page:
    return Page(html(full, Path(full.root) / "reports"))


def test_the_ledger_of_the_page_is_the_ledger(full: Lake, page: Page) -> None:
    books = ledger(full)
    assert books.balanced
    header = page.row("source", "raw")
    for source in books.sources:
        shown = dict(zip(header, page.row(source.source), strict=True))
        assert shown.pop("source") == source.source
        assert shown.pop("raw") == str(source.raw)
        counts = {name.replace("_", " "): str(n) for name, n in source.outcomes.items() if n}
        assert {name: n for name, n in shown.items() if n} == counts
    assert page.row("all")[1] == str(sum(source.raw for source in books.sources))


def test_the_page_begins_with_what_changed_since_the_last_release(full: Lake, tmp_path: Path) -> None:
    assert "Since the last release" not in html(full, tmp_path)
    lake = small_lake(tmp_path / "lake")
    (example, other) = ROWS["gold/training_set"]
    publish(lake, "releases/current", [], run_id="first")
    publish(lake, "gold/training_set", [{**example, "sources": [HOSTILE]}], run_id="changed")
    publish(lake, "releases/current", [], run_id="second")
    page = html(lake, tmp_path)
    assert page.index("Since the last release") < page.index("<h2>Funnel</h2>")
    assert "0 examples came, 1 went, 0 changed and 1 stayed" in page
    assert HOSTILE not in page
    assert Page(page).row(other["sources"][0], "0", "1", "0", "0")


def test_a_before_and_after_marks_what_supports_each_statement(full: Lake, tmp_path: Path) -> None:
    marks = re.findall(r"<mark>(.*?)</mark><sup>(\d+)</sup>", html(full, tmp_path), re.DOTALL)
    assert len(marks) == 2 and marks[1] == ("simmer for fifteen minutes with the lid on", "1")
    assert marks[0][1] == "1"


def test_marks_around_hostile_text_keep_it_text(tmp_path: Path) -> None:
    lake = small_lake(tmp_path)
    (item,) = ROWS["gold/distilled"]
    answer = f"Rinse it. {HOSTILE}"
    evidence = [{**item["evidence"][0], "statement": HOSTILE}]
    publish(lake, "gold/distilled", [{**item, "answer": answer, "evidence": evidence}], run_id="hostile")
    written = html(lake, tmp_path)
    assert f"<mark>{escape(visible(HOSTILE))}</mark>" in written.replace("&#39;", "&#x27;").replace("&#34;", "&quot;")
    assert HOSTILE not in written


def test_an_evaluation_from_scratch_is_called_a_smoke_test(page: Page) -> None:
    assert SMOKE_TEST in page.text
    assert "Against random: it is better in loss, -0.50." in page.text
    assert page.row("none", "mixture nll")[:4] == ["none", "mixture nll", "mixture", "not compared"]
    assert smoke_test([{"base": "SmolLM2-135M-Instruct"}, {"base": None}]) is None


def test_the_audit_of_each_score_is_a_table(page: Page) -> None:
    header = page.row("made worse by")
    assert header == [
        "made worse by",
        "reward of GRPO: pairs",
        "below",
        "95 %",
        "promotion score: pairs",
        "below",
        "95 %",
    ]
    assert page.row("figure", "25") == ["figure", "25", "100.0%", "86.7% to 100.0%", "60", "90.0%", "79.9% to 95.3%"]
    assert page.row("empty shell") == ["empty shell", "", "40", "100.0%", "91.2% to 100.0%"]


def test_reasons_are_listed_with_their_counts(page: Page) -> None:
    assert page.row("blocked", "quality floor") == ["blocked", "quality floor", "3"]
    assert page.row("mixture unused", "over limit") == ["mixture unused", "over limit", "1"]


def test_a_lost_row_is_told(tmp_path: Path) -> None:
    lake = small_lake(tmp_path)
    exits = ROWS["gold/training_set_exits"][1:]
    sides = {"gold/training_set_exits": exits}
    publish(lake, "gold/training_set", ROWS["gold/training_set"], sides, run_id="short")
    text = Page(html(lake, tmp_path)).text
    assert "The books do not balance: 1 of 18 raw rows" in text


def test_no_text_of_a_row_becomes_markup(full: Lake, page: Page) -> None:
    tags = [name for name, _ in page.tags]
    assert tags.count("script") == 1, "its own"
    assert not [attributes for _, attributes in page.tags if any(name.startswith("on") for name in attributes)]
    assert page.text.count(visible(HOSTILE)) >= 3  # a member, two titles of MIXTURE items, a refused text
    assert "\u202e" not in html(full, Path(full.root))


def test_benchmarks_are_told_pair_by_pair_with_the_words_that_are_shared(page: Page) -> None:
    assert page.row("quiz", "1") == ["quiz", "1", "1", "14", "1"]
    (released, blocked) = (row for row in page.rows if row[0].startswith("rec_"))
    assert released[0] == rec("bread") and released[3:6] == ["14", "40%", "1"]
    assert released[6] == visible(f"why let the dough rise until it is twice as large as before {HOSTILE}")
    assert blocked[1].startswith("quiz") and blocked[3:] == [
        "8",
        "100%",
        "2",
        "what is the boiling point of water then",
    ]
    assert "Blocked for personal data: 1 not named." in page.text


def test_each_source_has_a_card(page: Page) -> None:
    assert "pantry: instructions, CC-BY-4.0, " in page.text
    assert page.row("file:pantry.jsonl")[1:] == ["100", hashlib.sha256(b"pantry.jsonl").hexdigest()]


def test_what_cleaning_changed_is_told_with_a_sample(page: Page) -> None:
    records = len(ROWS["silver/instructions"]) + len(ROWS["silver/instructions_rejected"])
    assert f"Cleaning changed 2 of {records} records ({200 / records:.1f} %): 1 markup, 1 white space." in page.text
    assert page.text.count(visible(f"<p>{HOSTILE}</p>")) == 1
    assert "paint" not in page.text.split("A sample of changes")[1].split("Groups of similar")[0]


def test_nothing_is_fetched_and_no_script_but_its_own_may_run(full: Lake, page: Page) -> None:
    sources = [attributes["src"] or "" for _, attributes in page.tags if "src" in attributes]
    links = [attributes["href"] or "" for _, attributes in page.tags if "href" in attributes]
    assert sources and all(source.startswith("data:image/png;base64,") for source in sources)
    assert links and not [link for link in links if "//" in link or ":" in link]
    assert not {"link", "iframe", "object", "base"} & {name for name, _ in page.tags}
    policy = next(attributes for name, attributes in page.tags if attributes.get("http-equiv"))
    script = re.findall(r"<script>(.*?)</script>", html(full, Path(full.root)), re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script[0].encode()).digest()).decode()
    assert policy["content"] == (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    )


def test_every_stage_links_to_its_audit_page(page: Page) -> None:
    links = {attributes.get("href") for name, attributes in page.tags if name == "a"}
    run = {key for key in STAGES if key not in ("releases/current", "upkeep/removals")}
    names = {key.replace("/", "-") for key in run}
    assert {f"../audits/{name}/run-{name}.html" for name in names} <= links
    verdicts = {row[0]: row[1] for row in page.rows if len(row) > 1 and row[1] in ("passed", "warned", "rejected")}
    assert verdicts == dict.fromkeys(run, "passed") | {"silver/quality": "warned"}


def test_links_are_relative_to_where_the_page_lies(full: Lake, tmp_path: Path) -> None:
    path = write_report(full, tmp_path / "elsewhere" / "page.html")
    links = [attributes["href"] or "" for name, attributes in Page(path.read_text()).tags if name == "a"]
    audit = next(link for link in links if "silver-groups" in link)
    expected = Path(full.root) / "audits" / "silver-groups" / "run-silver-groups.html"
    assert (path.parent / audit).resolve() == expected.resolve()


def test_members_stand_beside_the_item_they_became(page: Page) -> None:
    assert "3 members from pantry, workshop" in page.text
    assert "simmer for fifteen minutes" in page.text
    assert "covers 0.20 of its members" in page.text
    assert "The extractive rules serve." in page.text


def test_a_rejected_attempt_is_told_beside_the_table_that_stays(tmp_path: Path) -> None:
    lake = small_lake(tmp_path, last="silver/instructions")
    check = CheckReport(batch="silver/instructions", expectation="unique", passed=False, observed="2 twice")
    told = StageReport(stage="silver/instructions", status="rejected", run_id="bad", checks=(check,))
    record_attempt(lake, told)
    page = Page(html(lake, tmp_path))
    (gate, versions) = [row for row in page.rows if row[:1] == ["silver/instructions"]]
    assert gate[1] == "rejected"
    assert "2 twice" in gate[-1]
    assert versions[1:3] == ["0", "11"]
    acceptance = Acceptance(reason="they are known", at=MOMENT, failed=("A.",))
    publish(lake, told.stage, ROWS[told.stage], run_id="bad", accepted=(acceptance,))
    record_attempt(lake, told.model_copy(update={"status": "published", "accepted": acceptance}))
    (gate, _) = [row for row in Page(html(lake, tmp_path)).rows if row[:1] == ["silver/instructions"]]
    assert gate[1] == "accepted" and "they are known" in gate[-1]


@pytest.mark.parametrize("last", ["bronze/instructions", "silver/quality", "gold/mixture", "models/champion"])
def test_a_page_of_a_lake_half_way_says_what_has_not_run(tmp_path: Path, last: str) -> None:
    page = Page(html(small_lake(tmp_path, last=last), tmp_path))
    keys = list(STAGES)
    waiting = keys[keys.index(last) + 1 :]
    notice = page.text.split("Not run yet: ")[1].split(".")[0]
    assert [key.strip() for key in notice.split(",")] == waiting
    assert "Not run yet: mixlake run reports/evaluation" in page.text


def test_an_empty_lake_has_a_page_too(tmp_path: Path) -> None:
    path = write_report(Lake(str(tmp_path)), None)
    assert path == tmp_path / "reports" / "report.html"
    assert "without published tables" in path.read_text()


def test_the_same_tables_give_the_same_page(full: Lake) -> None:
    folder = Path(full.root) / "reports"
    assert html(full, folder) == html(full, folder)


def test_the_page_replaces_the_one_before_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "report.html").write_text("old")
    path = write_report(Lake(str(tmp_path)), None)
    assert path.read_text().startswith("<!DOCTYPE html>")
    assert list(path.parent.iterdir()) == [path]


def test_a_long_text_says_how_much_is_left_out() -> None:
    told = shortened("x" * 1_000)
    left = int(re.findall(r"\((\d+) more", told)[0])
    assert told.count("x") + left == 1_000
    assert shortened("short") == "short"


def test_a_page_that_was_made_on_another_machine_stays_once_the_lake_has_gone_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = small_lake(tmp_path / "lake")
    file = {"release": "mixlake", "path": "x", "sha256": "0", "size": 1, "rows": 0}
    publish(lake, "releases/current", [file], run_id="first")
    publish(lake, "gold/training_set", ROWS["gold/training_set"], run_id="changed")
    monkeypatch.setattr(
        "reports.release_pages.bring_files", lambda lake, name: Path(lake.root, name).write_text("made elsewhere")
    )
    write_report(lake, None)
    assert (tmp_path / "lake" / "reports" / "mixlake@0.html").read_text() == "made elsewhere"


def test_each_release_keeps_the_page_that_was_made_while_it_was_the_newest(tmp_path: Path) -> None:
    lake = small_lake(tmp_path / "lake")
    pages = tmp_path / "lake" / "reports"
    file = {"release": "mixlake", "path": "x", "sha256": "0", "size": 1, "rows": 0}
    publish(lake, "releases/current", [file], run_id="first")
    write_report(lake, None)
    first = (pages / "mixlake@0.html").read_text()
    assert "The newest release is mixlake@0 of 2024-05-17 09:30:00 UTC." in first and "Pages of others" not in first
    publish(lake, "gold/training_set", ROWS["gold/training_set"], run_id="changed")
    assert "mixlake@0 of 2024-05-17 09:30:00 UTC; the lake has gone on since." in write_report(lake, None).read_text()
    assert (pages / "mixlake@0.html").read_text() == first
    publish(lake, "releases/current", [file], run_id="second")
    newest = write_report(lake, None).read_text()
    assert (pages / "mixlake@1.html").read_text() == newest
    assert '<a href="mixlake%400.html">mixlake@0</a>' in newest
    assert (pages / "mixlake@0.html").read_text() == first
