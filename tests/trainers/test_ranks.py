"""A training in two processes is that of one with twice the accumulation, goes on after a kill, and leaves no process behind."""

import fcntl
import json
import multiprocessing as mp
import signal
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import killed_trainings
import pytest
import rank_works
import toy
from pydantic import ValidationError

from lake.errors import StageFailed, UserError
from trainers.grpo_recipe import GrpoRecipe
from trainers.ranks import alone, in_ranks
from trainers.recipe_files import load

# 20 rows are four steps of an epoch: 6, 6, 6 and 2 rows. The step after which a killed training goes on is the first of the second epoch
SFT = {"max_steps": 7, "per_device_train_batch_size": 3, "save_steps": 5}
# 12 completions a step of 3 prompts: those of the second are of both processes
GRPO = {
    "max_steps": 4, "per_device_train_batch_size": 6, "save_steps": 2, "reward_weights": {"letters": 1.0}, "processes": 2,
}  # fmt: skip


def values(row: Any, *names: str) -> list[float]:
    return [point["value"] for point in row["curve"] if point["name"] in names]


def test_a_process_that_dies_fails_the_stage_and_ends_the_others(tmp_path: Path) -> None:
    mixture = toy.dataset("gold/mixture", [])
    with pytest.raises(StageFailed, match="process 1 of the 2 that train together ended with code -9"):
        in_ranks(2, rank_works.dies, mixture, toy.context(tmp_path / "a"))
    assert not mp.active_children()


@pytest.mark.long
def test_what_one_process_refuses_is_the_reason_that_the_stage_gives(tmp_path: Path) -> None:
    mixture = toy.dataset("gold/mixture", [])
    with pytest.raises(StageFailed, match=r"^none of the rows fits$"):
        in_ranks(2, rank_works.refuses, mixture, toy.context(tmp_path / "a"))
    assert not mp.active_children()


