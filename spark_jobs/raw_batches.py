"""Rows to Arrow batches, column by column: several times faster than row by row, and of bounded size."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

import pyarrow as pa

from lake.schema import MESSAGES
from spark_jobs.raw_rows import Row

_BYTES = 8 * 2**20  # raw bytes in a batch


def batches(rows: Iterator[Row], schema: pa.Schema, limit: int) -> Iterator[pa.RecordBatch]:
    """Batches of the schema with at most `limit` rows; a column that a row lacks is null."""
    for block in _blocks(rows, limit):
        yield pa.RecordBatch.from_arrays([_column(block, field) for field in schema], schema=schema)


def _blocks(rows: Iterator[Row], limit: int) -> Iterator[list[Row]]:
    block: list[Row] = []
    size = 0
    for row in rows:
        block.append(row)
        size += len(row["raw"])
        if len(block) >= limit or size >= _BYTES:
            yield block
            block, size = [], 0
    if block:
        yield block


def _column(block: list[Row], field: pa.Field) -> pa.Array:
    name = field.name
    values = [row.get(name) for row in block]
    return _messages(values) if field.type == MESSAGES else pa.array(values, field.type)


def _messages(values: list[Any]) -> pa.Array:
    """Lists of turns from two flat columns and the lists' lengths: what Arrow builds fastest."""
    offsets: list[int | None] = []
    total = 0
    for turns in values:
        offsets.append(None if turns is None else total)
        total += len(turns or ())
    turns = list(chain.from_iterable(turns for turns in values if turns))
    parts = [pa.array([turn[name] for turn in turns], pa.string()) for name in ("role", "content")]
    flat = pa.StructArray.from_arrays(parts, fields=list(MESSAGES.value_type))
    return pa.ListArray.from_arrays(pa.array([*offsets, total], pa.int32()), flat, type=MESSAGES)
