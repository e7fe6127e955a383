"""How far a table is from its last published version: its volume, and the distributions of some of its columns. All of it only warns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from expectations.frames import whole_columns
from expectations.rules import SINCE_LAST, Batch, Rule, divergence, quantiles, volume
from lake.tables import TABLES

if TYPE_CHECKING:
    from expectations.frames import Frames
    from expectations.limits import Limits

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
FIRST = "there is no earlier version to compare with"
GROWN = "only new rows were made, and the table has grown by them"


def since_last(
    frames: Frames, key: str, gate: Limits, numbers: Sequence[str] = (), categories: Sequence[str] = ()
) -> Iterable[Batch]:
    """The rules for the stage's own table `key`: its volume where it was made anew, the quantiles of columns of numbers and the shares of
    columns of few values. Of a run on new rows alone, these are compared with the rows published before.
    """
    rows, last = frames[key], frames.last.get(key)
    now, counted = rows.count_rows(), last.count_rows() if last is not None else 0
    few = f"fewer than {gate.enough} rows to compare"
    first = "" if counted else FIRST
    # a table that is only appended to is given what is new to it, whatever its run was given
    grown = bool(frames.before) or TABLES[key].mode == "append"
    no_volume = first or (GROWN if grown else "") or (few if max(now, counted) < gate.enough else "")
    yield Batch(SINCE_LAST[0], rows, [_volume(counted, gate)], whole=True, idle=no_volume)
    if numbers or categories:
        before = whole_columns(last, [*numbers, *categories])
        rules = [
            *(_quantiles(before, name, gate) for name in numbers),
            *(_shares(before, name, gate) for name in categories),
        ]
        yield Batch(
            SINCE_LAST[1], rows, rules, whole=True, idle=first or (few if min(now, counted) < gate.enough else "")
        )


def _volume(counted: int, gate: Limits) -> Rule:
    return volume(int(counted * gate.expected_volume), int(counted / gate.expected_volume))


def _quantiles(before: pd.DataFrame, column: str, gate: Limits) -> Rule:
    known = before[column].dropna().astype(float) if column in before else pd.Series(dtype=float)
    if known.empty:
        return quantiles(column, dict.fromkeys(_QUANTILES, (0.0, 0.0)))
    values = known.quantile(list(_QUANTILES), interpolation="nearest")
    slack = gate.expected_shift * float(values.iloc[-1] - values.iloc[0])
    return quantiles(
        column, {at: (value - slack, value + slack) for at, value in zip(_QUANTILES, values.tolist(), strict=True)}
    )


def _shares(before: pd.DataFrame, column: str, gate: Limits) -> Rule:
    counts = before[column].value_counts(normalize=True) if column in before else pd.Series(dtype=float)
    return divergence(column, dict(zip(counts.index.tolist(), counts.tolist(), strict=True)), gate.expected_divergence)
