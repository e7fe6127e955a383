"""MIXTURE rows as conversations, through the one rendering that inference also uses."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import pyarrow.dataset as ds
from datasets import Dataset
from transformers import PreTrainedTokenizerBase

from lake.errors import StageFailed
from texts.formats.distillation import completion, distil_messages

_COLUMNS = ["id", "item_type", "members", "reasoning", "target"]
Row = Mapping[str, Any]


def conversation(row: Row, reasoning: bool = False) -> dict[str, Any]:
    """A MIXTURE row in TRL's prompt-completion form, with the columns that the rewards read.

    reasoning: whether its reasoning stands before the answer.
    """
    answer = completion(row["target"], (row["reasoning"] or "") if reasoning else "")
    return {
        "prompt": distil_messages(row["item_type"], row["members"]),
        "completion": [{"role": "assistant", "content": answer}],
        "item_type": row["item_type"],
        "members": row["members"],
        "target": row["target"],
    }


def conversations(
    mixture: ds.Dataset, split: str, fits: Callable[[Row], bool], limit: int | None = None, reasoning: bool = False
) -> tuple[Dataset, int]:
    """The split's conversations that fit, in id order (ids are hashes: a random order), and how many did not.

    Rows are dropped whole, never cut. StageFailed if nothing is left.
    """
    table = mixture.to_table(columns=_COLUMNS, filter=ds.field("split") == split).sort_by("id")
    rows = [conversation(row, reasoning) for batch in table.to_batches() for row in batch.to_pylist()]
    fitting = [row for row in rows if fits(row)]
    if not fitting:
        raise StageFailed(f"none of the {len(rows)} rows in MIXTURE's {split} split fits the recipe's length")
    return Dataset.from_list(fitting[:limit]), len(rows) - len(fitting)


def tokens(tokenizer: PreTrainedTokenizerBase, turns: list[dict[str, str]], to_answer: bool) -> int:
    """How many tokens the chat template makes of `turns`; `to_answer` adds the opening of an answer."""
    ids = tokenizer.apply_chat_template(turns, add_generation_prompt=to_answer, return_dict=False)
    return len(ids)


def prompt_ids(tokenizer: PreTrainedTokenizerBase, turns: list[dict[str, str]]) -> list[int]:
    """What a model reads before it answers: the turns in the chat template, and the opening of an answer, as token ids."""
    return cast("list[int]", tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_dict=False))


def share_that_stops(dataset: Dataset, tokenizer: PreTrainedTokenizerBase) -> float:
    """The share of tokenised rows whose loss holds the end of the answer's turn (0..1): the last of its kind, behind the answer's text.

    An earlier one, of a prompt that is trained on too, teaches no answer to end.
    """
    rows: Any = dataset
    ends = [_teaches_its_end(one, tokenizer) for row in rows for one in unpacked(row)]
    return sum(ends) / len(ends)


def unpacked(row: Row) -> Iterator[Row]:
    """The tokenised rows that a packed row holds, one behind the other; of any other the row itself."""
    start = 0
    for length in row.get("seq_lengths") or [len(row["input_ids"])]:
        yield {name: row[name][start : start + length] for name in ("input_ids", "labels")}
        start += length


def _teaches_its_end(row: Row, tokenizer: PreTrainedTokenizerBase) -> bool:
    ids, end = row["input_ids"], tokenizer.eos_token_id
    if end not in ids:
        return False
    last = len(ids) - 1 - ids[::-1].index(end)
    return row["labels"][last] == end and not str(tokenizer.decode(ids[last + 1 :])).strip()
