"""How many keys are in which tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import cached_property

import numpy as np
import pandas as pd

from lake.engines.keys import KEYS_IN_MEMORY, Keys, tallies


class Membership:
    """The keys of some places by the set of places they are in: one row a pattern, so at most 2^places rows.

    They are read when something is first asked of them.
    """

    def __init__(self, read: Callable[[], pd.DataFrame]) -> None:
        self._read = read

    @cached_property
    def _patterns(self) -> pd.DataFrame:
        return self._read()

    def count(self, condition: str) -> int:
        """How many keys satisfy a condition over the places, each 1 where the key is in it and 0 elsewhere: `kept + removed > 1`."""
        chosen = self._patterns.query(condition) if len(self._patterns) else self._patterns
        return int(chosen["keys"].sum())


def membership(*, lookup: Mapping[str, Keys] | None = None, limit: int = KEYS_IN_MEMORY, **places: Keys) -> Membership:
    """Which of the keys are in which places; keys that only places of `lookup` have are left out.

    Keys are read in partitions of at most about `limit` different ones.
    """
    return Membership(lambda: _patterns(places, lookup or {}, limit))


def _patterns(places: Mapping[str, Keys], lookup: Mapping[str, Keys], limit: int) -> pd.DataFrame:
    names = [*places, *lookup]
    patterns: Counter[tuple[int, ...]] = Counter()
    for tally in tallies(places, lookup, limit):
        codes = (tally.counts > 0) @ (1 << np.arange(len(names)))
        for code, keys in zip(*np.unique(codes, return_counts=True), strict=True):
            patterns[tuple(int(code) >> place & 1 for place in range(len(names)))] += int(keys)
    rows = [(*pattern, keys) for pattern, keys in patterns.items()]
    return pd.DataFrame.from_records(rows, columns=[*names, "keys"])
