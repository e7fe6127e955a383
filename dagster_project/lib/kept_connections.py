"""Dagster's storage in SQLite as a command uses it: the same files, each opened once and not for every event.

Dagster opens and closes a database up to seven times for a check, and each closing writes it back to the disk. A run tells of hundreds of checks: of
three new rows this was two fifths of all that the run's process did. The UI and its daemon read the files as ever.
"""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import create_db_conn_string
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from sqlalchemy import Connection, Engine, create_engine, event

_BUSY_S = 30  # for which a write waits while another process writes, as in Dagster


class KeptEvents(SqliteEventLogStorage):
    """The event log, whose databases stay open until it is disposed of."""

    def __init__(self, base_dir: str) -> None:
        self._kept: dict[str, Engine] = {}
        self._has_checks = False
        super().__init__(base_dir)

    @contextmanager
    def _connect(self, shard: str) -> Generator[Connection]:
        if shard not in self._initialized_dbs:  # Dagster makes the database, or brings it up to date
            with super()._connect(shard) as connection:
                yield connection
            return
        with self._db_lock, self._opened(shard).begin() as connection:
            yield connection

    @property
    def supports_asset_checks(self) -> bool:
        """Whether the schema has checks: Dagster asks for each of them, and looks into the database each time."""
        self._has_checks = self._has_checks or super().supports_asset_checks
        return self._has_checks

    def _opened(self, shard: str) -> Engine:
        if shard not in self._kept:
            self._kept[shard] = create_engine(
                create_db_conn_string(self._base_dir, shard), connect_args={"timeout": _BUSY_S}
            )
            event.listen(self._kept[shard], "connect", _write_ahead)
        return self._kept[shard]

    def dispose(self) -> None:
        super().dispose()
        for engine in self._kept.values():
            engine.dispose()


def _write_ahead(connection: Any, record: Any) -> None:
    # a power cut may cost the last events and nothing else: what is published is not told from them
    connection.execute("PRAGMA synchronous=NORMAL")


class KeptStorage(DagsterSqliteStorage):
    """Dagster's default storage with such an event log."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        super().__init__(base_dir, inst_data)
        self._event_log_storage = KeptEvents(str(Path(base_dir) / "history" / "runs"))

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "KeptStorage":
        """The storage that an instance's configuration describes."""
        return cls.from_local(inst_data=inst_data, **config_value)
