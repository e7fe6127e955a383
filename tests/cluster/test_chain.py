"""What follows the distilled items, on a lake in an object store: trained, killed, gone on with elsewhere, released, taken back, copied.

The small lake of the tests is copied into SeaweedFS. Each step is taken as a machine of its own would: in a folder that knows nothing of the
others. Toys are trained; what is compared is what the store has.
"""

import os
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import obstore
import pytest
import toy
import yaml
from lakes import ROWS, publish, small_lake
from object_server import object_server
from pyarrow import fs
from released_files import contents
from tiny_chat import write_tiny_chat

from dagster_project.lib.serve import _pages_server
from lake.harness.profiles import load_profile
from lake.harness.run import run_stage
from lake.ids import sha256_folder
from lake.settings import local_path
from lake.stages import STAGES
from lake.storage.artifacts import at_hand
from lake.storage.store import Lake
from lake.tables import TABLES
from reports.exported import export
from reports.page import write_report
from reports.rebuild import rebuild

pytestmark = pytest.mark.long
ROOT = "s3://bucket/lake"
_TESTS = Path(__file__).parent.parent
_ANSWER = "<answer>Q: What is a kettle?\nA: A kettle is a thing of 12 parts that people use.</answer>"
# a process that is killed at the end of a training's fourth step, when the checkpoint of the third is whole
_KILLED = "import killed_trainings; killed_trainings._arm('step', 4); from lake.harness.run import main; main(['models/distiller_sft'])"
_TRAINED = (
    "models/distiller_sft",
    "models/distiller_grpo",
    "gold/heldout_answers",
    "models/champion",
    "reports/evaluation",
)


