"""The history of the gates in the report: what the lines of each stage's history say, and no page is read for it."""

import json
import re
from html import escape
from pathlib import Path
from typing import Any

import pytest
from lakes import HOSTILE, MOMENT, small_lake

from expectations.pages.page import write
from lake.storage.audit_history import AuditedRun, add_run
from lake.storage.store import Lake
from reports.gate_history import RUNS
from reports.page import html

STAGE = "silver/groups"


def line(number: int, verdict: str = "passed", **other: Any) -> dict[str, Any]:
    told = {"stage": STAGE, "run": f"run-{number}", "at": f"2024-05-{number:02} 09:30:00 UTC", "verdict": verdict}
    return {**told, "page": f"run-{number}.html", "checks": 30, "failed": 0, **other}


def with_history(root: Path, lines: list[dict[str, Any]], ends: str = "") -> Lake:
    """A small lake in which groups have this history; `ends` is what a power cut left behind it."""
    lake = small_lake(root, last=STAGE)
    place = root / "audits" / "silver-groups" / "history.jsonl"
    place.write_text("".join(f"{json.dumps(one)}\n" for one in lines) + ends, encoding="utf-8")
    return lake


def section(lake: Lake) -> str:
    return html(lake, Path(lake.root)).split('id="gate-history"')[1].split("</section>")[0]


def rows(page: str) -> list[list[str]]:
    """The cells of each run, as text."""
    found = re.findall(r"<tr>(<td>.*?)</tr>", page)
    return [[re.sub("<.*?>", "", cell) for cell in re.findall(r"<td.*?>(.*?)</td>", row)] for row in found]


def test_each_run_is_told_with_what_did_not_pass_the_newest_first(tmp_path: Path) -> None:
    lines = [
        line(1),  # as it was written before the names of checks were kept
        line(2, "rejected", failed=2, failing=["id_unique", "cohesion_between"]),
        line(2, "accepted", failed=2, failing=["id_unique", "cohesion_between"]),
        line(3, "warned", failed=1, failing=["volume"], page=""),
    ]
    told = section(with_history(tmp_path, lines, ends='{"stage": "silver/gr'))
    assert rows(told) == [
        ["2024-05-03 09:30:00 UTC", "warned", "30", "1", "volume"],
        ["2024-05-02 09:30:00 UTC", "accepted", "30", "2", "id unique, cohesion between"],
        ["2024-05-01 09:30:00 UTC", "passed", "30", "0", ""],
    ]
    assert re.findall(r'href="(.*?)"', told) == [f"audits/silver-groups/run-{number}.html" for number in (2, 1)]
    assert 'role="img" aria-label="3 runs: 1 passed, 1 accepted, 1 warned"' in told
    signs = re.findall(r'class="sign (\w+)" title="([^"]+)">(.)<', told)
    assert [sign for _, _, sign in signs] == ["✓", "○", "!"]
    assert signs[1][1] == "2024-05-02 09:30:00 UTC: accepted, 2 of 30 checks not passed"


def test_a_run_behind_an_unfinished_line_is_told(tmp_path: Path) -> None:
    lake = with_history(tmp_path, [line(1)], ends='{"stage": "silver/gr')
    add_run(tmp_path / "audits" / "silver-groups", AuditedRun.model_validate(line(2)))
    assert [at for at, *_ in rows(section(lake))] == ["2024-05-02 09:30:00 UTC", "2024-05-01 09:30:00 UTC"]


def test_a_stage_whose_first_line_was_never_finished_stops_no_other_gate(tmp_path: Path) -> None:
    for stage, content in (("silver-groups", '{"stage": "silver/gr'), ("silver-quality", "")):
        (tmp_path / stage).mkdir()
        (tmp_path / stage / "history.jsonl").write_text(content, encoding="utf-8")
    page = write("silver/quality", "run-1", MOMENT, [], tmp_path)
    assert page.exists() and "silver/quality" in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_of_many_runs_the_newest_are_shown_and_their_number_is_told(tmp_path: Path) -> None:
    told = section(with_history(tmp_path, [line(number) for number in range(1, RUNS + 6)]))
    assert len(rows(told)) == RUNS and f"run-{RUNS + 5}.html" in told and "run-5.html" not in told
    assert f"The newest {RUNS} of {RUNS + 5} audited runs." in told


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    told = section(with_history(tmp_path, [line(1, "warned", failed=1, failing=[HOSTILE], page=f"{HOSTILE}.html")]))
    assert HOSTILE not in told and escape("<script>") in told


@pytest.mark.parametrize("last", [None, STAGE])
def test_without_a_history_there_is_no_section(tmp_path: Path, last: str | None) -> None:
    lake = small_lake(tmp_path, last=last) if last else Lake(str(tmp_path))
    assert 'id="gate-history"' not in html(lake, tmp_path)
