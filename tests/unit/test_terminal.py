"""What reaches a terminal, a pipe or a program: texts of anybody steer nothing, JSON is JSON, and a reader may leave."""

import json
import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pyarrow as pa
import pytest
from test_style import PACKAGES, ROOT

from lake.cli.main import main
from lake.cli.output import write_json, write_table
from lake.harness.terminal import PlainConsole, line, visible
from lake.storage.publication import now
from lake.storage.store import Lake
from lake.tables import TABLES

# the screen cleared, a title set, a link, a line written over, text hidden and turned round, a name that is an emoji, markup
HOSTILE = "\x1b[2J\x1b]0;owned\x07\x9b31m\rgone\x08\u202etxt\u200b :skull: [red]x[/red]"
STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202e]")


def test_what_steers_hides_or_reorders_is_spelled_out() -> None:
    assert visible("a\u202eb\u2066c\x00d\u200be\x1b[31m\x9b") == "a\\u202eb\\u2066c\\u0000d\\u200be\\u001b[31m\\u009b"
    assert visible("naïve\tline\nनी\u200dx 👍") == "naïve\tline\nनी\u200dx 👍"


def test_a_console_shows_text_as_it_is_whatever_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    written = StringIO()
    shown = PlainConsole(file=written, width=500, force_terminal=True, no_color=True)
    shown.print(HOSTILE)
    shown.print(line((HOSTILE, "bold"), HOSTILE))
    styles = re.compile(r"\x1b\[\d*m")  # its own
    assert styles.sub("", written.getvalue()) == f"{visible(HOSTILE)}\n" + visible(HOSTILE) * 2 + "\n"
    write_table(("name",), [(HOSTILE,)])
    assert visible(HOSTILE) in capsys.readouterr().out


def test_nothing_else_prints_for_people() -> None:
    rich = re.compile(r"from rich\.(console|text) import")
    found = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if rich.search(path.read_text(encoding="utf-8"))
    }
    assert found == {"lake/harness/terminal.py", "lake/harness/bars.py"}  # a bar shows numbers and names of ours


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_rows_of_anybody_steer_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("MIXLAKE_ROOT", str(tmp_path))
    row = {
        "uri": f"/{HOSTILE}",
        "path": HOSTILE,
        "source": "s",
        "kind": "instructions",
        "sha256": "0",
        "registered_at": now(),
    }
    Lake(str(tmp_path)).append("landing/files", pa.Table.from_pylist([row], schema=TABLES["landing/files"].schema), "t")
    with pytest.raises(SystemExit):
        main(["show", "landing/files", *arguments])
    out = capsys.readouterr().out
    assert not STEERS.search(out) and "\\u001b[2J" in out
    if arguments:
        assert json.loads(out)[0]["path"] == HOSTILE


def test_what_is_no_number_is_null_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    write_json({"loss": float("nan"), "best": [float("inf"), -float("inf")], "text": "NaN \udcff"})
    out = capsys.readouterr().out
    assert json.loads(out) == {"loss": None, "best": [None, None], "text": "NaN \udcff"}
    out.encode()


def run(stdout: int, *arguments: str) -> tuple[int, str]:
    """Exit code and standard error of a command that writes to a file descriptor."""
    command = [sys.executable, "-m", "lake.cli", *arguments]
    done = subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize("arguments", [("params", "silver/groups"), ("profiles", "--json")])
def test_a_reader_who_leaves_ends_a_command_without_a_word(arguments: tuple[str, ...]) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    try:
        assert run(writes, *arguments) == (0, "")
    finally:
        os.close(writes)


def test_output_that_is_closed_ends_a_command_without_a_word() -> None:
    command = f"{sys.executable} -m lake.cli profiles >&-"
    done = subprocess.run(["bash", "-c", command], stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("arguments", [("params", "silver/groups"), ("profiles", "--json")])
def test_a_full_disk_behind_standard_output_gets_a_sentence(arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        code, err = run(full.fileno(), *arguments)
    assert code == 1 and err.startswith("No space left on device: ") and err.count("\n") == 1
