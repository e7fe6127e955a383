"""A lake of the first format is brought to that of today, every version of it, whatever happens on the way."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from deltalake import CommitProperties, DeltaTable, write_deltalake

import lake.storage.migration
from lake.cli.main import main
from lake.errors import UserError
from lake.storage.log import Actions
from lake.storage.migration import Migrated, format_of, migrate
from lake.storage.publication import FORMAT, OLDEST
from lake.storage.store import Lake

VECTORS, RECORDS = "silver/embeddings", "silver/duplicates"
NUMBERS = [[0.5, -0.25, 1e-7], [1.0, 0.0, -1.0], [0.1, 0.2, 0.3]]


def written(lake: Lake, key: str, rows: list[dict[str, Any]], schema: pa.Schema, format_: int = 1) -> None:
    """Adds rows as the first format did: what a commit says of itself names the format."""
    told = {
        "format": format_, "stage": key, "run_id": "run", "published_at": "2024-05-17T09:30:00Z", "inputs": {}, "params_hash": "p",
        "code_hash": "c", "suite": "s",
    }  # fmt: skip
    properties = CommitProperties(custom_metadata={"userMetadata": json.dumps(told)})
    write_deltalake(lake.uri(key), pa.Table.from_pylist(rows, schema), mode="append", commit_properties=properties)


@pytest.fixture
def old(tmp_path: Path) -> Lake:
    """Vectors in two versions with a checkpoint, a table without vectors, and registrations, which name no format."""
    lake = Lake(str(tmp_path))
    vector = pa.list_(pa.field("element", pa.float32()))
    schema = pa.schema([("text_hash", pa.string()), ("embedder", pa.string()), ("vector", vector)])
    for number, numbers in enumerate(NUMBERS):
        written(lake, VECTORS, [{"text_hash": str(number), "embedder": "e", "vector": numbers}], schema)
    DeltaTable(lake.uri(VECTORS)).create_checkpoint()
    written(lake, RECORDS, [{"removed_id": "rec_1"}], pa.schema([("removed_id", pa.string())]))
    write_deltalake(lake.uri("landing/files"), pa.table({"uri": ["a"]}))
    return lake


def vectors(lake: Lake, version: int) -> dict[str, list[float]]:
    """The vectors of a version, by a reader that knows nothing of mixlake."""
    rows = DeltaTable(lake.uri(VECTORS), version=version).to_pyarrow_table().to_pylist()
    return {row["text_hash"]: np.frombuffer(row["vector"], "<f4").tolist() for row in rows}


def whole(lake: Lake) -> None:
    for version in range(len(NUMBERS)):
        expected = {str(n): np.array(numbers, "<f4").tolist() for n, numbers in enumerate(NUMBERS[: version + 1])}
        assert vectors(lake, version) == expected
    assert lake.dataset(VECTORS).to_table().num_rows == len(NUMBERS)
    assert lake.publication(RECORDS) is not None


def test_an_older_lake_is_refused_and_told_what_to_type(old: Lake) -> None:
    with pytest.raises(
        UserError,
        match=r"written by lake format 1, this mixlake reads format \d+: `mixlake migrate` brings the lake there",
    ):
        old.publication(VECTORS)


def test_every_version_can_be_read_afterwards(old: Lake) -> None:
    done = list(migrate(old))
    assert done == [Migrated(RECORDS, 1, 2, "vectors as bytes", 0), Migrated(VECTORS, 1, 2, "vectors as bytes", 3)]
    whole(old)
    assert DeltaTable(old.uri("landing/files")).to_pyarrow_table().to_pylist() == [{"uri": "a"}]
    assert list(migrate(old)) == []


def test_steps_lead_from_the_oldest_format_to_that_of_today() -> None:
    assert list(lake.storage.migration.STEPS) == list(range(OLDEST, FORMAT))


@pytest.mark.parametrize("commits", [0, 1, 2])
def test_a_migration_that_died_is_gone_on_with(old: Lake, monkeypatch: pytest.MonkeyPatch, commits: int) -> None:
    rewrite = lake.storage.migration.rewrite_commits

    def dies(lake_: Lake, key: str, changed: list[tuple[int, Actions]], ending: str) -> None:
        rewrite(lake_, key, changed[:commits], ending)
        raise KeyboardInterrupt

    monkeypatch.setattr(lake.storage.migration, "rewrite_commits", dies)
    with pytest.raises(KeyboardInterrupt):
        list(migrate(old))
    monkeypatch.undo()
    with pytest.raises(UserError, match="mixlake migrate"):
        old.publication(VECTORS)
    list(migrate(old))
    whole(old)


def test_a_format_that_no_step_leads_from_changes_nothing(old: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    written(old, "silver/ratings", [{"id": "rec_1"}], pa.schema([("id", pa.string())]), format_=FORMAT + 1)
    with pytest.raises(
        UserError, match=rf"silver/ratings was written by lake format {FORMAT + 1}: steps lead from 1 to {FORMAT}"
    ):
        list(migrate(old))
    assert format_of(old, VECTORS) == 1
    with pytest.raises(UserError, match="use another MIXLAKE_ROOT, or a newer mixlake"):
        old.publication("silver/ratings")


def test_the_command_tells_each_step(
    old: Lake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIXLAKE_ROOT", old.root)
    told = list(said(capsys))
    assert [line.split()[:3] for line in told[0].splitlines()[1:]] == [[RECORDS, "1", "2"], [VECTORS, "1", "2"]]
    assert told[1] == "Nothing to do: every table is of today's format.\n"


def said(capsys: pytest.CaptureFixture[str]) -> Iterator[str]:
    for _ in range(2):
        with pytest.raises(SystemExit) as left:
            main(["migrate"])
        assert left.value.code == 0
        yield capsys.readouterr().out
