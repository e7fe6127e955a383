"""How far a measured value is from what was foretold of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expectations.frames import in_memory

if TYPE_CHECKING:
    from expectations.frames import Frame


def gaps(frame: Frame, value: str, foretold: str) -> tuple[int, float, float]:
    """Over the rows that have both: how many, the mean gap between them, and that between `value` and its own mean.

    The last is the error of guessing, which what was foretold must beat.
    """
    held: Any = in_memory(frame, {value, foretold})
    if held is None:
        return _gaps_in_spark(frame, value, foretold)
    known = held.dropna(subset=[value, foretold])
    if known.empty:
        return 0, 0.0, 0.0
    gap, guess = (known[value] - known[foretold]).abs().mean(), (known[value] - known[value].mean()).abs().mean()
    return len(known), float(gap), float(guess)


def _gaps_in_spark(frame: Any, value: str, foretold: str) -> tuple[int, float, float]:
    from pyspark.sql import functions as F

    known = frame.select(value, foretold).dropna()
    rows, gap, mean = known.agg(F.count("*"), F.avg(F.abs(F.col(value) - F.col(foretold))), F.avg(value)).collect()[0]
    guess = known.agg(F.avg(F.abs(F.col(value) - F.lit(mean)))).collect()[0][0]
    return rows, gap or 0.0, guess or 0.0
