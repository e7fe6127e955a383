"""What SFT and GRPO do alike with a TRL trainer: arguments, LoRA adapters, what happens around each step, logged curves."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from transformers import PrinterCallback, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from lake.harness.job import JobContext
from trainers import checkpoint
from trainers.ranks import of_rank_zero
from trainers.recipes import Lora, Recipe
from trainers.resume import Resumed, newest, seal


class Course(TrainerCallback):
    """What happens around each step: progress, the time limit, and the seal of what a killed training goes on from.

    With a time limit the learning rate falls linearly to zero at the limit, and training stops there. How many steps fit into a limit depends
    on the machine, and so do the weights of a limited run. Time counts over all runs of one training, by the clock of rank 0.
    """

    def __init__(self, limit_s: float | None, resumed: Resumed, context: JobContext) -> None:
        self._limit = math.inf if limit_s is None else limit_s
        self._context = context
        self._before = resumed.spent_s
        self._start = time.monotonic()
        self._rate = math.nan

    @property
    def spent_s(self) -> float:
        """Seconds of training so far: imports and tokenising do not count."""
        return self._before + time.monotonic() - self._start

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Starts the clock."""
        self._start = time.monotonic()

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **others: Any
    ) -> None:
        """Tells the order of rows which epoch begins: the loop does not reach it in a rank that goes on in the middle of one."""
        others["train_dataloader"].set_epoch(int(state.epoch or 0))

    def on_pre_optimizer_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, optimizer: Any = None, **_: Any
    ) -> None:
        """Takes down the learning rate that the step is made with."""
        self._rate = float(optimizer.param_groups[0]["lr"])

    def on_log(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Puts it into the curve, where the trainer has the schedule's, which knows of no time limit."""
        if "learning_rate" in state.log_history[-1]:
            state.log_history[-1]["learning_rate"] = self._rate

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, optimizer: Any = None, **_: Any
    ) -> None:
        """Reports the share done, of the steps or of the time, and ends training once the limit has passed."""
        spent = of_rank_zero(min(1.0, self.spent_s / self._limit), args.device)
        for group in optimizer.param_groups if optimizer else ():
            group["lr"] *= 1 - spent  # the scheduler writes its own rate afresh at every step
        control.should_training_stop = control.should_training_stop or spent == 1
        if control.should_training_stop:
            control.should_save = False  # the loop that goes on from its own end makes one step too many
        self._context.progress(round(100 * max(spent, state.global_step / max(state.max_steps, 1))), 100)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Seals the checkpoint once every process has written its part."""
        if torch.distributed.is_initialized():
            torch.distributed.barrier()
        if state.is_world_process_zero and self._context.unfinished:
            seal(self._context.unfinished, state.global_step, self.spent_s)


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


def shared_arguments(recipe: Recipe, seed: int, context: JobContext) -> dict[str, Any]:
    """The arguments of a TRL config: the recipe's, where and when a checkpoint to go on from is saved, seeds, no outside reports."""
    saved = context.unfinished is not None and recipe.save_steps is not None
    saving = {"save_strategy": "steps", "save_steps": recipe.save_steps} if saved else {"save_strategy": "no"}
    return recipe.arguments() | saving | {
        "output_dir": str(context.unfinished.folder if context.unfinished else context.artifacts), "seed": seed, "data_seed": seed, "report_to": [], "disable_tqdm": True,
        "dataloader_pin_memory": torch.cuda.is_available(), "use_cpu": not torch.cuda.is_available(),
        "ddp_find_unused_parameters": False,  # there are none: what is trained takes part in every loss
    }  # fmt: skip


def score_labels_alone() -> None:
    """Has TRL compute logits where there is a label and nowhere else; by itself it does so on a GPU alone.

    Elsewhere it scores every place, lest shapes change from batch to batch: a CPU does not mind. The function that is replaced decides this
    alone; which kernel computes is asked of the one in trl.kernels.
    """
    from trl.trainer import utils

    cast(Any, utils)._use_triton = _always


def _always(device: torch.device) -> bool:
    return True


def leave_vllm_out() -> None:
    """Has TRL's trainers do without vLLM in this process, where they are not imported yet: they import it, ten seconds, whether it is used or not."""
    from trl import import_utils

    cast(Any, import_utils).is_vllm_available = _never


def _never(min_version: str | None = None) -> bool:
    return False


def train(trainer: Any, recipe: Recipe, context: JobContext) -> None:
    """Trains to the recipe's end, from the newest checkpoint that a killed run of this training left, or from the beginning."""
    score_labels_alone()
    resumed = newest(context.unfinished.folder) if context.unfinished else Resumed()
    trainer.remove_callback(PrinterCallback)  # it writes every log entry to standard output
    trainer.add_callback(Course(recipe.time_limit_s, resumed, context))
    context.metrics["resumed_at_step"] = resumed.step
    trainer.train(resume_from_checkpoint=str(resumed.folder) if resumed.folder else None)


@dataclass(frozen=True)
class Trained:
    """What is left of a training: its checkpoint's folder and digest, steps, rows given, rows too long, and what TRL logged."""

    folder: Path
    digest: str
    steps: int
    rows: int
    dropped: int
    history: list[dict[str, float]]
    stopped: str | None = None


def kept(
    trainer: Any, context: JobContext, rows: int, dropped: int, dtype: torch.dtype = torch.float32, stopped: str | None = None
) -> Trained:  # fmt: skip
    """What is left of a training that has ended; of several ranks the first alone writes the checkpoint, and has its digest."""
    folder = context.artifacts / "checkpoint"
    first = trainer.is_world_process_zero()
    digest = checkpoint.save(trainer.model, trainer.processing_class, folder, dtype) if first else ""
    return Trained(folder, digest, trainer.state.global_step, rows, dropped, trainer.state.log_history, stopped)


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
