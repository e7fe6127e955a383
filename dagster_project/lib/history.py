"""The history of Dagster's runs: events, logs and what steps printed, which may quote rows."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import dagster as dg

_INSTANCE = "dagster.yaml"


def forget_runs(home: Path) -> None:
    """Removes every run of the instance at `home`, with its events and logs, also from pages of the databases that are free.

    Sensors and schedules keep their state. The next run tells Dagster again of every table that is up to date.
    """
    if not (home / _INSTANCE).is_file():
        return
    with dg.DagsterInstance.from_config(str(home), _INSTANCE) as instance:
        instance.wipe()
    shutil.rmtree(home / "storage", ignore_errors=True)
    for database in sorted(home.rglob("*.db")):
        with closing(sqlite3.connect(database, timeout=30)) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
