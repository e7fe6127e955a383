"""Postgres as Dagster's storage: the configuration that docs/containers ships, in a home of the user's, with a server on loopback."""

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from servers import free_port

from lake.settings import project_folder

pytestmark = pytest.mark.long

_CLIENT = project_folder() / ".tools" / "postgres"  # what scripts/postgres.sh installs
_CONFIG = project_folder() / "docs" / "containers" / "dagster.yaml"
_EVENTS = "SELECT dagster_event_type, count(*) FROM event_logs GROUP BY 1"
_MATERIALISED = "SELECT asset_key FROM event_logs WHERE dagster_event_type = 'ASSET_MATERIALIZATION'"


def _program(name: str) -> str:
    """Where a program of the server is; fails where there is none."""
    packaged = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    program = shutil.which(name) or (str(packaged[-1]) if packaged else None)
    assert program and _CLIENT.exists(), (
        "Postgres is not installed: bash scripts/postgres.sh, which `make test-long` calls"
    )
    return program


@contextmanager
def postgres() -> Generator[str]:
    """The address of an empty database, there while the block runs. As root the server is another user's, since Postgres refuses root."""
    apart: Mapping[str, Any] = {}
    folder = Path(tempfile.mkdtemp(prefix="mixlake-postgres-"))
    if os.getuid() == 0:
        nobody = pwd.getpwnam("nobody")
        apart = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    data, port = folder / "data", free_port()
    control = [_program("pg_ctl"), "-D", str(data), "-w"]

    def run(*command: str) -> None:
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, **apart)

    run(_program("initdb"), "-D", str(data), "-U", "dagster", "-A", "trust", "--no-sync")
    run(*control, "-l", str(folder / "log"), "-o", f"-k {folder} -h 127.0.0.1 -p {port}", "start")
    try:
        yield f"postgresql+psycopg2://dagster@127.0.0.1:{port}/postgres"
    finally:
        run(*control, "-m", "fast", "stop")
        shutil.rmtree(folder)


def _asked(url: str, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query, by the client that Dagster has."""
    code = "import json, psycopg2, sys; c = psycopg2.connect(sys.argv[1]).cursor(); c.execute(sys.argv[2]); print(json.dumps(c.fetchall()))"
    command = [sys.executable, "-c", code, url.replace("+psycopg2", ""), query]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(_CLIENT)}
    )
    return [tuple(row) for row in json.loads(done.stdout)]


def test_events_and_checks_of_a_run_are_in_the_users_postgres_and_his_configuration_stays(tmp_path: Path) -> None:
    home, raw = tmp_path / "home", tmp_path / "raw.jsonl"
    home.mkdir()
    shutil.copy(_CONFIG, home / "dagster.yaml")
    rows = [
        {"prompt": f"How is knot {n} tied?", "response": f"By {n} turns around the post, then one back."}
        for n in range(20)
    ]
    raw.write_text("".join(json.dumps(row) + "\n" for row in rows))
    paths = os.pathsep.join([str(project_folder()), str(_CLIENT)])
    own = {
        "PYTHONPATH": paths,
        "MIXLAKE_ROOT": str(tmp_path / "lake"),
        "DAGSTER_HOME": str(home),
        "MIXLAKE_SPARK_MASTER": "local[2]",
    }

    def mixlake(*arguments: str, url: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | own | {"DAGSTER_POSTGRES_URL": url}
        command = [sys.executable, "-m", "lake.cli", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True)

    with postgres() as url:
        registered = mixlake("ingest", str(raw), "--source", "knots", "--licence", "CC0-1.0", url=url)
        assert registered.returncode == 0, registered.stderr
        ran = mixlake("run", "bronze/instructions", url=url)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert ["bronze", "instructions"] in [json.loads(key) for (key,) in _asked(url, _MATERIALISED)]
        assert dict(_asked(url, _EVENTS))["ASSET_CHECK_EVALUATION"] > 20
        assert [status for (status,) in _asked(url, "SELECT status FROM runs")] == ["SUCCESS"]
    assert (home / "dagster.yaml").read_bytes() == _CONFIG.read_bytes()
    assert not list(home.rglob("*.db"))

    gone = mixlake("run", "bronze/instructions", "--rebuild", url=url)
    assert gone.returncode == 2 and "Traceback" not in gone.stderr, gone.stderr
    assert "dagster.yaml describes an instance that cannot be opened" in gone.stderr