@pytest.mark.long
def test_an_interrupt_ends_all_processes(tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        signal.raise_signal(signal.SIGINT)

    context = replace(toy.context(tmp_path / "a"), progress=interrupt)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has its background jobs ignore it
    try:
        with pytest.raises(KeyboardInterrupt):
            in_ranks(2, partial(rank_works.stays, tmp_path), toy.dataset("gold/mixture", []), context)
    finally:
        signal.signal(signal.SIGINT, before)
    assert not mp.active_children()


@pytest.mark.long
def test_processes_end_with_the_one_that_started_them(tmp_path: Path) -> None:
    code = killed_trainings.stays(tmp_path)
    assert code == -signal.SIGKILL
    for rank in "01":
        with (tmp_path / rank).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # given once its holder is no more


@pytest.fixture(scope="module")
def in_two(toy_sft: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    folder = tmp_path_factory.mktemp("two")
    code, row = killed_trainings.run("sft", folder, toy_sft | SFT | {"processes": 2})
    assert code == 0 and row["steps"] == 7 and row["train_rows"] == 20
    return row, folder


@pytest.mark.long
def test_two_processes_learn_what_one_does_with_twice_the_accumulation(
    in_two: tuple[dict[str, Any], Path], toy_sft: dict[str, Any], tmp_path: Path
) -> None:
    code, one = killed_trainings.run("sft", tmp_path, toy_sft | SFT | {"gradient_accumulation_steps": 2})
    two, _ = in_two
    assert code == 0 and one["steps"] == 7
    names = ("loss", "grad_norm")
    # the fourth step's two rows are a batch of two for the one and of three for the two, which rounds otherwise
    assert values(two, *names)[:6] == values(one, *names)[:6]
    assert values(two, *names) == pytest.approx(values(one, *names), rel=1e-4)
    start, alone_, together = (toy.weights(folder) for folder in (toy_sft["base"], one["uri"], two["uri"]))
    moved = max(float((alone_[name] - start[name]).abs().max()) for name in start)
    apart = max(float((alone_[name] - together[name]).abs().max()) for name in start)
    assert apart < 1e-3 * moved


@pytest.mark.long
def test_each_row_is_learned_from_once_an_epoch_by_one_of_the_processes(in_two: tuple[dict[str, Any], Path]) -> None:
    _, folder = in_two
    batches = [json.loads(path.read_text()) for path in sorted(folder.glob("artifacts-*/seen-*.json"))]
    assert [[len(rows) for rows in of_one] for of_one in batches] == [[3, 3, 3, 2, 3, 3, 3], [3, 3, 3, 0, 3, 3, 3]]
    epoch = Counter(str(row) for of_one in batches for rows in of_one[:4] for row in rows)
    assert len(epoch) == 20 and set(epoch.values()) == {1}


@pytest.mark.long
def test_the_first_process_alone_writes_a_checkpoint(in_two: tuple[dict[str, Any], Path]) -> None:
    row, folder = in_two
    [weights] = folder.rglob("artifacts-*/**/*.safetensors")
    assert weights.parent == Path(row["uri"])
    [kept] = (folder / "unfinished").glob("*/checkpoint-*")
    assert {path.name for path in kept.glob("rng_state*")} == {"rng_state_0.pth", "rng_state_1.pth"}


@pytest.mark.long
def test_a_killed_fine_tuning_in_two_processes_ends_with_the_weights_it_would_have_had(
    in_two: tuple[dict[str, Any], Path], toy_sft: dict[str, Any], tmp_path: Path
) -> None:
    recipe = toy_sft | SFT | {"processes": 2}
    assert killed_trainings.run("sft", tmp_path, recipe, kill=("told", 86)) == (-signal.SIGKILL, {})
    code, row = killed_trainings.run("sft", tmp_path, recipe)
    undisturbed, _ = in_two
    assert code == 0 and row["metrics"]["resumed_at_step"] == 5
    assert row["digest"] == undisturbed["digest"] and row["curve"] == undisturbed["curve"]


@pytest.mark.long
def test_each_process_rewards_what_it_wrote_and_a_killed_grpo_goes_on(toy_sft: dict[str, Any], tmp_path: Path) -> None:
    code, start = killed_trainings.run("sft", tmp_path / "start", toy_sft)
    assert code == 0
    start.pop("metrics")
    code, undisturbed = killed_trainings.run("grpo", tmp_path / "undisturbed", toy.GRPO | GRPO, start)
    assert code == 0 and undisturbed["weight_change"] > 0
    first, second = (json.loads(path.read_text()) for path in sorted(tmp_path.rglob("rewarded-*.json")))
    assert [len(call) for call in (*first, *second)] == [6] * 8
    steps = [one + other for one, other in zip(first, second, strict=True)]
    assert values(undisturbed, "reward") == pytest.approx([fmean(reward for _, _, reward in step) for step in steps])
    prompts = [Counter(target for target, _, _ in step) for step in steps]
    assert [set(count.values()) for count in prompts] == [{4}] * 4  # one prompt's completions, over both processes
    assert len({target for count in prompts for target in count}) == 12
    assert not {text for call in first for _, text, _ in call} & {text for call in second for _, text, _ in call}
    assert killed_trainings.run("grpo", tmp_path / "killed", toy.GRPO | GRPO, start, ("told", 75))[0] == -signal.SIGKILL
    code, row = killed_trainings.run("grpo", tmp_path / "killed", toy.GRPO | GRPO, start)
    assert code == 0 and row["metrics"]["resumed_at_step"] == 2
    assert row["digest"] == undisturbed["digest"]


def test_a_training_runs_here_unless_there_are_several_processes_or_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    assert alone(1) and not alone(2)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    assert not alone(1) and not alone(2)
    with pytest.raises(UserError, match="processes = 8 take a GPU each, and 2 can be seen: allowed are 1 to 2"):
        alone(8)


def test_the_completions_of_a_prompt_are_counted_over_all_processes() -> None:
    demo = load(GrpoRecipe, "grpo", "demo").model_dump()
    halves = demo | {"per_device_train_batch_size": 2, "num_generations": 4}
    assert GrpoRecipe.model_validate(halves | {"processes": 2}).processes == 2
    with pytest.raises(ValidationError, match="x processes = 2 must be a multiple of num_generations 4"):
        GrpoRecipe.model_validate(halves)
