"""What a step of SFT costs with logits everywhere, as TRL has it on a CPU, and where labels are: `python -m benchmarks.training --lake FOLDER`.

The model in the box with recipe `demo` on the first rows of the lake's MIXTURE. Seconds are the processor's, so that other programs beside it
count little; the two ways take turns.
"""

import argparse
import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lake.harness.environment import prepare
from lake.harness.job import JobContext
from lake.storage.store import Lake
from trainers.sft import SftParams, _fits, _trainer  # pyright: ignore[reportPrivateUsage]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lake", required=True)
    parser.add_argument("--steps", type=int, default=4, help="of each way")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    prepare(offline=True)
    from trl.trainer import utils as trl_utils

    from trainers import checkpoint
    from trainers.dataset import conversations
    from trainers.trl_setup import score_labels_alone

    utils: Any = trl_utils
    params = SftParams(recipe="demo")  # type: ignore[arg-type]
    recipe = params.recipe
    dtype = checkpoint.frozen_dtype(recipe.lora)
    model, tokenizer = checkpoint.load(recipe.base, dtype)
    batch = recipe.per_device_train_batch_size
    rows, _ = conversations(
        Lake(options.lake).dataset("gold/mixture"),
        "sft",
        lambda row: _fits(tokenizer, row, recipe),
        batch * options.steps,
    )
    everywhere = utils._use_triton
    spent = {"everywhere": 0.0, "labels alone": 0.0}
    with TemporaryDirectory() as folder:
        trainer = _trainer(model, tokenizer, rows, params, JobContext(Lake(folder), "benchmark", Path(folder)))
        batches = list(trainer.get_train_dataloader())
        for at, inputs in enumerate([batches[0], *batches]):
            for way in spent:
                utils._use_triton = everywhere
                if way == "labels alone":
                    score_labels_alone()
                seconds = _step(trainer, dict(inputs))
                spent[way] += seconds if at else 0.0  # the first warms up
    tokens = sum(int(inputs["attention_mask"].sum()) for inputs in batches)
    labels = sum(int((inputs["labels"] != -100).sum()) for inputs in batches)
    found: dict[str, Any] = {
        "dtype": str(dtype), "steps": len(batches), "tokens": tokens, "labels": labels,
        "tokens a processor second": {way: round(tokens / seconds, 1) for way, seconds in spent.items()},
    }  # fmt: skip
    print(json.dumps(found, indent=1))
    if options.out:
        options.out.write_text(json.dumps(found, indent=1) + "\n")


def _step(trainer: Any, inputs: dict[str, Any]) -> float:
    began = time.process_time()
    trainer.compute_loss(trainer.model.train(), inputs).backward()
    trainer.model.zero_grad()
    return time.process_time() - began


if __name__ == "__main__":
    main()
