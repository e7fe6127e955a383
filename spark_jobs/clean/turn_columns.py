"""A column of conversations, flattened: what the record columns need of turns, computed for a whole batch at once."""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lake.tables.schema import MESSAGES


@dataclass(frozen=True)
class TurnColumns:
    """One row a conversation; all arrays have the batch's length.

    messages: the turns up to the last answer. asked: whether a user turn with text comes before it.
    prompt: what comes before it, as text; a single user turn without its role. answer: it, "" where there is none.
    item_type: tools where a tool speaks, chat where someone speaks twice, else qa.
    """

    messages: pa.ListArray
    prompt: pa.StringArray
    answer: pa.StringArray
    asked: pa.BooleanArray
    item_type: pa.StringArray


@dataclass(frozen=True)
class _Flat:
    """All turns of a batch in a row; `row` names the conversation each one belongs to."""

    rows: int
    row: NDArray[np.int64]
    roles: pa.StringArray
    contents: pa.StringArray

    def says(self, role: str) -> NDArray[np.bool_]:
        return _mask(pc.equal(self.roles, role))

    def count(self, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.bincount(self.row[chosen], minlength=self.rows)

    def lists(self, values: pa.Array, chosen: NDArray[np.bool_]) -> pa.ListArray:
        offsets = np.concatenate([[0], np.cumsum(self.count(chosen))])
        return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values.filter(pa.array(chosen)))


def turn_columns(messages: pa.ListArray, repair: Callable[[pa.StringArray], pa.StringArray]) -> TurnColumns:
    """The columns of a batch of conversations, each turn's text repaired."""
    flat = _flatten(messages, repair)
    places = np.arange(len(flat.row))
    answers = flat.says("assistant")
    last = np.full(flat.rows, -1)
    np.maximum.at(last, flat.row[answers], places[answers])
    unanswered = (last < 0)[flat.row]
    before = unanswered | (places < last[flat.row])
    kept = unanswered | (places <= last[flat.row])
    asked = flat.count(before & flat.says("user") & _mask(pc.not_equal(flat.contents, ""))) > 0
    turns = pa.StructArray.from_arrays([flat.roles, flat.contents], ["role", "content"])
    return TurnColumns(
        messages=flat.lists(turns, kept).cast(MESSAGES),
        prompt=_prompt(flat, before),
        answer=pc.fill_null(flat.contents.take(pa.array(last, mask=last < 0)), ""),
        asked=pa.array(asked),
        item_type=_item_type(flat, kept),
    )


def _flatten(messages: pa.ListArray, repair: Callable[[pa.StringArray], pa.StringArray]) -> _Flat:
    lengths = pc.fill_null(pc.list_value_length(messages), 0).to_numpy(zero_copy_only=False)
    turns = messages.flatten()
    roles, contents = pc.struct_field(turns, "role"), pc.struct_field(turns, "content")
    return _Flat(len(messages), np.repeat(np.arange(len(messages)), lengths), roles, repair(contents))


def _prompt(flat: _Flat, before: NDArray[np.bool_]) -> pa.StringArray:
    alone = (flat.count(before) == 1) & (flat.count(before & flat.says("user")) == 1)
    labelled = pc.binary_join_element_wise(pc.utf8_capitalize(flat.roles), flat.contents, ": ")
    texts = pc.if_else(pa.array(alone[flat.row]), flat.contents, labelled)
    return pc.binary_join(flat.lists(texts, before), "\n\n")


def _item_type(flat: _Flat, kept: NDArray[np.bool_]) -> pa.StringArray:
    tools = flat.count(kept & flat.says("tool")) > 0
    chat = np.maximum(flat.count(kept & flat.says("user")), flat.count(kept & flat.says("assistant"))) > 1
    return pa.array(np.where(tools, "tools", np.where(chat, "chat", "qa")), pa.string())


def _mask(column: Any) -> NDArray[np.bool_]:
    return column.to_numpy(zero_copy_only=False).astype(bool)
