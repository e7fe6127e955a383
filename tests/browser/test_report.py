"""The report in a browser: the funnel is there, hostile text runs nothing, and the page keeps to a narrow screen's width."""

import re
import subprocess
from html import escape
from pathlib import Path

import pytest
from lakes import small_lake

from reports.page import visible, write_report


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(small_lake(tmp_path_factory.mktemp("browser")), None)


def printed(browser: str, profile: Path, *arguments: str) -> str:
    """What a headless browser with a profile of its own prints."""
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}"]
    told = subprocess.run([browser, *flags, *arguments], capture_output=True, text=True, timeout=300, check=True)
    return told.stdout


def test_the_page_shows_the_funnel_and_runs_nothing(chromium: str, report: Path, tmp_path: Path) -> None:
    dom = printed(chromium, tmp_path, "--dump-dom", report.as_uri())
    assert "<title>mixlake report</title>" in dom  # the hostile rows would have changed it
    shown = re.findall(r'<span class="name">([^<]+)</span><span class="count">([\d,]+)</span>', dom)
    assert dict(shown) == {
        "raw records": "13", "quarantined": "1", "rejected": "1", "duplicates": "1", "unique records": "10",
        "rated high": "3", "rated low": "6", "groups": "2", "distilled items": "1", "selected examples": "2",
    }  # fmt: skip
    assert "&lt;script&gt;" in dom
    assert "<script" not in dom
    assert '<img src="x"' not in dom
    assert visible("\u202e") in dom


def test_the_page_is_no_wider_than_a_narrow_screen(chromium: str, report: Path, tmp_path: Path) -> None:
    """The page stands in a frame of 400 px, because a browser window cannot be that narrow; the script is the frame's owner."""
    probe = tmp_path / "probe.html"
    frame = f'<iframe style="border: 0" width="400" height="900" srcdoc="{escape(report.read_text(encoding="utf-8"))}"></iframe>'
    script = "onload = () => { const page = document.querySelector('iframe').contentDocument.documentElement;"
    script += " document.title = page.scrollWidth + ' of ' + page.clientWidth + ', ' + page.querySelectorAll('.funnel li').length }"
    probe.write_text(f"<title></title><script>{script}</script>{frame}", encoding="utf-8")
    dom = printed(chromium, tmp_path / "profile", "--dump-dom", probe.as_uri())
    assert re.findall(r"<title>(.*?)</title>", dom)[0] == "400 of 400, 10"


def test_a_screenshot_is_taken_whole(chromium: str, report: Path, tmp_path: Path) -> None:
    picture = tmp_path / "report.png"
    printed(chromium, tmp_path / "profile", "--window-size=400,800", f"--screenshot={picture}", report.as_uri())
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 10_000  # an empty page is smaller
