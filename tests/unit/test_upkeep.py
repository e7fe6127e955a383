"""Upkeep removes what nobody needs, and nothing that a reader, a stage or a release does."""

import json
import os
from pathlib import Path

import pytest
from lakes import ROWS, publish, small_lake

from lake.harness.job import JobContext
from lake.storage.store import Lake
from lake.tables import TABLES
from lake.upkeep.removals import UpkeepParams, removals

GROUPS, RELEASES = "silver/groups", "releases/current"
INPUTS = {"silver/unique_instructions": 0, "models/in_service": 0}
LONG_AGO = 1_000_000_000


def upkeep(lake: Lake, keep_days: float | None = None) -> dict[str, str]:
    """Why each file went, by its path."""
    params = UpkeepParams(keep_days=keep_days, left_behind_days=1)
    ((_, rows),) = removals({}, params, JobContext(lake, "this-run", Path()))
    return {row["path"]: row["why"] for row in rows.to_pylist()}


def place(path: Path, moment: int | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    if moment is not None:
        for one in (path, path.parent):
            os.utime(one, (moment, moment))
    return path


def rows(lake: Lake) -> dict[str, int]:
    """How many rows each table has, every file of its newest version read."""
    return {key: lake.dataset(key).to_table().num_rows for key in TABLES if lake.version(key) is not None}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake in which groups were made three times and read by all behind them, and released once, from the first."""
    root = tmp_path_factory.mktemp("upkeep") / "lake"
    lake = small_lake(root)
    manifest = root / "artifacts" / RELEASES / "run-releases-current" / "manifest.json"
    place(manifest).write_text(json.dumps({"tables": {GROUPS: {"version": 0, "inputs": {}, "sides": {}}}}))
    publish(lake, RELEASES, [{"release": "mixlake", "path": str(manifest), "sha256": "0", "size": 1, "rows": 0}])
    for again in ("second", "third"):
        publish(lake, GROUPS, ROWS[GROUPS], run_id=again)
    for reader in ("gold/distilled", "gold/training_set", "reports/evaluation"):
        publish(lake, reader, ROWS[reader], run_id="anew")
    return lake


def files(lake: Lake, version: int) -> list[bool]:
    return [(Path(lake.uri(GROUPS)) / path).exists() for path in lake.file_paths(GROUPS, version)]


def test_what_dead_runs_left_goes_and_what_is_younger_stays(lake: Lake) -> None:
    root, before = Path(lake.root), rows(lake)
    dead = [
        place(root / GROUPS / name, LONG_AGO)
        for name in ("run-dead/part-0.parquet", "made-dead/part-0.parquet", "run-dead/_SUCCESS")
    ]
    running = place(root / GROUPS / "made-running" / "part-0.parquet")
    named = root / GROUPS / lake.file_paths(GROUPS, 2)[0]
    checksum = place(named.with_name(f".{named.name}.crc"), LONG_AGO)
    artifacts = place(root / "artifacts" / "gold" / "mixture" / "dead" / "x", LONG_AGO)
    kept = place(root / "checkpoints" / "dead" / "part-0", LONG_AGO)
    place(root / "checkpoints" / "running" / "part-0")
    gone = upkeep(lake)
    assert gone == dict.fromkeys(
        [*(str(path.relative_to(root)) for path in dead), "artifacts/gold/mixture/dead", "checkpoints/dead"],
        "left_behind",
    )
    assert not any(path.exists() for path in (*dead, artifacts, kept))
    assert running.exists() and checksum.exists() and (root / "checkpoints" / "running" / "part-0").exists()
    assert rows(lake) == before


def test_old_versions_go_but_for_those_that_somebody_needs(lake: Lake) -> None:
    before = rows(lake)
    assert upkeep(lake) == {}, "without a retention every version stays"
    assert upkeep(lake, keep_days=1) == {}, "they are younger"
    publish(lake, "gold/distilled", ROWS["gold/distilled"], run_id="behind", inputs=INPUTS | {GROUPS: 1})
    upkeep(lake, keep_days=0)
    assert files(lake, 1) == [True], "a stage has still to read it"
    publish(lake, "gold/distilled", ROWS["gold/distilled"], run_id="up to date")
    gone = upkeep(lake, keep_days=0)
    assert {path: why for path, why in gone.items() if path.startswith(GROUPS)} == {
        f"{GROUPS}/{path}": "expired" for path in lake.file_paths(GROUPS, 1)
    }
    assert files(lake, 0) == files(lake, 2) == [True] and files(lake, 1) == [False]
    assert rows(lake) == before
    assert lake.dataset(GROUPS, 0).to_table().num_rows == len(ROWS[GROUPS])
