"""MIXTURE rows as conversations, through the one rendering that inference also uses."""

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow.dataset as ds
from datasets import Dataset
from transformers import PreTrainedTokenizerBase

from lake.errors import StageFailed
from texts.formats.distillation import completion, distil_messages

_COLUMNS = ["id", "item_type", "members", "target"]
Row = Mapping[str, Any]


def conversation(row: Row) -> dict[str, Any]:
    """A MIXTURE row in TRL's prompt-completion form, with the columns that the rewards read."""
    return {
        "prompt": distil_messages(row["item_type"], row["members"]),
        "completion": [{"role": "assistant", "content": completion(row["target"])}],
        "item_type": row["item_type"],
        "members": row["members"],
        "target": row["target"],
    }


def conversations(
    mixture: ds.Dataset, split: str, fits: Callable[[Row], bool], limit: int | None = None
) -> tuple[Dataset, int]:
    """The split's conversations that fit, in id order (ids are hashes: a random order), and how many did not.

    Rows are dropped whole, never cut. StageFailed if nothing is left.
    """
    table = mixture.to_table(columns=_COLUMNS, filter=ds.field("split") == split).sort_by("id")
    rows = [conversation(row) for batch in table.to_batches() for row in batch.to_pylist()]
    fitting = [row for row in rows if fits(row)]
    if not fitting:
        raise StageFailed(f"none of the {len(rows)} rows in MIXTURE's {split} split fits the recipe's length")
    return Dataset.from_list(fitting[:limit]), len(rows) - len(fitting)


def tokens(tokenizer: PreTrainedTokenizerBase, turns: list[dict[str, str]], to_answer: bool) -> int:
    """How many tokens the chat template makes of `turns`; `to_answer` adds the opening of an answer."""
    return len(tokenizer.apply_chat_template(turns, add_generation_prompt=to_answer, return_dict=False))


def share_that_stops(dataset: Dataset, end: int) -> float:
    """The share of tokenised rows that learn the end-of-turn token `end`, after its loss mask (0..1)."""
    return sum(end in labels for labels in dataset["labels"]) / len(dataset)
