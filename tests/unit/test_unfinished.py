"""What a killed run left is found by the same inputs, params and code alone, on whatever machine, and one stage keeps no more than one."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from buckets import Served, served

from lake.harness.unfinished import forget_unfinished, unfinished
from lake.storage.publication import Fingerprint
from lake.storage.store import Lake

STAGE = "models/distiller_sft"
WANTED = Fingerprint(inputs={"gold/mixture": 3}, params_hash="p", code_hash="c")
OTHERS = [
    WANTED.model_copy(update=change)
    for change in ({"inputs": {"gold/mixture": 4}}, {"params_hash": "q"}, {"code_hash": "d"})
]


def test_another_training_finds_nothing_and_removes_what_it_cannot_use(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    for other in OTHERS:
        folder = unfinished(lake, STAGE, WANTED).folder
        folder.mkdir(parents=True)
        assert unfinished(lake, STAGE, WANTED).folder == folder and folder.is_dir()
        assert not unfinished(lake, STAGE, other).folder.exists()
        assert not folder.exists()


def test_stages_keep_their_own_until_they_end(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    folders = [unfinished(lake, f"models/distiller_{one}", WANTED).folder for one in ("sft", "grpo")]
    for folder in folders:
        folder.mkdir(parents=True)
    forget_unfinished(lake, STAGE)
    assert [folder.is_dir() for folder in folders] == [False, True]


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    with served() as there:
        for name, value in there.environment.items():
            monkeypatch.setenv(name, value)
        yield there


@pytest.fixture
def on(tmp_path: Path, bucket: Served, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Lake]:
    """A lake in a bucket as a machine of this name sees it."""

    def machine(name: str) -> Lake:
        (tmp_path / name).mkdir(exist_ok=True)
        monkeypatch.chdir(tmp_path / name)  # below which a lake in a store has its local folder
        return Lake("s3://bucket/lake")

    return machine


def test_a_lake_in_a_store_has_what_is_whole_and_another_machine_goes_on_from_it(
    on: Callable[[str], Lake], bucket: Served
) -> None:
    begun = unfinished(on("first"), STAGE, WANTED).inside("of a model")
    for name in ("checkpoint-5/weights", "checkpoint-9/weights"):
        (begun.folder / name).parent.mkdir(parents=True)
        (begun.folder / name).write_text(name)
    begun.keep(begun.folder / "checkpoint-5")
    found = unfinished(on("second"), STAGE, WANTED).inside("of a model")
    assert [path.name for path in found.folder.iterdir()] == ["checkpoint-5"]
    assert (found.folder / "checkpoint-5" / "weights").read_text() == "checkpoint-5/weights"
    (found.folder / "checkpoint-7.json").write_text("{}")
    found.keep(found.folder / "checkpoint-7.json")
    found.drop(found.folder / "checkpoint-5")
    again = unfinished(on("first"), STAGE, WANTED).inside("of a model")
    assert [path.name for path in again.folder.iterdir()] == ["checkpoint-7.json"], "the store's is what counts"
    assert not unfinished(on("first"), STAGE, OTHERS[0]).folder.exists()
    assert not bucket.objects


def test_nothing_is_left_of_a_run_that_ended_in_a_store(on: Callable[[str], Lake], bucket: Served) -> None:
    begun = unfinished(on("first"), STAGE, WANTED)
    begun.folder.mkdir(parents=True)
    (begun.folder / "a.json").write_text("{}")
    begun.keep(begun.folder)
    assert len(bucket.objects) == 1
    forget_unfinished(on("second"), STAGE)
    assert not bucket.objects
