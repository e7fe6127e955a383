"""How far a value is from what was predicted of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow.dataset as ds

from expectations.frames import field
from lake.engines.batches import read_batches


def mean_errors(rows: ds.Dataset, value: str, predicted: str) -> tuple[int, float, float]:
    """Over the rows that have both: how many, the mean error of `predicted`, and the mean error of guessing the mean of `value`.

    A prediction that is worth something has a smaller error than the guess. Values 0 and 4, predicted 1 and 4: (2, 0.5, 2.0).
    """
    count, total, error = 0, 0.0, 0.0
    for values, predictions in _pairs(rows, value, predicted):
        count += len(values)
        total += float(values.sum())
        error += float(np.abs(values - predictions).sum())
    if not count:
        return 0, 0.0, 0.0
    guess = sum(float(np.abs(values - total / count).sum()) for values, _ in _pairs(rows, value, predicted))
    return count, error / count, guess / count


def _pairs(rows: ds.Dataset, *columns: str) -> Iterator[tuple[Any, ...]]:
    known = ~(field(columns[0]).is_null(nan_is_null=True) | field(columns[1]).is_null(nan_is_null=True))
    for batch in read_batches(rows, columns, known):
        yield tuple(column.to_numpy() for column in batch.columns)