def _toys(base: Path) -> Mapping[str, Any]:
    """A profile that trains toys, for seconds."""
    return {
        "extends": "demo",
        "summary": "toys",
        "params": {
            "models/distiller_sft": {"recipe": toy.SFT | {"base": str(base), "save_steps": 1}},
            "models/distiller_grpo": {"recipe": toy.GRPO | {"reward_weights": {"coverage": 1.0}, "audit": "recorded"}},
            "gold/heldout_answers": {"challenger": {"kind": "scripted", "answers": [_ANSWER]}, "embedder": "static"},
            "reports/evaluation": {
                "base": toy.TINY, "arms": ["released", "random"], "seeds": [0], "tokens": 1200, "batch_tokens": 256, "max_length": 256,
                "items": 12, "written": 0, "resamples": 100,
            },
        },
    }  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where machines have their folders, and the profile that all of them know."""
    place = tmp_path_factory.mktemp("chain")
    write_tiny_chat(place / "tiny", toy.texts(), vocabulary=600, positions=512)
    (place / "toys.yaml").write_text(yaml.safe_dump(_toys(place / "tiny")))
    return place


@pytest.fixture(scope="module")
def keys(folder: Path) -> Iterator[Mapping[str, str]]:
    """What finds the object store; this process has it in its environment, and whatever it starts."""
    with object_server(folder / "store", "bucket") as keys, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIXLAKE_ROOT", ROOT)
        patch.setenv("MIXLAKE_PROFILE", str(folder / "toys.yaml"))
        for name, value in keys.items():
            patch.setenv(name, value)
        yield keys


@pytest.fixture(scope="module")
def landed(folder: Path, keys: Mapping[str, str]) -> Lake:
    """The small lake with a MIXTURE to learn from, copied into the store."""
    first = small_lake(folder / "first")
    publish(first, "gold/mixture", [{**ROWS["gold/mixture"][0], **row} for row in toy.mixture_rows()], run_id="toys")
    return copied(first, Lake(ROOT))


@pytest.fixture(scope="module")
def trained(folder: Path, landed: Lake) -> Mapping[str, Any]:
    """The reports of all that is trained, by stage, once the first training was killed on another machine."""
    home = machine(folder, "killed")
    search = os.pathsep.join([*map(str, (_TESTS, _TESTS / "trainers")), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": search}
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED], cwd=home, env=environment, capture_output=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()[-3000:]
    obstore.delete(
        landed.objects(), names(landed, "_leases")
    )  # else the next one waits a minute to see that it is dead
    machine(folder, "trains")
    return {key: run(landed, key) for key in _TRAINED}


@pytest.fixture(scope="module")
def released(folder: Path, trained: Mapping[str, Any], landed: Lake) -> Lake:
    """The lake with a release, made on a machine of its own."""
    machine(folder, "releases")
    for key in ("releases/current", "upkeep/removals"):
        assert run(landed, key).status == "published"
    return landed


def machine(folder: Path, name: str) -> Path:
    """The folder of a machine of this name, in which this process now stands: below it lies what is local of a lake in a store."""
    (folder / name).mkdir(exist_ok=True)
    os.chdir(folder / name)
    return folder / name


@pytest.fixture(scope="module", autouse=True)
def _back() -> Iterator[None]:
    here = Path.cwd()
    yield
    os.chdir(here)


def run(lake: Lake, key: str) -> Any:
    """The report of one run of a stage."""
    return run_stage(STAGES[key], load_profile(os.environ["MIXLAKE_PROFILE"]), lake)


def copied(one: Lake, other: Lake) -> Lake:
    """The other lake, once it has all that the one has."""
    fs.copy_files(one.path("").rstrip("/"), other.path("").rstrip("/"), one.files, other.files)
    return other


def names(lake: Lake, place: str = "") -> list[str]:
    """Every object of the lake in a place."""
    return [item["path"] for items in obstore.list(lake.objects(), place or None) for item in items if item["size"]]


def test_a_training_that_was_killed_goes_on_on_another_machine(trained: Mapping[str, Any], landed: Lake) -> None:
    assert {key: report.status for key, report in trained.items()} == dict.fromkeys(_TRAINED, "published")
    assert trained["models/distiller_sft"].metrics["resumed_at_step"] == 3
    assert names(landed, "unfinished") == []


def test_whoever_has_the_store_alone_has_the_models_the_release_and_the_pages(folder: Path, released: Lake) -> None:
    machine(folder, "reads")
    (row,) = released.dataset("models/distiller_grpo").to_table(["uri"]).to_pylist()
    assert any(name.endswith(".safetensors") for name in names(released, row["uri"]))
    export(released, folder / "out")
    rebuild(released, "mixlake", folder / "again")
    assert contents(folder / "out") == contents(folder / "again")
    write_report(released, None)
    assert {"reports/report.html", "reports/mixlake@0.html"} <= set(names(released, "reports"))
    machine(folder, "looks")
    with _pages_server(local_path(ROOT), 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for page in ("reports/report.html", "audits/index.html", *names(released, "audits/models-distiller_sft")[:1]):
            with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/{page}", timeout=60) as answer:
                assert answer.read() == released.read(page)
        server.shutdown()


def test_a_copy_in_a_folder_and_a_copy_of_that_in_a_store_are_lakes(folder: Path, released: Lake) -> None:
    machine(folder, "copies")
    export(released, folder / "whole")
    here = copied(released, Lake(str(folder / "copy")))
    back = copied(here, Lake("s3://bucket/back"))
    for number, lake in enumerate((here, back)):
        assert {key: lake.version(key) for key in TABLES} == {key: released.version(key) for key in TABLES}
        assert {run(lake, key).status for key in (*_TRAINED, "releases/current")} == {"up_to_date"}
        export(lake, folder / f"copied-{number}")
        assert contents(folder / f"copied-{number}") == contents(folder / "whole")
        (row,) = lake.dataset("models/distiller_grpo").to_table(["uri", "digest"]).to_pylist()
        assert sha256_folder(Path(at_hand(lake, row["uri"]))) == row["digest"]


def test_no_credential_stands_in_an_object_or_a_file_of_a_machine(
    folder: Path, keys: Mapping[str, str], released: Lake
) -> None:
    secret = keys["AWS_SECRET_ACCESS_KEY"].encode()
    assert [name for name in names(released) if secret in (released.read(name) or b"")] == []
    files = (file for home in folder.iterdir() if home.name != "store" for file in home.rglob("*") if file.is_file())
    assert [str(file) for file in files if secret in file.read_bytes()] == []
