"""What a step of training costs: `python -m benchmarks.training passages.jsonl --out benchmarks/results/training.json`.

On MIXTURE that the rules make of the passages (records of `title` and `text`, one a line), by recipe `demo` without its time limit:

- sft        steps of the stage beside those of a bare TRL script with the same model, arguments and rows of like length, in turns: TRL as it is
             released, which has logits everywhere on a CPU, and with logits at labels alone, as the stage has them. The model in the box,
             and a tiny one, of which the stage's own work would be the greater share
- rewards    which share of a GRPO step of the model in the box its rewards are, given well-formed answers, which cost most: the step's own are
             mostly malformed

Seconds stand beside the processor's, which other programs change less. The first step of each training is a warm-up and left out.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, cast

import pyarrow as pa
import pyarrow.dataset as ds

from benchmarks.mixture import passages
from lake.harness.environment import prepare
from lake.harness.job import JobContext
from lake.models.named import model_folder
from lake.storage.store import Lake
from lake.tables import TABLES

Seconds = tuple[float, float]  # on the clock, of the processor
_PASSAGES = 1_000
_ROUNDS = 3
_STEPS = {"tiny": 40, "embedded": 2}  # of each way in each round
_BATCHES = 6  # of rows of about the same length, read epoch after epoch, so that no way has more padding


@dataclass(frozen=True)
class Setting:
    """What all ways of training have alike."""

    base: str
    params: Any
    rows: Any
    context: JobContext


def main() -> None:
    """Measures, prints and keeps the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--models", nargs="*", default=list(_STEPS), choices=list(_STEPS), help="of the part sft")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    prepare(offline=True)
    import torch

    with TemporaryDirectory() as folder:
        context = JobContext(Lake(folder), "benchmark", Path(folder))
        mixture = mixture_of(options.file, context)
        bases = {"tiny": _tiny(mixture, Path(folder) / "tiny"), "embedded": str(model_folder("embedded"))}
        found: dict[str, Any] = {"load": round(os.getloadavg()[0], 1), "torch_threads": torch.get_num_threads()}
        for name in options.models:
            figures = found[f"sft, {name}"] = _compared(_setting(bases[name], mixture, _STEPS[name] + 1, context))
            print(json.dumps({name: figures}, indent=1), flush=True)
        found["rewards"] = _rewards(mixture, context)
    print(json.dumps(found, indent=1))
    if options.out:
        options.out.write_text(json.dumps(found, indent=1) + "\n")


def mixture_of(path: Path, context: JobContext) -> ds.Dataset:
    """MIXTURE that the rules make of the first passages."""
    from inference.mixture import MIXTURE, mixture
    from inference.mixture_params import MixtureParams

    given = {"silver/passages": passages(path)[:_PASSAGES], "silver/best_records": []}
    inputs = {key: ds.dataset(pa.Table.from_pylist(rows, schema=TABLES[key].schema)) for key, rows in given.items()}
    made = mixture(inputs, MixtureParams(limit=_PASSAGES), context)
    return ds.dataset(pa.concat_tables(table for key, table in made if key == MIXTURE))


def _tiny(mixture: ds.Dataset, folder: Path) -> str:
    from trainers.evaluation_params import Architecture
    from trainers.tiny import model_from, tokenizer_from

    shape = Architecture(hidden_size=96, layers=2, heads=3, vocabulary=4096, positions=1024)
    tokenizer = tokenizer_from(mixture.to_table(columns=["target"])["target"].to_pylist(), 4096, 1024)
    model_from(shape, tokenizer, seed=7).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


