"""Killed anywhere and started again, a training ends with the weights that it would have had, bit for bit."""

import json
import os
import pickle
import signal
from pathlib import Path
from typing import Any

import killed_trainings
import pytest
import toy

from lake.harness.unfinished import Unfinished
from trainers.resume import Resumed, newest, seal

# five steps make an epoch: a checkpoint lies within each of two, one on the border
SFT = {"max_steps": 9, "save_steps": 1, "lora": {"rank": 4, "alpha": 8, "dropout": 0.1}}
# a rollout of 8 prompts makes 4 updates, and the 20 prompts give 2 rollouts an epoch: the third is of the second epoch
GRPO = {
    "max_steps": 16, "steps_per_generation": 4, "save_steps": 4, "reward_weights": {"letters": 1.0}, "learning_rate": 1e-3,
}  # fmt: skip


@pytest.fixture(scope="module")
def undisturbed(toy_sft: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    code, row = killed_trainings.run("sft", tmp_path_factory.mktemp("undisturbed"), toy_sft | SFT)
    assert code == 0 and row["steps"] == 9
    return row


@pytest.mark.parametrize(
    ("kills", "resumed_at"),
    [
        pytest.param([("step", 6)], 5, id="at an epoch's border"),
        pytest.param([("step", 1)], 0, id="before the first checkpoint", marks=pytest.mark.long),
        pytest.param([("step", 3), ("step", 8)], 7, id="twice", marks=pytest.mark.long),
        pytest.param([("sealed", 5), ("saved", 6)], 5, id="while it saves, twice", marks=pytest.mark.long),
        pytest.param([("written", 0)], 8, id="after training", marks=pytest.mark.long),
    ],
)
def test_a_killed_fine_tuning_ends_with_the_weights_it_would_have_had(
    kills: list[tuple[str, int]], resumed_at: int, undisturbed: dict[str, Any], toy_sft: dict[str, Any], tmp_path: Path
) -> None:
    for kill in kills:
        assert killed_trainings.run("sft", tmp_path, toy_sft | SFT, kill=kill) == (-signal.SIGKILL, {})
    code, row = killed_trainings.run("sft", tmp_path, toy_sft | SFT)
    assert code == 0 and row["metrics"]["resumed_at_step"] == resumed_at
    assert row["digest"] == undisturbed["digest"]
    assert row["curve"] == undisturbed["curve"]
    assert len(list((tmp_path / "unfinished").glob("*/checkpoint-*"))) == 1


@pytest.fixture(scope="module")
def start(toy_sft: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    code, row = killed_trainings.run("sft", tmp_path_factory.mktemp("start"), toy_sft)
    assert code == 0
    return {name: row[name] for name in row if name != "metrics"}


@pytest.mark.long
def test_a_killed_grpo_ends_with_the_weights_it_would_have_had(start: dict[str, Any], tmp_path: Path) -> None:
    code, undisturbed = killed_trainings.run("grpo", tmp_path / "undisturbed", toy.GRPO | GRPO, start)
    assert code == 0 and undisturbed["weight_change"] > 0
    assert not undisturbed["metrics"]["has_vllm"]  # which takes ten seconds to import
    # within a rollout, and within the second epoch
    for step in (6, 14):
        assert killed_trainings.run("grpo", tmp_path / "killed", toy.GRPO | GRPO, start, ("step", step)) == (
            -signal.SIGKILL,
            {},
        )
    code, row = killed_trainings.run("grpo", tmp_path / "killed", toy.GRPO | GRPO, start)
    assert code == 0 and row["metrics"]["resumed_at_step"] == 12
    assert row["digest"] == undisturbed["digest"]
    steady = [point for point in row["curve"] if "time" not in point["name"]]
    assert steady == [point for point in undisturbed["curve"] if "time" not in point["name"]]


@pytest.mark.long
def test_a_limited_training_goes_on_with_the_time_that_was_left(toy_sft: dict[str, Any], tmp_path: Path) -> None:
    recipe = toy_sft | SFT | {"max_steps": 100_000, "time_limit_s": 3600.0}
    assert killed_trainings.run("sft", tmp_path, recipe, kill=("step", 3))[0] == -signal.SIGKILL
    [mark] = (tmp_path / "unfinished").glob("*/checkpoint-2/whole.json")
    assert 0 < json.loads(mark.read_text())["spent_s"] < 3600
    mark.write_text(json.dumps({"spent_s": 3599.999}))
    code, row = killed_trainings.run("sft", tmp_path, recipe)
    assert code == 0 and row["steps"] == 3, "the clock began anew"


def test_what_goes_on_is_read_without_running_anything_in_it(toy_sft: dict[str, Any], tmp_path: Path) -> None:
    recipe = toy_sft | SFT
    assert killed_trainings.run("sft", tmp_path, recipe, kill=("step", 4))[0] == -signal.SIGKILL
    [states] = (tmp_path / "unfinished").glob("*/checkpoint-3/rng_state.pth")
    states.write_bytes(pickle.dumps(Trap(str(tmp_path / "sprung"))))
    code, row = killed_trainings.run("sft", tmp_path, recipe)
    assert (code, row) == (1, {}) and not (tmp_path / "sprung").exists()


class Trap:
    """Unpickled, it leaves a folder behind."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (self._path,)


def test_only_a_sealed_checkpoint_counts_and_one_is_kept(tmp_path: Path) -> None:
    assert newest(tmp_path) == Resumed()
    for step in (5, 10, 15):
        (tmp_path / f"checkpoint-{step}").mkdir()
        (tmp_path / f"checkpoint-{step}" / "weights").write_text("w")
    assert newest(tmp_path) == Resumed()
    seal(Unfinished(tmp_path, str(tmp_path)), 10, 2.5)
    assert newest(tmp_path) == Resumed(tmp_path / "checkpoint-10", 10, 2.5)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-10"]


@pytest.mark.long
def test_the_model_in_the_box_goes_on_too(tmp_path: Path) -> None:
    recipe = toy.SFT | {
        "base": "embedded", "max_steps": 3, "save_steps": 1, "per_device_train_batch_size": 1, "evaluation_items": 1,
        "max_completion_length": 64, "lora": {"rank": 2, "alpha": 4, "last_blocks": 1},
    }  # fmt: skip
    code, undisturbed = killed_trainings.run("sft", tmp_path / "undisturbed", recipe)
    assert code == 0
    assert killed_trainings.run("sft", tmp_path / "killed", recipe, kill=("step", 2))[0] == -signal.SIGKILL
    code, row = killed_trainings.run("sft", tmp_path / "killed", recipe)
    assert code == 0 and row["metrics"]["resumed_at_step"] == 1
    assert row["digest"] == undisturbed["digest"]
