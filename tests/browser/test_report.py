"""The report in a browser: the funnel is there, hostile text runs nothing, long tables can be filtered, and it can be read on a narrow
screen, in the dark and by the keyboard."""

import json
import re
import subprocess
from html import escape, unescape
from pathlib import Path

import pytest
from lakes import small_lake

from lake.harness.terminal import visible
from reports.page import write_report


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lake = small_lake(root := tmp_path_factory.mktemp("browser"))
    told = {"stage": "silver/groups", "at": "2024-05-17 09:30:00 UTC", "verdict": "warned", "page": "", "checks": 30}
    runs = [told | {"run": str(number), "failed": 2, "failing": ["volume", "cohesion_drop"]} for number in range(30)]
    history = root / "audits" / "silver-groups" / "history.jsonl"
    history.write_text("".join(f"{json.dumps(run)}\n" for run in runs), encoding="utf-8")
    return write_report(lake, None)


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
    assert dom.count("<script") == 1, "its own"
    assert '<img src="x"' not in dom
    assert visible("\u202e") in dom


IN_A_FRAME = """<title></title><iframe style="border: 0" width="400" height="900" srcdoc="{page}"></iframe><script>
onload = () => {{
  const page = document.querySelector("iframe").contentDocument;
  const told = [];
  {steps}
  document.title = JSON.stringify(told);
}};
</script>"""


def in_a_frame(chromium: str, report: Path, folder: Path, steps: str) -> list[object]:
    """What the steps put into `told`; they are the frame's owner's, `page` is the report's document."""
    probe = folder / "probe.html"
    page = escape(report.read_text(encoding="utf-8"))
    probe.write_text(IN_A_FRAME.format(page=page, steps=steps), encoding="utf-8")
    dom = printed(chromium, folder / "profile", "--dump-dom", probe.as_uri())
    return json.loads(unescape(re.findall(r"<title>(.*?)</title>", dom)[0]))


def test_a_long_table_is_filtered_and_sorted(chromium: str, report: Path, tmp_path: Path) -> None:
    steps = """
      const table = page.querySelector("#versions table");
      const rows = () => [...table.tBodies[0].rows].filter((row) => !row.hidden).map((row) => row.cells[0].textContent);
      const field = page.querySelector("#versions input");
      told.push(rows().length);
      field.value = "SILVER groups";
      field.dispatchEvent(new Event("input"));
      told.push(rows(), page.querySelector("#versions output").textContent);
      field.value = "";
      field.dispatchEvent(new Event("input"));
      const [name, , figure] = table.querySelectorAll("th button");
      name.click();
      told.push(rows()[0], table.querySelector("th").getAttribute("aria-sort"));
      figure.click(); figure.click();
      const counts = [...table.tBodies[0].rows].map((row) => Number(row.cells[2].textContent));
      told.push(counts.every((count, at) => !at || counts[at - 1] >= count), table.querySelectorAll("[aria-sort]").length);
      told.push(page.querySelector("#funnel input") === null);
    """
    all_, left, told, first, way, falling, heads, none = in_a_frame(chromium, report, tmp_path, steps)
    assert isinstance(all_, int) and all_ >= 20
    assert (left, told) == (["silver/groups"], f"1 of {all_}")
    assert (first, way, falling, heads, none) == ("bronze/instructions", "ascending", True, 1, True)


def test_whatever_is_reached_by_the_keyboard_has_a_name(chromium: str, report: Path, tmp_path: Path) -> None:
    steps = """
      const reached = [...page.querySelectorAll("a[href], button, input, summary, [tabindex]")];
      const named = (one) => (one.getAttribute("aria-label") || one.textContent).trim() !== "";
      told.push(reached.length, reached.filter((one) => !named(one)).length, page.querySelectorAll("img:not([alt])").length);
    """
    reached, nameless, pictures = in_a_frame(chromium, report, tmp_path, steps)
    assert isinstance(reached, int) and reached > 50
    assert (nameless, pictures) == (0, 0)


@pytest.mark.parametrize("flags", [[], ["--blink-settings=preferredColorScheme=0"]])
def test_no_text_is_near_the_colour_behind_it(chromium: str, report: Path, tmp_path: Path, flags: list[str]) -> None:
    """Every colour of text against page, card and tint has a contrast of 4.5 at least (WCAG AA), light and dark."""
    probe = tmp_path / "probe.html"
    css = re.findall(r"<style>(.*?)</style>", report.read_text(encoding="utf-8"), re.DOTALL)[0]
    script = """
      const style = getComputedStyle(document.documentElement);
      const light = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
        .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
        .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
      const low = [];
      for (const ink of ["ink", "soft", "good", "warn", "bad"])
        for (const under of ["page", "card"]) {
          const [one, other] = [ink, under].map((name) => light(style.getPropertyValue("--" + name).trim())).sort((a, b) => b - a);
          if ((one + 0.05) / (other + 0.05) < 4.5) low.push(ink + " on " + under);
        }
      document.title = JSON.stringify([matchMedia("(prefers-color-scheme: dark)").matches, low]);
    """
    probe.write_text(f"<title></title><style>{css}</style><script>{script}</script>", encoding="utf-8")
    dom = printed(chromium, tmp_path / "profile", *flags, "--dump-dom", probe.as_uri())
    dark, low = json.loads(unescape(re.findall(r"<title>(.*?)</title>", dom)[0]))
    assert (dark, low) == (bool(flags), [])


def test_the_page_is_no_wider_than_a_narrow_screen(chromium: str, report: Path, tmp_path: Path) -> None:
    """The page stands in a frame of 400 px, because a browser window cannot be that narrow; the script is the frame's owner."""
    steps = """
      for (const one of page.querySelectorAll("details")) one.open = true;
      const root = page.documentElement;
      told.push(root.scrollWidth, root.clientWidth, page.querySelectorAll(".funnel li").length, page.querySelectorAll(".strip .sign").length);
    """
    assert in_a_frame(chromium, report, tmp_path, steps) == [400, 400, 10, 20]


def test_a_screenshot_is_taken_whole(chromium: str, report: Path, tmp_path: Path) -> None:
    picture = tmp_path / "report.png"
    printed(chromium, tmp_path / "profile", "--window-size=400,800", f"--screenshot={picture}", report.as_uri())
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 10_000  # an empty page is smaller
