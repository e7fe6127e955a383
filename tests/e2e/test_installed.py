"""The wheel in an environment of its own, used from an empty folder: what README says works there as in a checkout.

The environment shares the libraries of this one, so that nothing is downloaded, and cannot see the checkout.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from servers import serving

from lake.settings import project_folder, settings

RATING = json.dumps({"Rarity": 4, "Complexity": 5, "Informativeness": 6, "Overall": 5})
OTHER = json.dumps({"Rarity": 2, "Complexity": 3, "Informativeness": 4, "Overall": 3})
PROFILE = f"""
extends: demo
params:
  silver/instructions: {{min_characters: 5}}
  silver/ratings: {{engine: {{kind: scripted, answers: [{RATING!r}, {OTHER!r}]}}, beside: []}}
"""


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel alone of ours, and the empty folder where its user stands."""

    wheel: Path
    bin: Path
    folder: Path
    environment: Mapping[str, str]

    def run(self, *command: str, code: int = 0) -> str:
        """Standard output of a program of the environment; fails when it does not end with `code`."""
        done = subprocess.run(
            [str(self.bin / command[0]), *command[1:]],
            cwd=self.folder,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout if code == 0 else done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    here = tmp_path_factory.mktemp("installed")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(here)]
    subprocess.run(build, cwd=project_folder(), check=True, capture_output=True)
    (wheel,) = here.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(here / "venv")], check=True)
    python = here / "venv" / "bin" / "python"
    uv = shutil.which("uv") or str(project_folder() / ".tools" / "bin" / "uv")
    install = [uv, "pip", "install", "--no-deps", "--no-index", "--no-cache", "--python", str(python), str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    # a folder named in a .pth file gives its packages, and not what its own .pth files name: the checkout
    (packages,) = (here / "venv" / "lib").glob("python*/site-packages")
    (packages / "shared.pth").write_text(sysconfig.get_path("purelib") + "\n")
    for name in ("folder", "home"):
        (here / name).mkdir()
    java = {name: os.environ[name] for name in ("JAVA_HOME",) if name in os.environ}
    environment = {
        **java, "PATH": os.environ["PATH"], "HOME": str(here / "home"), "HF_HUB_OFFLINE": "1",
        "MIXLAKE_CACHE": str(settings().cache), "MIXLAKE_SPARK_MASTER": "local[2]",
    }  # fmt: skip
    # what a user may have beside his files: none of it is ours
    (here / "folder" / "yaml.py").write_text("raise ImportError('this is a file of the user')\n")
    return Installed(wheel, python.parent, here / "folder", environment)


def test_the_wheel_holds_what_the_code_reads_and_neither_tests_nor_benchmarks(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as archive:
        names = set(archive.namelist())
    assert {
        "lake/shipped/recipes/profiles/demo.yaml",
        "lake/shipped/recipes/grpo/paper.yaml",
        "lake/shipped/requirements/cpu.txt",
        "lake/shipped/workspace.yaml",
        "lake/shipped/dagster.yaml",
        "spark_jobs/log4j2.properties",
        "reports/templates/report.html.j2",
        "expectations/pages/templates/audit.css",
        "demo/corpus/sources.yaml",
    } <= names
    assert "demo/expected.jsonl" not in names
    tops = {name.split("/")[0] for name in names}
    assert not tops & {"tests", "benchmarks", "scripts", "recipes", "docs"}
    where = installed.run("python", "-c", "import lake, texts; print(lake.__file__, texts.__file__)")
    assert all(Path(path).is_relative_to(installed.bin.parent) for path in where.split())


def test_everything_that_a_user_types_first_works(installed: Installed) -> None:
    told = json.loads(installed.run("mixlake", "doctor", "--json"))
    assert {finding["name"] for finding in told if finding["required"] and not finding["met"]} == set()
    listed = json.loads(installed.run("mixlake", "profiles", "--json"))
    assert [profile["name"] for profile in listed] == ["cpu", "demo", "gpu", "gpu-embedded", "paper", "scale"]
    assert "least cosine between any two members" in installed.run("mixlake", "params", "silver/groups")
    assert "There is no profile 'my.yaml'" in installed.run("mixlake", "run", "--profile", "my.yaml", code=2)


@pytest.mark.long
def test_a_file_is_ingested_and_run_with_a_profile_of_the_users_own(installed: Installed) -> None:
    rows = [
        {"instruction": f"Say how part {n} of the old clock is repaired", "output": f"Take wheel {n} out and clean it."}
        for n in range(12)
    ]
    (installed.folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (installed.folder / "my.yaml").write_text(PROFILE)
    installed.run("mixlake", "ingest", "rows.jsonl", "--source", "clocks", "--licence", "CC-BY-4.0")
    # ratings by an engine that is no rule are made in a process of their own: it must find code and profile, too
    stages = ["bronze/instructions", "silver/instructions", "silver/unique_instructions", "silver/ratings"]
    told = installed.run("mixlake", "run", *stages, "--profile", "my.yaml", "--json")
    assert [(report["stage"], report["status"]) for report in json.loads(told)] == [
        (key, "published") for key in stages
    ]
    rated = json.loads(installed.run("mixlake", "show", "silver/ratings", "--limit", "20", "--json"))
    assert {row["overall"] for row in rated} <= {5, 3} and len(rated) == len(rows)
    again = installed.run("mixlake", "run", *stages, "--profile", str(installed.folder / "my.yaml"), "--json")
    assert json.loads(again) == []
    assert {path.name for path in installed.folder.iterdir()} == {".mixlake", "my.yaml", "rows.jsonl", "yaml.py"}


@pytest.mark.long
def test_the_ui_serves_on_loopback_launches_a_run_and_ends(installed: Installed) -> None:
    log = installed.folder.parent / "ui.log"
    command = [str(installed.bin / "mixlake"), "ui", "--profile", "demo"]
    with serving(command, installed.environment, installed.folder, log) as server:
        server.loaded()
        server.launch("landing", "files")
    assert server.process.returncode == 0, log.read_text()
