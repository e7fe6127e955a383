"""The lake on disk: read a version, stage rows, publish or reject them. The only file that knows how Delta is written.

Write - audit - publish: rows are first written as Parquet into a run's own subfolders of the table, invisible because no commit
names them; publishing registers those audited files in one atomic Delta commit, without writing them again. Registration goes
through deltalake, which needs no JVM; Spark reads the files that the log names.
"""

import json
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Schema, Transaction
from deltalake.transaction import AddAction, create_table_with_add_actions
from pyarrow import fs

from lake.errors import UserError
from lake.storage.publication import FORMAT, Publication
from lake.storage.report import StageReport
from lake.storage.staging import Parts
from lake.tables import TABLES
from lake.tables.schema import Table, nullable

Mode = Literal["append", "overwrite"]

# Old versions are evidence: a release must be rebuildable, so neither log nor removed files expire by themselves.
_CONFIGURATION: Mapping[str, str | None] = {
    "delta.logRetentionDuration": "interval 3650 days",
    "delta.deletedFileRetentionDuration": "interval 3650 days",
}


@dataclass(frozen=True)
class Staged:
    """Rows of one table, written but named by no commit yet."""

    table: Table
    files: tuple[tuple[str, int, int], ...]  # (path relative to the table, bytes, rows)

    @property
    def rows(self) -> int:
        return sum(rows for _, _, rows in self.files)

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(path for path, _, _ in self.files)


