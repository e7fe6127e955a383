"""What is written of the command line is what it is: the page of commands, what a shell completes, the schema of what `--json` prints."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer.main
from lakes import ROWS, publish, raw_id, small_lake
from released_files import released as files_of_a_release
from test_changes import released
from test_rejected import KEY, refuse

from lake.cli.commands import app
from lake.cli.main import guarded
from lake.settings import project_folder
from lake.storage.store import Lake

sys.path.insert(0, str(project_folder() / "scripts"))
import cli_docs

WRITTEN: dict[str, Any] = json.loads(cli_docs.SCHEMA.read_text(encoding="utf-8"))


def test_the_page_of_commands_is_what_typer_makes_of_them_today() -> None:
    assert cli_docs.PAGE.read_text(encoding="utf-8") == cli_docs.page(), "run `make docs`"


def test_the_schema_changes_only_where_somebody_writes_it_anew() -> None:
    assert cli_docs.SCHEMA.read_text(encoding="utf-8") == cli_docs.schema(), (
        "run `make docs`, and tell it in CHANGELOG.md"
    )


def test_every_command_that_prints_json_has_a_schema() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    printing = {name for name, command in commands.items() if any("--json" in param.opts for param in command.params)}
    assert printing == {name.split()[0] for name in WRITTEN["commands"]}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A small lake with two releases, a stage that its gate rejected, and a file to register."""
    root = tmp_path_factory.mktemp("documented")
    (root / "more.jsonl").write_text('{"instruction": "Why?", "output": "Because."}\n')
    lake = small_lake(root / "lake", last="reports/evaluation")
    released(lake, [dict(row) for row in ROWS["gold/training_set"]], [], "first")
    publish(lake, "releases/current", files_of_a_release(lake, root / "artifacts"), run_id="second")
    refuse(lake, most=99)
    return lake


SAID = {
    "champion": ("champion",),
    "diff": ("diff",),
    "doctor": ("doctor",),
    "explain": ("explain", raw_id("rice_time")),
    "ingest": ("ingest", "../more.jsonl", "--source", "notes"),
    "ledger": ("ledger",),
    "migrate": ("migrate",),
    "params": ("params", "silver/groups", "--profile", "demo"),
    "profiles": ("profiles",),
    "rejected": ("rejected",),
    "rejected STAGE": ("rejected", KEY, "--rows", "1"),
    "rejected STAGE --accept": ("rejected", KEY, "--accept", "they are right"),
    "release": ("release", "--out", "../out"),
    "run": ("run", "models/champion"),
    "run --dry-run": ("run", "--dry-run"),
    "search": ("search", "fluff it with a fork"),
    "show": ("show", "silver/groups"),
    "status": ("status",),
    "forget": ("forget", raw_id("bread"), "--reason", "asked for"),
    "withdraw": ("withdraw", "almanac", "--reason", "asked for"),
}


@pytest.mark.parametrize("name", SAID)
def test_what_a_command_prints_is_what_its_schema_says(
    lake: Lake, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIXLAKE_ROOT", lake.root)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.chdir(lake.root)
    command = typer.main.get_command(app)
    code = guarded(lambda: command.main([*SAID[name], "--json"], prog_name="mixlake", standalone_mode=False))
    told = capsys.readouterr()
    assert code in (0, 1) and told.out, told.err
    jsonschema.validate(json.loads(told.out), {**WRITTEN["commands"][name], "$defs": WRITTEN["$defs"]})


def completed(words: str) -> list[str]:
    asked = {"_MIXLAKE_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    done = subprocess.run([sys.executable, "-m", "lake.cli"], env=os.environ | asked, capture_output=True, text=True)
    return done.stdout.split()


def test_a_shell_completes_commands_options_stages_tables_and_profiles() -> None:
    assert set(completed("mixlake re")) == {"report", "release", "rejected"}
    assert "--json" in completed("mixlake status --")
    assert completed("mixlake run silver/g") == ["silver/groups"]
    assert completed("mixlake run --to models/d") == ["models/distiller_sft", "models/distiller_grpo"]
    assert completed("mixlake show landing/f") == ["landing/files"]
    assert completed("mixlake status --profile gp") == ["gpu", "gpu-embedded"]


def test_the_script_for_the_shell_it_is_typed_in_is_printed() -> None:
    command = f"{sys.executable} -m lake.cli --show-completion; true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert "_MIXLAKE_COMPLETE=complete_bash" in done.stdout and done.stdout.rstrip().endswith("mixlake")


def test_the_folder_of_documents_names_both() -> None:
    page = (Path(cli_docs.ROOT) / "docs" / "howto" / "scripts.md").read_text(encoding="utf-8")
    assert "cli.md" in page and "cli.schema.json" in page
