"""What the ranks of a test do: they are other processes, which find it here by its name."""

import fcntl
import json
import os
import signal
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import torch
import toy

from lake.errors import StageFailed
from lake.harness.job import JobContext


def rank() -> int:
    return int(os.environ["RANK"])


def dies(mixture: ds.Dataset, context: JobContext) -> None:
    if rank() == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    threading.Event().wait()


def refuses(mixture: ds.Dataset, context: JobContext) -> None:
    if rank() == 1:
        raise StageFailed("none of the rows fits")
    threading.Event().wait()


def stays(locks: Path, mixture: ds.Dataset, context: JobContext) -> None:
    """Holds a lock for as long as it lives, tells of progress once every rank holds one, and never ends."""
    with (locks / str(rank())).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        torch.distributed.barrier()
        context.progress(1, 2)
        threading.Event().wait()


def fine_tunes(base: str, params: Any, mixture: ds.Dataset, context: JobContext) -> Any:
    """Trains as the stage does, and leaves a file of the labels that this rank was given: of each batch, of each row that has any."""
    from trainers.sft import _trained  # pyright: ignore[reportPrivateUsage]
    from trainers.sft_trainer import LengthGroupedSft

    batches: list[list[list[int]]] = []
    computes = LengthGroupedSft.compute_loss

    def compute_loss(self: Any, model: Any, inputs: Any, *others: Any, **named: Any) -> Any:
        rows = [[label for label in row if label != -100] for row in inputs["labels"].tolist()]
        batches.append([row for row in rows if row])
        return computes(self, model, inputs, *others, **named)

    LengthGroupedSft.compute_loss = compute_loss  # type: ignore[method-assign]
    trained = _trained(base, params, mixture, context)
    (context.artifacts / f"seen-{rank()}.json").write_text(json.dumps(batches))
    return trained


def reinforces(base: str, params: Any, learned: Any, mixture: ds.Dataset, context: JobContext) -> Any:
    """Trains as the stage does by the reward `letters`, and leaves a file of what this rank rewarded: (target, text, reward) of each call."""
    import trainers.rewards
    from trainers.grpo import _as_rank  # pyright: ignore[reportPrivateUsage]

    calls: list[list[tuple[str, str, float]]] = []

    def letters(completions: Sequence[str], columns: Mapping[str, Sequence[Any]], basis: object) -> list[float]:
        found = toy.letters(completions, columns, basis)
        calls.append(list(zip(columns["target"], completions, found, strict=True)))
        return found

    trainers.rewards.REWARDS = {**trainers.rewards.REWARDS, "letters": letters}
    trained = _as_rank(base, params, learned, mixture, context)
    (context.artifacts / f"rewarded-{rank()}.json").write_text(json.dumps(calls))
    return trained
