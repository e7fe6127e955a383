"""Staging: rows written as Parquet files into a run's own subfolder of their table, where no commit names them yet.

Written batch by batch, by the process of an Arrow stage or by each task of Spark's workers.
"""

from collections.abc import Collection, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from lake.tables import TABLES
from lake.tables.schema import Table, nullable

_ROW_GROUP = 32 * 2**20  # bytes of rows that wait in memory for a row group of their file


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


class StagingWriter:
    """One Parquet file for each table that rows are added to, in the run's subfolder of the table; closed at the end of a `with` block.

    files, base: the lake's file system and its root there. name: of the files, without a suffix; no two writers of a run may share it,
    and no two runs, since one path removed and added in one commit is read differently by different readers.
    """

    def __init__(self, files: fs.FileSystem, base: str, folder: str, name: str) -> None:
        self._files, self._base = files, base
        self._place = f"{folder}/{name}.parquet"
        self._open_files = ExitStack()
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._buffered: dict[str, list[pa.Table]] = {}
        self._buffered_bytes: dict[str, int] = {}

    def add(self, key: str, rows: pa.Table | pa.RecordBatch) -> None:
        """Adds rows to the file of the table `key`: columns in any order, of types that can be cast to the declared ones."""
        if not rows.num_rows:
            return
        schema = TABLES[key].schema
        table = pa.Table.from_batches([rows]) if isinstance(rows, pa.RecordBatch) else rows
        self._buffered.setdefault(key, []).append(table.select(schema.names).cast(schema))
        self._buffered_bytes[key] = self._buffered_bytes.get(key, 0) + table.nbytes
        if self._buffered_bytes[key] >= _ROW_GROUP:
            self._flush(key)

    @property
    def paths(self) -> list[tuple[str, str]]:
        """Table key and path, relative to the table, of each file that was begun."""
        return [(key, self._place) for key in self._buffered]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._open_files:
            if kind is None:
                for key in self._buffered:
                    self._flush(key)

    def _flush(self, key: str) -> None:
        if key not in self._writers:
            path = f"{self._base}/{key}/{self._place}"
            self._files.create_dir(path.rpartition("/")[0], recursive=True)
            # nearly all columns are ids, hashes and texts, no two alike: looking for repeated values only takes time
            writer = pq.ParquetWriter(
                path, TABLES[key].schema, filesystem=self._files, compression="zstd", use_dictionary=False
            )
            self._writers[key] = self._open_files.enter_context(writer)
        if self._buffered[key]:
            self._writers[key].write_table(pa.concat_tables(self._buffered[key]))
            self._buffered[key].clear()
            self._buffered_bytes[key] = 0


def staged_files(files: fs.FileSystem, root: str, table: Table, folder: str) -> Staged:
    """What was staged in a run's `folder` of the table that lies at `root`: every Parquet file.

    Paths are relative to the table; files without rows are left out. Raises ValueError when a footer declares another schema than
    the table: the commit that names the files will not check it.
    """
    place = fs.FileSelector(f"{root}/{folder}", allow_not_found=True, recursive=True)
    return _counted(files, root, table, [item for item in files.get_file_info(place) if item.path.endswith(".parquet")])


def named_files(files: fs.FileSystem, root: str, table: Table, paths: Collection[str]) -> Staged:
    """As `staged_files` the files with these paths, in whatever folders they lie. Raises ValueError when one is not there, too."""
    found = [item for item in files.get_file_info([f"{root}/{path}" for path in paths]) if item.is_file]
    if len(found) < len(paths):
        raise ValueError(f"{len(paths) - len(found)} of {len(paths)} files of {table.key} are not in the lake")
    return _counted(files, root, table, found)


def _counted(files: fs.FileSystem, root: str, table: Table, listing: Iterable[fs.FileInfo]) -> Staged:
    sizes = {item.path.removeprefix(f"{root}/"): item.size for item in sorted(listing, key=lambda item: item.path)}
    counted = ((path, size, _rows_of_declared_schema(files, f"{root}/{path}", table)) for path, size in sizes.items())
    return Staged(table, tuple(file for file in counted if file[2]))


def _rows_of_declared_schema(files: fs.FileSystem, path: str, table: Table) -> int:
    with files.open_input_file(path) as file:
        footer = pq.ParquetFile(file)
        written = footer.schema_arrow
        if not nullable(written).equals(table.schema):
            raise ValueError(f"{path} has the schema {written}, {table.key} declares {table.schema}")
        return footer.metadata.num_rows
