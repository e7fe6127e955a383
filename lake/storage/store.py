"""The lake: read a version of a table, stage rows, publish them. Only this package knows how Delta is written.

Write - audit - publish: rows are first written as Parquet into a run's own subfolders of the table, invisible because no commit
names them; publishing registers those audited files in one atomic Delta commit, without writing them again. Registration goes
through deltalake, which needs no JVM; Spark reads the files that the log names.
"""

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import TypeVar, cast
from urllib.parse import unquote

import obstore
import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import DeltaTable, Schema
from obstore.store import MemoryStore, ObjectStore
from pyarrow import fs

from lake.errors import UserError
from lake.storage.commits import commit
from lake.storage.places import arrow_files, check_address, delta_address, is_remote, object_store
from lake.storage.publication import Publication
from lake.storage.staging import Staged, StagingWriter, staged_files
from lake.storage.table_logs import NO_TABLE, TableLogs
from lake.tables import TABLES

T = TypeVar("T")


class Lake:
    """A lake: a folder or an object-store URL with one Delta table a key."""

    def __init__(self, root: str) -> None:
        self.root = root.rstrip("/")
        check_address(self.root)
        self.files, self._base = arrow_files(self.root)
        self._objects: ObjectStore | None = None
        self._logs = TableLogs(self.objects)

    def objects(self) -> ObjectStore:
        """The lake as objects: what is put there is whole, or not there."""
        if self._objects is None:
            opened = object_store(self.root)
            if isinstance(opened, MemoryStore):  # there is no lake yet; it may begin
                return opened
            self._objects = opened
        return self._objects

    def put(self, path: str, content: bytes) -> None:
        """Puts a small file into the lake, whole or not at all; it takes the place of one that is there."""
        if not is_remote(self.root):
            Path(self.root).mkdir(parents=True, exist_ok=True)
        obstore.put(self.objects(), path, content)

    def read(self, path: str) -> bytes | None:
        """The bytes of a small file of the lake; None where there is none."""
        try:
            return bytes(obstore.get(self.objects(), path).bytes())
        except FileNotFoundError:
            return None

    def pinned(self) -> "Lake":
        """This lake as it is when it is first asked: what was found out of a table is not asked for again. For plans, which ask each table often."""
        return _PinnedLake(self.root)

    def once(self, name: str, find: Callable[[], T]) -> T:
        """What `find` gives; of a pinned lake, what it gave the first time under this name."""
        return find()

    def uri(self, key: str) -> str:
        """The address of a table."""
        return f"{self.root}/{key}"

    def path(self, relative: str) -> str:
        """The path inside `self.files` of something in the lake."""
        return f"{self._base}/{relative}"

    def exists(self, key: str) -> bool:
        """Whether the table was ever committed to."""
        return self.newest(key) != NO_TABLE

    def newest(self, key: str) -> int:
        """The newest version of a table, of whatever commit: a publication, maintenance, or a side of a run that did not finish."""
        return self.once(f"newest {key}", lambda: self._logs.newest(key))

    def publication(self, key: str) -> tuple[int, Publication] | None:
        """The version and metadata of the last publish of a stage's table; maintenance commits (OPTIMIZE, VACUUM) are passed over.

        Raises UserError when the table was written by another format of the lake.
        """
        return self.once(f"publication {key}", lambda: next(self.publications(key), None))

    def publications(self, key: str, most: int | None = None) -> Iterator[tuple[int, Publication]]:
        """The publishes of a stage's table, newest first: all, or those among the newest `most` commits."""
        return self._logs.publications(key, self.newest(key), most)

    def version(self, key: str) -> int | None:
        """The version of `key` that readers use: its last publish; for a side table the one published with its owner."""
        table = TABLES[key]
        if table.side_of:
            published = self.publication(table.side_of)
            return published[1].sides.get(key) if published else None
        published = self.publication(key) if table.of_a_stage else None
        if published:
            return published[0]
        newest = self.newest(key)
        return None if newest == NO_TABLE else newest

    def delta(self, key: str, version: int | None = None) -> DeltaTable:
        """The Delta table at `version`, by default the one that readers use. Raises UserError if it was never published."""
        at = self.version(key) if version is None else version
        if at is None:
            raise UserError(f"The table {key} has never been published")
        uri, options = delta_address(self.root, key)
        return DeltaTable(uri, version=at, storage_options=options)

    def dataset(self, key: str, version: int | None = None) -> ds.Dataset:
        """The rows of `key` at `version` as an Arrow dataset, its columns as declared."""
        # Arrow's own file system: deltalake's is in Python, and a thread of Arrow that lets go of its buffers while the interpreter ends aborts
        files = fs.SubTreeFileSystem(self.path(key), self.files)
        return self.delta(key, version).to_pyarrow_dataset(filesystem=files, schema=TABLES[key].schema)

    def files_dataset(self, key: str, files: Sequence[str]) -> ds.Dataset:
        """The rows of some files of one table, named relative to it, as an Arrow dataset."""
        paths = [self.path(f"{key}/{path}") for path in files]
        return ds.dataset(paths, schema=TABLES[key].schema, format="parquet", filesystem=self.files)

    def few_rows(self, key: str, files: Sequence[str], most: int) -> pa.Table | None:
        """The rows of some files of one table, where they have at most `most` bytes, also unpacked; None where they have more."""
        if not files:
            return TABLES[key].schema.empty_table()
        paths = [self.path(f"{key}/{path}") for path in files]
        if sum(file.size or 0 for file in self.files.get_file_info(paths)) > most:
            return None
        rows = self.files_dataset(key, files)
        footers = [fragment.metadata for fragment in rows.get_fragments()]
        groups = (one.row_group(number) for one in footers for number in range(one.num_row_groups))
        return rows.to_table() if sum(group.total_byte_size for group in groups) <= most else None

    def added_files(self, key: str, since: int, version: int) -> tuple[str, ...] | None:
        """The files, relative to the table, in which rows were added after `since` and up to `version`; None if rows were taken away.

        OPTIMIZE moves rows and adds none: those that it moved are still in the files that they were added in.
        """
        added, removed = set[str](), set[str]()
        for number in range(since + 1, version + 1):
            with self.files.open_input_stream(self.path(f"{key}/_delta_log/{number:020}.json")) as file:
                actions = [json.loads(line) for line in file.read().splitlines()]
            if not any(action.get("commitInfo", {}).get("operation") == "OPTIMIZE" for action in actions):
                added |= {unquote(action["add"]["path"]) for action in actions if "add" in action}
                removed |= {unquote(action["remove"]["path"]) for action in actions if "remove" in action}
        return tuple(sorted(added - removed)) if removed <= added and since <= version else None

    def row_count(self, key: str, version: int, files: Collection[str] | None = None) -> int:
        """How many rows `key` has at `version`, or some of its files have, from its log alone."""
        actions = self._add_actions(key, version).select(["path", "num_records"]).to_pylist()
        return sum(one["num_records"] or 0 for one in actions if files is None or one["path"] in files)

    def rows_of(self, key: str, version: int, publication: Publication) -> dict[str, int]:
        """How many rows the tables of a stage have as of one of its commits: fewer than it says where some were taken back since."""
        return {table: self.row_count(table, at) for table, at in {key: version, **publication.sides}.items()}

    def file_paths(self, key: str, version: int) -> list[str]:
        """The files of `key` at `version`, relative to the table."""
        return self._add_actions(key, version)["path"].to_pylist()

    def stored_bytes(self, key: str) -> int:
        """The bytes of the files that readers of `key` use; 0 where it was never published."""
        version = self.version(key)
        return 0 if version is None else sum(self._add_actions(key, version)["size_bytes"].to_pylist())

    def _add_actions(self, key: str, version: int) -> pa.Table:
        return pa.table(self.delta(key, version).get_add_actions(flatten=True))

    def staging_writer(self, folder: str, number: int = 0) -> StagingWriter:
        """What rows of a run are added to, to be staged: the files called `number` of its subfolder of each table."""
        return StagingWriter(self.files, self._base, folder, f"part-{number:05d}-{folder}")

    def staged(self, key: str, folder: str) -> Staged:
        """What was staged in a run's subfolder of `key`: see lake.storage.staging.staged_files."""
        return staged_files(self.files, self.path(key), TABLES[key], folder)

    def write(self, key: str, folder: str, rows: pa.Table) -> Staged:
        """Stages `rows` (any column order, castable types) as the one file of a run's subfolder."""
        with self.staging_writer(folder) as writer:
            writer.add(key, rows)
        return self.staged(key, folder)

    def discard(self, staged: Staged) -> None:
        """Removes the files of rows that will not be published."""
        for path in staged.paths:
            self.files.delete_file(self.path(f"{staged.table.key}/{path}"))

    def adds(self, key: str, grown: bool) -> bool:
        """Whether a run adds its rows to what is published, and does not replace it; `grown`: it was given new rows alone."""
        mode = TABLES[key].mode
        return (mode in ("append", "history") or (mode == "grow" and grown)) and self.has_declared_columns(key)

    def has_declared_columns(self, key: str) -> bool:
        """Whether what is published has the columns that are declared now: rows of two schemas are never mixed. True where nothing is.

        A history may have fewer, and its rows have nothing in the others: it cannot be made anew.
        """
        version = self.version(key)
        if version is None:
            return True
        schemas = self.delta(key, version).schema(), Schema.from_arrow(TABLES[key].schema)
        found, declared = ({field.name: field.type for field in schema.fields} for schema in schemas)
        return found == declared or (TABLES[key].mode == "history" and found.items() <= declared.items())

    def publish(self, staged: Staged, publication: Publication, seen: int | None = None) -> int:
        """Makes staged files the next version of their table in one atomic commit; repeating it with the same run changes nothing.

        Rows that grew are added to what readers see; all others replace it, unless the table only ever appends and has kept its columns.
        Raises StageFailed, and publishes nothing, where the table is no longer at `seen`, its newest version when the run began.
        """
        key = staged.table.key
        adds = self.adds(key, publication.grown)
        base = self.version(key) if adds else None
        # a side table that no commit of its owner names holds only rows of runs that did not finish
        begins = base is None and staged.table.side_of is not None
        metadata = {"userMetadata": publication.model_dump_json()}
        write_mode = "append" if adds and not begins else "overwrite"
        return commit(
            delta_address(self.root, key), staged, f"mixlake/{publication.run_id}", metadata, write_mode, base, seen
        )

    def append(self, key: str, rows: pa.Table, txn: str, replaced: int | None = None) -> int:
        """Appends rows to a landing or cache table, or puts them in place of all that version `replaced` of it holds; a repeat with the
        same `txn` changes nothing. Returns the version. Raises StageFailed where another writer committed since `replaced`."""
        staged = self.write(key, f"run-{txn}", rows)
        mode = "append" if replaced is None else "overwrite"
        return commit(delta_address(self.root, key), staged, f"mixlake/{txn}", {}, mode, seen=replaced)


class _PinnedLake(Lake):
    def __init__(self, root: str) -> None:
        super().__init__(root)
        self._found: dict[str, object] = {}

    def pinned(self) -> Lake:
        return self

    def once(self, name: str, find: Callable[[], T]) -> T:
        if name not in self._found:
            self._found[name] = find()
        return cast(T, self._found[name])
