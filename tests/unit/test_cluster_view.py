"""What workers on other machines could not see is refused before anything runs."""

import socket
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from lakes import publish

from lake.engines import spark as engines
from lake.engines.cluster import check_master_answers, check_workers_see
from lake.engines.spark import SparkFrames, start_ahead
from lake.errors import UserError
from lake.landing.pending import STAGES as READING
from lake.landing.register import Entry, register
from lake.settings import Settings, settings
from lake.stages import STAGES
from lake.storage.publication import now
from lake.storage.store import Lake


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    monkeypatch.setenv("MIXLAKE_ROOT", str(tmp_path / "lake"))
    monkeypatch.setenv("MIXLAKE_SPARK_MASTER", "spark://host:7077")
    return settings()


def registered(lake: Lake, folder: Path) -> str:
    file = folder / "a.jsonl"
    file.write_text('{"prompt": "Which bowl?", "response": "The blue one."}\n')
    register(lake, Entry(str(file), "notes", "MIT"))
    return str(file)


def test_a_remote_master_with_a_lake_on_this_disk_is_refused(remote: Settings, tmp_path: Path) -> None:
    lake = Lake(remote.root)
    with pytest.raises(
        UserError, match=r"lies on this machine's disk, .* MIXLAKE_ROOT to an object store.*MIXLAKE_SHARED"
    ):
        start_ahead(lake, ["silver/groups"])
    start_ahead(lake, ["silver/ratings"])  # asks for no worker
    for master in ("local[2]", "local"):
        check_workers_see(replace(remote, spark_master=master), lake)


def test_a_standalone_master_that_does_not_answer_is_named(remote: Settings) -> None:
    """Spark tries for a minute, and then ends as if it had been killed."""
    with socket.create_server(("127.0.0.1", 0)) as answers:
        there = f"127.0.0.1:{answers.getsockname()[1]}"
        for master in (f"spark://{there}", f"spark://127.0.0.1:1,{there}", "k8s://https://127.0.0.1:1", "local[2]"):
            check_master_answers(replace(remote, spark_master=master))
    for master in (f"spark://{there}", "spark://127.0.0.1:70000", "spark://127.0.0.1", "spark://127.0.0.1:x"):
        with pytest.raises(UserError, match=f"MIXLAKE_SPARK_MASTER is {master}.*spark://HOST:PORT"):
            check_master_answers(replace(remote, spark_master=master))


def test_a_raw_file_on_this_disk_is_refused_until_it_was_read(remote: Settings, tmp_path: Path) -> None:
    lake, here = Lake(remote.root), replace(remote, shared=(Path(remote.root),))
    check_workers_see(here, lake)
    file = registered(lake, tmp_path)
    with pytest.raises(UserError, match=f"{file} lies on this machine's disk, .*--copy.*MIXLAKE_SHARED"):
        check_workers_see(here, lake)
    check_workers_see(replace(here, shared=(tmp_path,)), lake)
    for stage in READING:
        publish(lake, stage, [], moment=now())
    check_workers_see(here, lake)
    with pytest.raises(UserError, match=file):
        check_workers_see(here, lake, rebuild=True)


def test_partitions_of_a_cluster_follow_the_data(
    remote: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spark = SimpleNamespace(sparkContext=SimpleNamespace(defaultParallelism=4))
    monkeypatch.setattr(engines, "shared_session", lambda: cast("Any", spark))
    frames = SparkFrames(Lake(remote.root))
    stage = STAGES["silver/instructions"]
    assert frames.fitting(stage) == {"spark.sql.shuffle.partitions": "8"}
    monkeypatch.setattr(Lake, "stored_bytes", lambda self, key: 2**32)
    assert frames.fitting(stage) == {"spark.sql.shuffle.partitions": "128"}
    monkeypatch.setenv("MIXLAKE_SPARK_CONF", "spark.sql.shuffle.partitions=7")
    assert frames.fitting(stage) == {}
