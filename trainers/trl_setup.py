"""What SFT and GRPO set up alike around a TRL trainer: arguments, LoRA adapters, a callback for progress and time, logged curves."""

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from trainers.recipes import Lora


class ProgressAndTimeLimit(TrainerCallback):
    """Reports each step; with a time limit, lowers the learning rate linearly to zero at the limit and stops training there.

    How many steps fit into a limit depends on the machine, and so do the weights of a limited run.
    """

    def __init__(self, limit_s: float | None, progress: Callable[[int, int], None]) -> None:
        self._limit = math.inf if limit_s is None else limit_s
        self._progress = progress
        self._start = time.monotonic()

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Starts the clock: imports and tokenising do not count."""
        self._start = time.monotonic()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, optimizer: Any = None, **_: Any
    ) -> None:
        """Reports the share done, of the steps or of the time, and ends training once the limit has passed."""
        spent = min(1.0, (time.monotonic() - self._start) / self._limit)
        for group in optimizer.param_groups if optimizer else ():
            group["lr"] *= 1 - spent  # the scheduler writes its own rate afresh at every step
        control.should_training_stop = control.should_training_stop or spent == 1
        self._progress(round(100 * max(spent, state.global_step / max(state.max_steps, 1))), 100)


def logged_curves(history: Sequence[dict[str, float]], names: Sequence[str]) -> list[dict[str, Any]]:
    """The values that TRL logged under these names, as rows of step, name and value, in the order logged."""
    return [
        {"step": int(entry["step"]), "name": name, "value": float(entry[name])}
        for entry in history
        for name in names
        if name in entry
    ]


def mean_of(points: Sequence[dict[str, Any]], name: str) -> float:
    """The mean of one curve; NaN if it was never logged."""
    values = [point["value"] for point in points if point["name"] == name]
    return sum(values) / len(values) if values else math.nan


def shared_arguments(folder: Path, seed: int) -> dict[str, Any]:
    """The arguments of a TRL config that are the same for every recipe: where steps are saved, seeds, no outside reports."""
    return {
        "output_dir": str(folder), "seed": seed, "data_seed": seed, "report_to": [], "disable_tqdm": True,
        "dataloader_pin_memory": torch.cuda.is_available(), "use_cpu": not torch.cuda.is_available(),
    }  # fmt: skip


def lora_config(lora: Lora | None, blocks: int) -> Any:
    """PEFT's configuration of a recipe's adapters on a model of so many blocks, or None where all weights are trained."""
    if lora is None:
        return None
    from peft import LoraConfig

    first = blocks - min(lora.last_blocks or blocks, blocks)
    return LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=list(lora.modules),
        layers_to_transform=list(range(first, blocks)),
        task_type="CAUSAL_LM",
    )
