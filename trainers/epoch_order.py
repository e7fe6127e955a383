"""An order of rows that follows from seed and epoch alone.

TRL's trainers draw it from a generator that goes on from epoch to epoch: a training that is taken up in its second epoch would read rows
twice and others never.
"""

from collections.abc import Callable, Iterator
from typing import Any

from torch.utils.data import Sampler


class OrderOfEpoch(Sampler[int]):
    """The places of rows in the order of an epoch. order: a function from an epoch to them, always as many and the same for the same epoch."""

    def __init__(self, order: Callable[[int], Any]) -> None:
        self._order, self._epoch, self._length = order, 0, len(order(0))

    def set_epoch(self, epoch: int) -> None:
        """The epoch that is iterated next; the training loop calls it."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[int]:
        return iter(self._order(self._epoch))

    def __len__(self) -> int:
        return self._length
