"""A lake in an object store, worked on by a Spark cluster whose workers share no disk, becomes the lake that one machine makes in a folder.

SeaweedFS keeps the lake; a standalone master and two workers do the Spark stages, and one worker is killed in the middle of one. What is
compared is read by deltalake alone, each table row by row.
"""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import obstore
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from lakes import ROWS, publish
from object_server import object_server
from standalone import Cluster, patiently, standalone
from worded import raw_files

from lake.settings import settings
from lake.storage.artifacts import add_folder, at_hand, folders_in, remove
from lake.storage.places import delta_address
from lake.storage.store import Lake
from lake.tables import TABLES

pytestmark = pytest.mark.long
ROOT = "s3://bucket/lake"
_PROFILE = """extends: demo
summary: no model
params:
  silver/unique_instructions: {max_loss: 1.0}
  silver/ratings: {beside: []}
  silver/embeddings: {embedder: static}
  silver/quality: {embedder: static}
  silver/groups: {embedder: static, least_size: 2}
"""
_KILLED_IN = "silver/unique_instructions"
_OWN = {"uri", "registered_at"}  # columns that tell of the place of a lake, or of the moment
Row = Mapping[str, Any]


class Mixlake(NamedTuple):
    """The command line in a folder, with an environment."""

    folder: Path
    environment: Mapping[str, str]

    def __call__(self, *arguments: str) -> None:
        """Runs a command; fails where it does."""
        done = subprocess.run(
            self._command(*arguments), env=dict(self.environment), cwd=self.folder, capture_output=True, text=True, check=False
        )  # fmt: skip
        assert done.returncode == 0, f"{arguments}: {done.stdout[-3000:]}\n{done.stderr[-3000:]}"

    def killing(self, cluster: Cluster, *arguments: str) -> None:
        """The same, in which a worker is killed as soon as _KILLED_IN has begun."""
        log = self.folder / "run.log"
        with log.open("w") as lines:
            process = subprocess.Popen(
                self._command(*arguments), env=dict(self.environment), cwd=self.folder, stdout=lines, stderr=lines
            )

        def begun() -> bool:
            assert process.poll() is None, log.read_text()[-6000:]
            return f"... {_KILLED_IN}" in log.read_text()

        patiently(begun, f"all before {_KILLED_IN}", seconds=600)
        cluster.kill_a_worker()
        assert process.wait(timeout=900) == 0, log.read_text()[-6000:]

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "lake.cli", *arguments]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of which no worker sees anything."""
    place = tmp_path_factory.mktemp("cluster")
    (place / "rules.yaml").write_text(_PROFILE)
    raw_files(place / "raw")
    return place


@pytest.fixture(scope="module")
def store(folder: Path) -> Iterator[Mapping[str, str]]:
    """What a process needs to find the object store; this one has it in its environment."""
    with object_server(folder / "store", "bucket") as keys, pytest.MonkeyPatch.context() as patch:
        for name, value in keys.items():
            patch.setenv(name, value)
        yield keys


@pytest.fixture(scope="module")
def alone(folder: Path) -> Lake:
    """The lake that one machine makes in a folder."""
    mixlake = commands(folder, MIXLAKE_ROOT=str(folder / "lake"), MIXLAKE_SPARK_MASTER="local[2]")
    return made(mixlake, mixlake)


@pytest.fixture(scope="module")
def spread(folder: Path, store: Mapping[str, str]) -> Iterator[Lake]:
    """The lake that a cluster makes in an object store."""
    hidden = (folder, settings().cache)
    with standalone(folder / "spark", hidden, {**os.environ, **store}) as cluster:
        mixlake = commands(
            folder, **store, MIXLAKE_ROOT=ROOT, MIXLAKE_SPARK_MASTER=cluster.master,
            MIXLAKE_SPARK_CONF="spark.driver.host=127.0.0.1;spark.driver.bindAddress=127.0.0.1;spark.executor.memory=800m",
        )  # fmt: skip
        lake = made(mixlake, lambda *arguments: mixlake.killing(cluster, *arguments))
        assert cluster.state()["aliveworkers"] == 1
        yield lake


def commands(folder: Path, **environment: str) -> Mixlake:
    given = {"MIXLAKE_PROFILE": str(folder / "rules.yaml"), "MIXLAKE_DRIVER_MEMORY": "1g"}
    return Mixlake(folder, {**os.environ, **given, **environment})


def made(mixlake: Mixlake, to_groups: Callable[..., None]) -> Lake:
    """The lake of these commands, brought from raw files to distilled items."""
    lake = Lake(mixlake.environment["MIXLAKE_ROOT"])
    for file in sorted((mixlake.folder / "raw").iterdir()):
        mixlake("ingest", str(file), "--source", file.stem, "--licence", "CC0-1.0", "--copy")
    to_groups("run", "--to", "silver/groups")
    publish(lake, "models/champion", ROWS["models/champion"][:1], {"models/in_service": ROWS["models/in_service"]})
    mixlake("run", "gold/distilled")
    return lake


def rows(lake: Lake, key: str) -> list[Row]:
    """The rows of the newest version of a table, as deltalake reads it."""
    address = delta_address(lake.root, key)
    columns = [name for name in TABLES[key].schema.names if name not in _OWN]
    return DeltaTable(address.uri, storage_options=address.options).to_pyarrow_dataset().to_table(columns).to_pylist()


def objects(lake: Lake) -> Iterator[str]:
    """What each object of a lake in a store says: of Parquet its rows and statistics."""
    store = lake.objects()
    for found in (
        item for items in obstore.list(store) for item in items if item["size"]
    ):  # a folder is an empty object
        content = bytes(obstore.get(store, found["path"]).bytes())
        if found["path"].endswith(".parquet"):
            file = pq.ParquetFile(pa.BufferReader(content))
            yield str(file.read().to_pylist()) + str(file.metadata.to_dict())
        else:
            yield content.decode("utf-8", "replace")


def test_both_lakes_have_the_same_rows_in_every_table(alone: Lake, spread: Lake) -> None:
    tables = [key for key in TABLES if alone.version(key) is not None]
    assert [key for key in TABLES if spread.version(key) is not None] == tables
    found = {key: (sorted(map(str, rows(alone, key))), sorted(map(str, rows(spread, key)))) for key in tables}
    assert {key for key, (one, other) in found.items() if one != other} == set()
    counts = {key: len(one) for key, (one, _) in found.items()}
    assert counts["bronze/instructions"] == 300 and counts["silver/duplicates"] > 10
    assert counts["silver/groups"] > 100 and counts["gold/distilled"] > 5


def test_nothing_that_a_stage_kept_while_it_ran_is_left(spread: Lake) -> None:
    assert list(folders_in(spread, "checkpoints")) == []


def test_a_row_that_is_forgotten_is_in_no_object_of_the_store(
    folder: Path, store: Mapping[str, str], spread: Lake
) -> None:
    drawn = [row for row in rows(spread, "bronze/instructions") if row["source"] == "drawn"]
    asked = Counter(row["messages"][0]["content"] for row in drawn)
    row = next(
        row for row in drawn if asked[row["messages"][0]["content"]] == 1 and len(row["messages"][0]["content"]) > 40
    )
    words = row["messages"][0]["content"]
    assert any(words in content for content in objects(spread))
    commands(folder, **store, MIXLAKE_ROOT=ROOT)("forget", row["id"], "--reason", "asked for")
    assert [content[:300] for content in objects(spread) if words in content] == []


@pytest.mark.usefixtures("store")
def test_a_folder_is_put_into_the_store_once_and_brought_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where what is brought is kept
    lake, name = Lake("s3://bucket/other"), "artifacts/embedders/digest"
    for path in ("a.json", "sub/b.json", "sub/notes.txt"):
        (tmp_path / "model" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "model" / path).write_text(path)
    for _ in range(2):
        add_folder(lake, name, tmp_path / "model", ["*.json"])
    here = Path(at_hand(lake, name))
    assert {path.relative_to(here).as_posix(): path.read_text() for path in here.rglob("*") if path.is_file()} == {
        "a.json": "a.json", "sub/b.json": "sub/b.json",
    }  # fmt: skip
    assert not list(here.parent.glob(".*"))
    remove(lake, name)
    assert not here.exists() and list(folders_in(lake, "artifacts/embedders")) == []
