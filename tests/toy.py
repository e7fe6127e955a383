"""A toy MIXTURE and recipes that train in seconds."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from lake.harness.job import JobContext
from lake.ids import content_id
from lake.tables import TABLES
from texts.formats import FORMATS

TINY = {"hidden_size": 96, "layers": 2, "heads": 3, "vocabulary": 600, "positions": 512}
SFT: dict[str, Any] = {  # without its base
    "name": "toy", "learning_rate": 3e-3, "per_device_train_batch_size": 4, "max_steps": 6, "bf16": False,
    "max_length": 480, "max_completion_length": 96, "evaluation_items": 4, "logging_steps": 1,
}  # fmt: skip
GRPO: dict[str, Any] = {
    "name": "toy", "learning_rate": 1e-3, "per_device_train_batch_size": 8, "max_steps": 3, "bf16": False, "length": 480,
    "max_prompt_length": 384, "max_completion_length": 24, "num_generations": 4, "evaluation_items": 4, "logging_steps": 1,
}  # fmt: skip
THINGS = ("kettle", "ladder", "violin", "harbour", "glacier", "lantern", "orchard", "compass", "bridge", "candle")


def mixture_rows() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for n in range(60):
        thing, number = THINGS[n % len(THINGS)], 10 + n
        fields = {
            "question": f"What is a {thing}?",
            "answer": f"A {thing} is a thing of {number} parts that people use.",
        }
        target = FORMATS["qa"].render(fields)
        members = [f"Q: {thing}?\nA: It has {number} parts.", f"Q: {thing}?\nA: People use it."]
        rows.append({
            "id": content_id("mix", n), "item_type": "qa", "split": ("sft", "grpo", "heldout")[n % 3], "title": thing,
            "members": members, "reasoning": "From [1] and [2].", "target": target,
        })  # fmt: skip
    return rows


def texts() -> list[str]:
    """What the distiller reads and writes, for a tokenizer to learn from."""
    return ["\n".join([*row["members"], row["target"]]) for row in mixture_rows()]


def dataset(key: str, rows: list[dict[str, Any]]) -> ds.Dataset:
    return ds.dataset(pa.Table.from_pylist(rows, schema=TABLES[key].schema))


def letters(completions: Sequence[str], columns: Mapping[str, Sequence[Any]], basis: object) -> list[float]:
    """A reward that an untrained model earns in different amounts."""
    assert len(columns["target"]) == len(completions)
    return [text.count("e") / (1 + len(text)) for text in completions]


def reward_letters() -> None:
    """Makes `letters` a reward, for the rest of this process."""
    import trainers.rewards

    trainers.rewards.REWARDS = {**trainers.rewards.REWARDS, "letters": letters}


def context(folder: Path) -> JobContext:
    folder.mkdir(parents=True)
    return JobContext(lake=None, run_id="test", artifacts=folder)  # type: ignore[arg-type]


def weights(folder: str) -> dict[str, Any]:
    """The weights of a checkpoint in single precision, by their names."""
    from safetensors.torch import load_file

    return {name: weight.float() for name, weight in load_file(Path(folder) / "model.safetensors").items()}