class Lake:
    """A lake: a folder or an object-store URL with one Delta table a key."""

    def __init__(self, root: str) -> None:
        self.root = root.rstrip("/")
        self.files, self._base = fs.FileSystem.from_uri(
            self.root if "://" in self.root else str(Path(self.root).absolute())
        )

    def uri(self, key: str) -> str:
        return f"{self.root}/{key}"

    def path(self, relative: str) -> str:
        """The path inside `self.files` of something in the lake."""
        return f"{self._base}/{relative}"

    # -- reading ----------------------------------------------------------------------------------------------------

    def exists(self, key: str) -> bool:
        return DeltaTable.is_deltatable(self.uri(key))

    def publication(self, key: str) -> tuple[int, Publication] | None:
        """The version and metadata of the last publish of a stage's table; maintenance commits (OPTIMIZE, VACUUM) are passed over.

        Raises UserError when the table was written by another format of the lake.
        """
        if not self.exists(key):
            return None
        for commit in DeltaTable(self.uri(key)).history():
            told = json.loads(commit.get("userMetadata") or "{}")
            if "stage" in told:
                _refuse_other_format(key, told.get("format"))
                return int(commit["version"]), Publication.model_validate(told)
        return None

    def version(self, key: str) -> int | None:
        """The version of `key` that readers use: its last publish; for a side table the one published with its owner."""
        owner = TABLES[key].side_of
        if owner:
            published = self.publication(owner)
            return published[1].sides.get(key) if published else None
        published = self.publication(key)
        if published:
            return published[0]
        return DeltaTable(self.uri(key)).version() if self.exists(key) else None

    def delta(self, key: str, version: int | None = None) -> DeltaTable:
        """The Delta table at `version`, by default the one that readers use."""
        at = self.version(key) if version is None else version
        if at is None:
            raise UserError(f"The table {key} has never been published")
        return DeltaTable(self.uri(key), version=at)

    def dataset(self, key: str, version: int | None = None) -> ds.Dataset:
        """The rows of `key` at `version` as an Arrow dataset, its columns as declared."""
        return self.delta(key, version).to_pyarrow_dataset(schema=TABLES[key].schema)

    def added(self, key: str, since: int, version: int) -> tuple[str, ...] | None:
        """The files, relative to the table, that `version` has and `since` had not; None if `version` lacks some that `since` had."""
        old, current = (set(self.paths(key, at)) for at in (since, version))
        return tuple(sorted(current - old)) if old <= current else None

    def rows(self, key: str, version: int, files: Collection[str] | None = None) -> int:
        """How many rows `key` has at `version`, or some of its files have, from its log alone."""
        actions = self._actions(key, version).select(["path", "num_records"]).to_pylist()
        return sum(one["num_records"] or 0 for one in actions if files is None or one["path"] in files)

    def paths(self, key: str, version: int) -> list[str]:
        """The files of `key` at `version`, relative to the table."""
        return self._actions(key, version)["path"].to_pylist()

    def _actions(self, key: str, version: int) -> pa.Table:
        return pa.table(self.delta(key, version).get_add_actions(flatten=True))

    # -- writing ----------------------------------------------------------------------------------------------------

    def staged(self, key: str, folder: str, chosen: Collection[str] | None = None) -> Staged:
        """What lies in a run's subfolder of `key`, or of that the `chosen` files (relative to the table): ValueError if one is lacking.

        Raises ValueError, too, when a file is not of the declared schema.
        """
        table, prefix = TABLES[key], self.path(key) + "/"
        place = fs.FileSelector(self.path(f"{key}/{folder}"), allow_not_found=True, recursive=True)
        listing = self.files.get_file_info(place)
        found = sorted((item.path, item.size) for item in listing if item.path.endswith(".parquet"))
        wanted = [(path, size) for path, size in found if chosen is None or path.removeprefix(prefix) in chosen]
        if chosen is not None and len(wanted) < len(chosen):
            raise ValueError(f"{len(chosen) - len(wanted)} of {len(chosen)} files of {key} are not in the lake")
        files = ((path.removeprefix(prefix), size, self._checked_rows(path, table)) for path, size in wanted)
        return Staged(table, tuple(file for file in files if file[2]))

    def _checked_rows(self, path: str, table: Table) -> int:
        """Rows of a Parquet file, whose footer must declare the table's schema: registration itself checks nothing."""
        with self.files.open_input_file(path) as file:
            footer = pq.ParquetFile(file)
            written = footer.schema_arrow
            if not nullable(written).equals(table.schema):
                raise ValueError(f"{path} has the schema {written}, {table.key} declares {table.schema}")
            return footer.metadata.num_rows

    def publish(self, staged: Staged, publication: Publication) -> int:
        """Makes staged files the next version of their table in one atomic commit; repeating it with the same run changes nothing.

        Rows that grew are added to what readers see; all others replace it, unless the table only ever appends.
        """
        grows = staged.table.mode == "grow" and publication.grown
        mode = "append" if grows or staged.table.mode == "append" else "overwrite"
        told = {"userMetadata": publication.model_dump_json()}
        base = self.version(staged.table.key) if grows else None
        return self._register(staged, f"mixlake/{publication.run_id}", told, mode, base)

    def append(self, key: str, rows: pa.Table, txn: str, replace: bool = False) -> int:
        """Appends rows to a landing or cache table, or puts them in place of all it holds; a repeat with the same `txn`
        changes nothing. Returns the version."""
        staged = self.write(key, f"run-{txn}", rows)
        return self._register(staged, f"mixlake/{txn}", {}, "overwrite" if replace else "append")

    def parts(self, folder: str, number: int = 0) -> Parts:
        """What rows of a run are added to, to be staged: the files called `number` of its subfolder of each table."""
        return Parts(self.files, self._base, folder, f"part-{number:05d}-{folder}")

    def write(self, key: str, folder: str, rows: pa.Table) -> Staged:
        """Stages `rows` (any column order, castable types) as the one file of a run's subfolder."""
        with self.parts(folder) as parts:
            parts.add(key, rows)
        return self.staged(key, folder)

    def discard(self, staged: Staged) -> None:
        """Removes the files of rows that will not be published."""
        for path in staged.paths:
            self.files.delete_file(self.path(f"{staged.table.key}/{path}"))

    def _register(
        self, staged: Staged, app_id: str, custom: dict[str, str], mode: Mode, base: int | None = None
    ) -> int:
        """Commits the staged files. `base` is the version that rows are added to: what came after it no owner's commit names."""
        table, uri = staged.table, self.uri(staged.table.key)
        moment = int(time.time() * 1000)
        actions = [
            AddAction(path, size, {}, moment, True, json.dumps({"numRecords": rows}))
            for path, size, rows in staged.files
        ]
        commit = CommitProperties(custom_metadata=custom, app_transactions=[Transaction(app_id, 1)])
        schema = Schema.from_arrow(table.schema)
        if not self.exists(table.key):
            create_table_with_add_actions(
                uri,
                schema,
                actions,
                mode="error",
                configuration=_CONFIGURATION,
                name=table.key,
                description=table.grain,
                commit_properties=commit,
            )
            return 0
        current = DeltaTable(uri)
        if current.transaction_version(app_id) is None:
            if base is not None and table.side_of and current.version() != base:
                current.restore(base)
            current.create_write_transaction([*actions], mode=mode, schema=schema, commit_properties=commit)
            current.update_incremental()
        return current.version()

    # -- attempts ---------------------------------------------------------------------------------------------------

    def audit_folder(self, key: str) -> str:
        return f"audits/{key.replace('/', '-')}"

    def record_attempt(self, report: StageReport) -> None:
        """Keeps the report of a stage's newest attempt; a rejected one stops what is downstream, in later runs too."""
        folder = self.path(self.audit_folder(report.stage))
        self.files.create_dir(folder, recursive=True)
        for name in (report.run_id, "newest"):
            with self.files.open_output_stream(f"{folder}/{name}.json") as file:
                file.write(report.model_dump_json(indent=1).encode())

    def attempt(self, key: str) -> StageReport | None:
        """The report of a stage's newest attempt, or None."""
        path = self.path(f"{self.audit_folder(key)}/newest.json")
        if self.files.get_file_info(path).type == fs.FileType.NotFound:
            return None
        with self.files.open_input_stream(path) as file:
            return StageReport.model_validate_json(file.read())


def _refuse_other_format(key: str, found: int | None) -> None:
    if found != FORMAT:
        raise UserError(
            f"The table {key} was written by lake format {found}, this mixlake reads format {FORMAT}: use another MIXLAKE_ROOT"
        )


def files_dataset(lake: Lake, key: str, files: Sequence[str]) -> ds.Dataset:
    """The rows of some files of one table, named relative to it, as an Arrow dataset."""
    paths = [lake.path(f"{key}/{path}") for path in files]
    return ds.dataset(paths, schema=TABLES[key].schema, format="parquet", filesystem=lake.files)
