"""Rows written as Parquet files of a run, batch by batch: by the process of an Arrow stage, or by each task of Spark's workers."""

from contextlib import ExitStack
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from lake.tables import TABLES

_GROUP = 32 * 2**20  # bytes of rows that wait in memory for a row group of their file


class Parts:
    """One file for each table that rows are added to, in the run's subfolder of the table; closed at the end of a `with` block.

    files, base: the lake's file system and its root there. name: of the files, without a suffix; no two writers of a run may share it,
    and no two runs, since one path removed and added in one commit is read differently by different readers.
    """

    def __init__(self, files: fs.FileSystem, base: str, folder: str, name: str) -> None:
        self._files, self._base = files, base
        self._place = f"{folder}/{name}.parquet"
        self._open = ExitStack()
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._waiting: dict[str, list[pa.Table]] = {}
        self._bytes: dict[str, int] = {}  # of what waits

    def add(self, key: str, rows: pa.Table | pa.RecordBatch) -> None:
        """Adds rows to the file of the table `key`: columns in any order, of types that can be cast to the declared ones."""
        if not rows.num_rows:
            return
        schema = TABLES[key].schema
        table = pa.Table.from_batches([rows]) if isinstance(rows, pa.RecordBatch) else rows
        self._waiting.setdefault(key, []).append(table.select(schema.names).cast(schema))
        self._bytes[key] = self._bytes.get(key, 0) + table.nbytes
        if self._bytes[key] >= _GROUP:
            self._write(key)

    @property
    def paths(self) -> list[tuple[str, str]]:
        """Table key and path, relative to the table, of each file that was begun."""
        return [(key, self._place) for key in self._waiting]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._open:
            if kind is None:
                for key in self._waiting:
                    self._write(key)

    def _write(self, key: str) -> None:
        if key not in self._writers:
            self._writers[key] = self._open.enter_context(self._opened(key))
        if self._waiting[key]:
            self._writers[key].write_table(pa.concat_tables(self._waiting[key]))
            self._waiting[key].clear()
            self._bytes[key] = 0

    def _opened(self, key: str) -> pq.ParquetWriter:
        path = f"{self._base}/{key}/{self._place}"
        self._files.create_dir(path.rpartition("/")[0], recursive=True)
        # nearly all columns are ids, hashes and texts, no two alike: looking for repeated values only takes time
        return pq.ParquetWriter(
            path, TABLES[key].schema, filesystem=self._files, compression="zstd", use_dictionary=False
        )
