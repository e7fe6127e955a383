"""Trainings that are killed without a last word, each in a process of its own; a server that has imported what they need forks them."""

import multiprocessing as mp
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import rank_works
import torch
import toy

from lake.harness.environment import prepare
from lake.harness.job import JobContext
from lake.harness.unfinished import Unfinished
from trainers.ranks import in_ranks

_PRELOADED = [
    "trainers.sft_trainer",
    "trainers.checkpoint",
    "trainers.dataset",
    "trainers.generation",
    "trainers.trl_setup",
]


def run(
    stage: str, folder: Path, recipe: Mapping[str, Any], start: Mapping[str, Any] | None = None, kill: tuple[str, int] = ("", 0)
) -> tuple[int, dict[str, Any]]:  # fmt: skip
    """The exit code of one run of a stage with `folder` for its files, and its row with the run's metrics, {} where it was killed.

    kill: at which step the process ends itself by SIGKILL: at the `step`'s end, while its checkpoint is `saved`, before it is `sealed`, or
    when its weights are `written` for publication; of a training in several processes, when it is `told` of so many steps in a hundred.
    """
    server = mp.get_context("forkserver")
    server.set_forkserver_preload(_PRELOADED)
    ours, theirs = server.Pipe(duplex=False)
    process = server.Process(target=_train, args=(stage, folder, dict(recipe), start, kill, theirs))
    process.start()
    theirs.close()
    try:
        row = ours.recv()
    except EOFError:
        row = {}
    process.join()
    return process.exitcode or 0, row


def stays(locks: Path) -> int:
    """The exit code of a process that is killed while `rank_works.stays` goes on in two processes of its own."""
    process = mp.get_context("spawn").Process(target=_stay, args=(locks,))  # nothing of TRL is needed
    process.start()
    process.join()
    return process.exitcode or 0


def _stay(locks: Path) -> None:
    context = replace(toy.context(locks / "artifacts"), progress=partial(_told, "told", 0))
    in_ranks(2, partial(rank_works.stays, locks), toy.dataset("gold/mixture", []), context)


def _train(stage: str, folder: Path, recipe: Any, start: Any, kill: tuple[str, int], connection: Any) -> None:
    prepare(offline=True)
    # sums depend on the number of threads, which a process in company has less of
    os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1)
    _arm(*kill)
    inputs: dict[str, Any] = {"gold/mixture": toy.dataset("gold/mixture", toy.mixture_rows())}
    artifacts = folder / f"artifacts-{os.getpid()}"
    artifacts.mkdir(parents=True)
    context = JobContext(
        lake=None, run_id="test", artifacts=artifacts, unfinished=Unfinished(folder / "unfinished", str(folder)),  # type: ignore[arg-type]
        progress=partial(_told, *kill),
    )  # fmt: skip
    if stage == "sft":
        from trainers import sft
        from trainers.sft import SftParams, distiller

        if recipe.get("processes"):
            cast(Any, sft)._trained = rank_works.fine_tunes
        rows = distiller(inputs, SftParams(recipe=recipe), context)
    else:
        from trainers import grpo
        from trainers.grpo import GrpoParams

        toy.reward_letters()
        cast(Any, grpo)._as_rank = rank_works.reinforces
        inputs["models/distiller_sft"] = toy.dataset("models/distiller_sft", [start])
        rows = grpo.distiller(inputs, GrpoParams(recipe=recipe), context)
    [(_, table)] = rows
    connection.send(table.to_pylist()[0] | {"metrics": context.metrics | {"has_vllm": "vllm" in sys.modules}})


def _told(moment: str, share: int, done: int, total: int) -> None:
    if moment == "told" and done >= share:
        os.kill(os.getpid(), signal.SIGKILL)


def _arm(moment: str, step: int) -> None:
    from transformers import Trainer

    import trainers.checkpoint
    import trainers.trl_setup as setup

    def dies(*_: Any, **__: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    if moment == "step":
        ends = setup.Course.on_step_end

        def on_step_end(self: Any, args: Any, state: Any, control: Any, **others: Any) -> None:
            ends(self, args, state, control, **others)
            if state.global_step == step:
                dies()

        setup.Course.on_step_end = on_step_end  # type: ignore[method-assign]
    elif moment == "saved":
        saves = Trainer._save_optimizer_and_scheduler

        def save(self: Any, folder: str) -> None:
            if self.state.global_step == step:
                dies()
            saves(self, folder)

        Trainer._save_optimizer_and_scheduler = save
    elif moment == "sealed":
        seals = setup.seal

        def seal(home: Unfinished, at: int, spent_s: float) -> None:
            if at == step:
                dies()
            seals(home, at, spent_s)

        setup.seal = seal
    elif moment == "written":
        trainers.checkpoint.save = dies  # type: ignore[assignment]
