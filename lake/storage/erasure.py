"""Erasure: rows leave every file of a table, in all its versions; files, versions and what commits say of themselves stay.

    part-0.parquet   rows a, b, c     log  add part-0.parquet, 3 rows     read by versions 0 and 1
    -> without b     rows a, c             add part-0.parquet, 2 rows     read by versions 0 and 1

A file is written anew without the rows, in the place of the old one, and the log is told its size and number of rows. So no reader
takes a table for changed, and every version can still be read. A commit without the rows would leave them in the versions before it, and to
remove those versions would take back what releases were made of.

Killed in the middle and started again, it goes on: a file that was replaced has nothing to erase, and the log is compared with the files.
Between the two the log names a wrong size, so nobody may work on the table meanwhile.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from lake.errors import StageFailed
from lake.storage.log import commits, files_below, logged_files, replace_file, rewrite_commits
from lake.storage.store import Lake

Mask = NDArray[np.bool_]
Goes = Callable[[pa.RecordBatch], Mask]  # True for each row that is to leave
_ERASED = ".erased"  # ends the name of a file that is to take the place of another
_ROWS = 4096  # in a batch: texts may be long


def parquet_files(lake: Lake, key: str) -> list[str]:
    """Every Parquet file in the folder of a table, relative to it: of any version, staged, or left behind by a run that died."""
    return [name for name in files_below(lake, key) if name.endswith(".parquet") and not name.startswith("_delta_log/")]


def scan(lake: Lake, key: str, columns: Sequence[str]) -> Iterator[tuple[str, pa.RecordBatch]]:
    """The rows of every Parquet file of a table, in batches, with the file's name: those of the columns that the file has."""
    for name in parquet_files(lake, key):
        with lake.files.open_input_file(lake.path(f"{key}/{name}")) as file:
            opened = _opened(file)
            there = [column for column in columns if column in opened.schema_arrow.names] if opened else []
            for batch in opened.iter_batches(_ROWS, columns=there) if opened and there else ():
                yield name, batch


def erase(lake: Lake, key: str, columns: Sequence[str], goes: Goes) -> int:
    """How many rows left the files of a table: those of which `goes`, shown the `columns` that a file has, says so.

    A file that cannot be read, left by a writer that was killed, is removed. Raises StageFailed where the log names such a file.
    """
    for name in files_below(lake, key):
        if name.endswith(_ERASED):
            lake.files.delete_file(lake.path(f"{key}/{name}"))
    named = logged_files(lake, key)
    shorter: dict[str, int] = {}
    for name in parquet_files(lake, key):
        left = _written_without(lake, key, name, columns, goes, name in named)
        if left:
            shorter[name] = left
    for name in shorter:
        replace_file(lake, key, name, _ERASED)
    if named:
        _correct_log(lake, key)
    return sum(shorter.values())


def _written_without(lake: Lake, key: str, name: str, columns: Sequence[str], goes: Goes, named: bool) -> int:
    """How many rows of a file are to leave; where there are any, the others lie beside it, ready to take its place."""
    path = lake.path(f"{key}/{name}")
    with lake.files.open_input_file(path) as source:
        file = _opened(source)
        if file is not None:
            there = [column for column in columns if column in file.schema_arrow.names]
            batches = file.iter_batches(_ROWS, columns=there) if there else ()
            left = sum(int(goes(batch).sum()) for batch in batches)
            if left:
                with lake.files.open_output_stream(f"{path}{_ERASED}") as target:
                    _copy_without(file, target, goes)
            return left
    if named:
        raise StageFailed(
            f"{key}/{name} cannot be read: its rows can be neither kept nor taken back; nothing was changed"
        )
    lake.files.delete_file(path)
    return 0


def _copy_without(file: pq.ParquetFile, target: pa.NativeFile, goes: Goes) -> None:
    # as lake.storage.staging writes them: no dictionaries, which could hold more than the rows do
    with pq.ParquetWriter(target, file.schema_arrow, compression="zstd", use_dictionary=False) as writer:
        for group in range(file.num_row_groups):
            for batch in file.iter_batches(_ROWS, row_groups=[group]):
                kept = batch.filter(pa.array(~goes(batch)))
                if kept.num_rows:
                    writer.write_batch(kept)


def _opened(file: pa.NativeFile) -> pq.ParquetFile | None:
    try:
        return pq.ParquetFile(file)
    except (pa.ArrowInvalid, OSError):
        return None


def _correct_log(lake: Lake, key: str) -> None:
    """Makes the log name the size and number of rows that each file has."""
    true = dict(_true_figures(lake, key))
    changed = [
        (version, actions)
        for version, actions in commits(lake, key)
        if any([_corrected(action, true) for action in actions])
    ]
    if changed:
        rewrite_commits(lake, key, changed, _ERASED)


def _true_figures(lake: Lake, key: str) -> Iterator[tuple[str, tuple[int, int]]]:
    for name in parquet_files(lake, key):
        path = lake.path(f"{key}/{name}")
        with lake.files.open_input_file(path) as file:
            opened = _opened(file)
            if opened:
                yield name, (file.size(), opened.metadata.num_rows)


def _corrected(action: dict[str, Any], true: Mapping[str, tuple[int, int]]) -> bool:
    """Whether the action named other figures than the file has; it names those now, and nothing else that was known of its rows.

    Of a file that is gone, too, it names no more than size and rows: another writer may have noted the least and the greatest text.
    """
    named = next((action[kind] for kind in ("add", "remove") if kind in action), None)
    if named is None:
        return False
    figures, noted = true.get(unquote(named["path"])), json.loads(named.get("stats") or "{}")
    size, rows = figures or (named.get("size"), noted.get("numRecords"))
    if (
        named.get("size", size) in (size, None)
        and noted.get("numRecords", rows) == rows
        and (figures or len(noted) < 2)
    ):
        return False
    named |= {"size": size} | ({"stats": json.dumps({"numRecords": rows})} if noted else {})
    return True