def _setting(base: str, mixture: ds.Dataset, steps: int, context: JobContext) -> Setting:
    from transformers import AutoTokenizer

    from trainers.dataset import conversations, tokens
    from trainers.sft import SftParams, _fits  # pyright: ignore[reportPrivateUsage]

    params = SftParams(recipe="demo")  # type: ignore[arg-type]
    recipe = params.recipe.model_copy(update={"time_limit_s": None, "max_steps": steps})
    tokenizer = AutoTokenizer.from_pretrained(base)
    rows, _ = conversations(mixture, "sft", lambda row: _fits(tokenizer, row, recipe))
    turns = (cast(Any, row) for row in rows)
    lengths = [tokens(tokenizer, [*row["prompt"], *row["completion"]], False) for row in turns]
    ordered = sorted(range(len(rows)), key=lengths.__getitem__)
    wanted = recipe.per_device_train_batch_size * _BATCHES
    first = max(0, (len(ordered) - wanted) // 2)
    return Setting(
        base, params.model_copy(update={"recipe": recipe}), rows.select(ordered[first : first + wanted]), context
    )


def _compared(setting: Setting) -> dict[str, Any]:
    """Medians of each way, which a step in which the machine was busy does not move, and steps a second against a bare script's."""
    ways: Mapping[str, Callable[[Setting], list[Seconds]]] = {
        "stage": _stage, "bare": lambda given: _bare(given, False), "bare, logits at labels": lambda given: _bare(given, True),
    }  # fmt: skip
    spent: dict[str, list[Seconds]] = {way: [] for way in ways}
    for _ in range(_ROUNDS):
        for way, train in ways.items():
            spent[way] += train(setting)
    middle = {way: [median(one[place] for one in steps) for place in (0, 1)] for way, steps in spent.items()}
    figures = {
        way: {"steps": len(spent[way]), "seconds_a_step": round(clock, 4), "processor_seconds_a_step": round(own, 4)}
        for way, (clock, own) in middle.items()
    }
    shares = {
        way: {
            name: round(middle[way][place] / middle["stage"][place], 3) for place, name in enumerate(("clock", "processor"))
        }
        for way in ways
        if way != "stage"
    }  # fmt: skip
    return figures | {"rows": len(setting.rows), "steps_a_second_of_the_stage_against": shares}


def _stage(setting: Setting) -> list[Seconds]:
    from trainers import checkpoint
    from trainers.sft import _trainer  # pyright: ignore[reportPrivateUsage]
    from trainers.trl_setup import train

    recipe = setting.params.recipe
    model, tokenizer = checkpoint.load(setting.base, checkpoint.frozen_dtype(recipe.lora))
    trainer = _trainer(model, tokenizer, setting.rows, setting.params, setting.context)
    return _timed(trainer, lambda: train(trainer, recipe, setting.context))


def _bare(setting: Setting, at_labels: bool) -> list[Seconds]:
    from trl.kernels.chunked_logprob import _use_triton as released  # pyright: ignore[reportPrivateUsage]
    from trl.trainer import utils
    from trl.trainer.sft_config import SFTConfig
    from trl.trainer.sft_trainer import SFTTrainer

    from trainers import checkpoint
    from trainers.trl_setup import lora_config, score_labels_alone, shared_arguments

    recipe = setting.params.recipe
    model, tokenizer = checkpoint.load(setting.base, checkpoint.frozen_dtype(recipe.lora))
    arguments = shared_arguments(recipe, setting.params.seed, setting.context)
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(**arguments, max_length=recipe.max_length, completion_only_loss=True),
        train_dataset=setting.rows.select_columns(["prompt", "completion"]),
        processing_class=tokenizer,
        peft_config=lora_config(recipe.lora, model.config.num_hidden_layers),
    )
    score_labels_alone()
    if not at_labels:
        cast(Any, utils)._use_triton = released
    return _timed(trainer, trainer.train)


def _timed(trainer: Any, train: Callable[[], object]) -> list[Seconds]:
    """What each step after the first took."""
    from transformers import PrinterCallback, TrainerCallback

    ends: list[Seconds] = []

    class Clock(TrainerCallback):
        def on_step_end(self, *_: Any, **__: Any) -> None:
            ends.append((time.monotonic(), time.process_time()))

    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(Clock())
    train()
    return [(after[0] - here[0], after[1] - here[1]) for here, after in pairwise(ends)]


def _rewards(mixture: ds.Dataset, context: JobContext) -> dict[str, float]:
    """One rollout from the model as it comes, and what of it was spent in the rewards."""
    from trainers.grpo import GrpoParams, _trainer  # pyright: ignore[reportPrivateUsage]
    from trainers.rewards import Basis
    from trainers.trl_setup import train

    params = GrpoParams(recipe="demo")  # type: ignore[arg-type]
    recipe = params.recipe.model_copy(update={"time_limit_s": None, "max_steps": 1})
    params = params.model_copy(update={"recipe": recipe})
    basis = Basis(mixture, recipe.embedder, recipe.library_items)
    trainer, _, _ = _trainer(str(model_folder("embedded")), basis, params, context)
    spent: list[Seconds] = []
    trainer.reward_funcs = [_on_good_answers(one, spent) for one in trainer.reward_funcs]
    _ = basis.judge  # made before a training begins
    began = (time.monotonic(), time.process_time())
    train(trainer, recipe, context)
    whole = (time.monotonic() - began[0], time.process_time() - began[1])
    rewards = [sum(one[place] for one in spent) for place in (0, 1)]
    return {
        "completions": recipe.per_device_train_batch_size, "step_seconds": round(whole[0], 1), "step_processor_seconds": round(whole[1], 1),
        "reward_processor_seconds": round(rewards[1], 2), "share": round(rewards[0] / whole[0], 3), "processor_share": round(rewards[1] / whole[1], 3),
    }  # fmt: skip


def _on_good_answers(reward: Callable[..., list[float]], spent: list[Seconds]) -> Callable[..., list[float]]:
    def timed(*, completions: Any, target: Sequence[str], **others: Any) -> list[float]:
        answers = [[{"role": "assistant", "content": one}] for one in _answers(target)]
        began = (time.monotonic(), time.process_time())
        found = reward(completions=answers, target=target, **others)
        spent.append((time.monotonic() - began[0], time.process_time() - began[1]))
        return found

    return timed


def _answers(targets: Sequence[str]) -> Iterator[str]:
    """A well-formed answer for each, no two alike: what was found about one is remembered."""
    for number, target in enumerate(targets):
        yield f"<answer>{target} It was told {number + 2} times.</answer>"


if __name__ == "__main__":
    main()
