"""A column of conversations, flattened: what the record columns need of turns, computed for a whole batch at once.

    >>> talks = [
    ...     [("user", "Why?"), ("assistant", "So."), ("user", "Thanks")],
    ...     [("system", "Be kind"), ("user", "Hi")],
    ... ]
    >>> rows = [[{"role": role, "content": content} for role, content in talk] for talk in talks]
    >>> columns = turn_columns(pa.array(rows, MESSAGES), repair=lambda texts, records: texts)
    >>> columns.prompt.to_pylist(), columns.answer.to_pylist(), columns.item_type.to_pylist()
    (['Why?', 'System: Be kind\\n\\nUser: Hi'], ['So.', ''], ['qa', 'qa'])

all five turns lie in one row, and each question about turns is answered for all of them at once:

    row     0 0 0 1 1     the conversation of each turn
    last    1 -1          for each conversation, the place of its last answer; -1 where there is none
    before  1 0 0 1 1     the turns before the last answer: the prompt
    kept    1 1 0 1 1     the turns up to it: what comes behind is dropped
"""

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
from spark_jobs.recognisers.code import answered_in_code

Mask = NDArray[np.bool_]
Repair = Callable[[pa.StringArray, NDArray[np.int64]], pa.StringArray]


@dataclass(frozen=True)
class TurnColumns:
    """One row a conversation; all arrays have the batch's length.

    messages: the turns up to the last answer. has_question: whether a user turn with text comes before it.
    prompt: what comes before it, as text; a single user turn without its role. answer: it, "" where there is none.
    item_type: tools where a tool speaks, chat where someone speaks twice, code where the answer is some, else qa.
    """

    messages: pa.ListArray
    prompt: pa.StringArray
    answer: pa.StringArray
    has_question: pa.BooleanArray
    item_type: pa.StringArray


@dataclass(frozen=True)
class _Flat:
    """All turns of a batch in a row: `row`, `roles` and `contents` have one entry a turn."""

    rows: int  # conversations
    row: NDArray[np.int64]
    roles: pa.StringArray
    contents: pa.StringArray

    def by(self, role: str) -> Mask:
        """The turns of this role."""
        return _mask(pc.equal(self.roles, role))

    def count(self, chosen: Mask) -> NDArray[np.int64]:
        """How many of the chosen turns each conversation has."""
        return np.bincount(self.row[chosen], minlength=self.rows)

    def lists(self, values: pa.Array, chosen: Mask) -> pa.ListArray:
        """For each conversation, the values of its chosen turns; `values` has one for every turn."""
        offsets = np.concatenate([[0], np.cumsum(self.count(chosen))])
        return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values.filter(pa.array(chosen)))


def turn_columns(messages: pa.ListArray, repair: Repair) -> TurnColumns:
    """The columns of a batch of conversations, each turn's text repaired; `repair` is told the conversation of each text, too."""
    flat = _flatten(messages, repair)
    places = np.arange(len(flat.row))
    answers = flat.by("assistant")
    last = np.full(flat.rows, -1)
    # an assignment would do only if numpy promised that the last of several writes to one place wins
    np.maximum.at(last, flat.row[answers], places[answers])
    # a conversation without an answer is all prompt: a rule rejects it, with its text at hand
    unanswered = (last < 0)[flat.row]
    before = unanswered | (places < last[flat.row])
    kept = unanswered | (places <= last[flat.row])
    has_question = flat.count(before & flat.by("user") & _mask(pc.not_equal(flat.contents, ""))) > 0
    turns = pa.StructArray.from_arrays([flat.roles, flat.contents], ["role", "content"])
    prompt = _prompt(flat, before)
    answer = pc.fill_null(flat.contents.take(pa.array(last, mask=last < 0)), "")
    return TurnColumns(
        messages=flat.lists(turns, kept).cast(MESSAGES),
        prompt=prompt,
        answer=answer,
        has_question=pa.array(has_question),
        item_type=_item_type(flat, kept, _mask(answered_in_code(prompt, answer))),
    )


def _flatten(messages: pa.ListArray, repair: Repair) -> _Flat:
    lengths = pc.fill_null(pc.list_value_length(messages), 0).to_numpy(zero_copy_only=False)
    turns = messages.flatten()
    roles, contents = pc.struct_field(turns, "role"), pc.struct_field(turns, "content")
    row = np.repeat(np.arange(len(messages)), lengths)
    return _Flat(len(messages), row, roles, repair(contents, row))


def _prompt(flat: _Flat, before: Mask) -> pa.StringArray:
    """The turns before the answer as one text; their roles are written out unless there is only one and it is the user's."""
    alone = (flat.count(before) == 1) & (flat.count(before & flat.by("user")) == 1)
    labelled = pc.binary_join_element_wise(pc.utf8_capitalize(flat.roles), flat.contents, ": ")
    texts = pc.if_else(pa.array(alone[flat.row]), flat.contents, labelled)
    return pc.binary_join(flat.lists(texts, before), "\n\n")


def _item_type(flat: _Flat, kept: Mask, in_code: Mask) -> pa.StringArray:
    tools = flat.count(kept & flat.by("tool")) > 0
    chat = np.maximum(flat.count(kept & flat.by("user")), flat.count(kept & flat.by("assistant"))) > 1
    return pa.array(np.select([tools, chat, in_code], ["tools", "chat", "code"], "qa"), pa.string())


def _mask(column: Any) -> Mask:
    return column.to_numpy(zero_copy_only=False).astype(bool)
