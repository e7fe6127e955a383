"""Rows written batch by batch: one file a table, row groups of bounded size, and only named files are staged."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lake.storage import staging as module
from lake.storage.staging import named_files
from lake.storage.store import Lake
from lake.tables import TABLES

KEY, SIDE = "silver/embeddings", "silver/instructions_rejected"


def vectors(*hashes: str) -> pa.Table:
    """Rows of KEY with their columns in another order than declared."""
    return pa.table({"vector": [b"\0" * 8] * len(hashes), "embedder": ["e"] * len(hashes), "text_hash": list(hashes)})


def test_batches_become_one_file_a_table_with_the_declared_columns(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    with lake.staging_writer("run-a") as writer:
        writer.add(KEY, vectors("a", "b"))
        writer.add(SIDE, TABLES[SIDE].schema.empty_table())
        writer.add(KEY, vectors("c").to_batches()[0])
    [(key, path)] = writer.paths
    assert key == KEY and lake.staged(SIDE, "run-a").rows == 0
    staged = lake.staged(KEY, "run-a")
    assert staged.paths == (path,) and staged.rows == 3
    found = pq.read_table(tmp_path / KEY / path)
    assert found.schema.equals(TABLES[KEY].schema) and found["text_hash"].to_pylist() == ["a", "b", "c"]


def test_rows_wait_in_memory_only_until_they_fill_a_row_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ROW_GROUP", 100)
    with Lake(str(tmp_path)).staging_writer("run-a") as writer:
        for number in range(12):
            writer.add(KEY, vectors(f"{number:032}"))
    [(_, path)] = writer.paths
    footer = pq.ParquetFile(tmp_path / KEY / path).metadata
    assert footer.num_rows == 12 and 1 < footer.num_row_groups < 12


def test_a_file_that_nobody_names_is_not_staged(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    for number, name in enumerate(("failed", "good")):
        with lake.staging_writer("run-a", number) as writer:
            writer.add(KEY, vectors(name))
    staged = named_files(lake.files, lake.path(KEY), TABLES[KEY], {path for _, path in writer.paths})
    assert [lake.files.get_file_info(lake.path(f"{KEY}/{path}")).is_file for path in staged.paths] == [True]
    assert pq.read_table(tmp_path / KEY / staged.paths[0])["text_hash"].to_pylist() == ["good"]


def test_a_block_that_fails_closes_its_files_and_writes_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(str(tmp_path))
    with pytest.raises(ZeroDivisionError), lake.staging_writer("run-a") as writer:
        with monkeypatch.context() as small:
            small.setattr(module, "_ROW_GROUP", 1)
            writer.add(KEY, vectors("a"))
        writer.add(KEY, vectors("b"))
        raise ZeroDivisionError
    [(_, path)] = writer.paths
    assert pq.read_table(tmp_path / KEY / path)["text_hash"].to_pylist() == ["a"]


def test_a_named_file_that_is_not_there_stops_the_stage(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    with lake.staging_writer("run-a") as writer:
        writer.add(KEY, vectors("a"))
    with pytest.raises(ValueError, match="1 of 2 files of silver/embeddings are not in the lake"):
        named_files(
            lake.files, lake.path(KEY), TABLES[KEY], {*(path for _, path in writer.paths), "run-a/lost.parquet"}
        )
