"""The books of a stage: every key of its input is in exactly one of the tables that the stage declares as places for it."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass

import pyarrow.dataset as ds

from lake.engines.keys import KEYS_IN_MEMORY, Column, tallies
from lake.errors import StageFailed
from lake.stages import Balance, Stage


@dataclass
class Imbalance:
    """How many keys are `lost` (in no place), `doubled` (in a place twice, or in two) or `foreign` (in a place, not in the input)."""

    lost: int = 0
    doubled: int = 0
    foreign: int = 0

    def __bool__(self) -> bool:
        return any(astuple(self))

    def __str__(self) -> str:
        return ", ".join(f"{count} {kind}" for kind, count in vars(self).items() if count)


def check_books(stage: Stage, tables: Mapping[str, ds.Dataset]) -> None:
    """Raises StageFailed when a key of the stage's input is in no place or in two."""
    wrong = imbalance(stage.balance, tables) if stage.balance else None
    if stage.balance and wrong:
        raise StageFailed(
            f"{stage.key}: the books do not balance over {stage.balance.table}: {wrong}; nothing was published"
        )


def imbalance(balance: Balance, tables: Mapping[str, ds.Dataset], limit: int = KEYS_IN_MEMORY) -> Imbalance:
    """What is wrong with the books over the rows of `tables`: false where nothing is.

    A null is a key, too: a row that lost its key is lost, and foreign where it went. Keys are read in partitions of `limit`.
    """
    places = [Column(tables[table], column) for table, column in balance.places]
    keys = {"input": Column(tables[balance.table], balance.key)} | {str(n): place for n, place in enumerate(places)}
    found = Imbalance()
    for tally in tallies(keys, limit=limit):
        wanted, placed = tally.counts[:, 0] > 0, tally.counts[:, 1:].sum(axis=1)
        found.lost += int((wanted & (placed == 0)).sum())
        found.doubled += int((placed > 1).sum())
        found.foreign += int((~wanted & (placed > 0)).sum())
    return found
