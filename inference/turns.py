"""Which item type is tried on a passage: the quotas decide, and what is made of the other passages of its batch."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from itertools import accumulate

from inference.pairing import Draft, share

CROSSABLE = ("qa",)  # types that two passages together fit: what connects them is asked for


class Turns:
    """Gives each draft of a batch an item type, and after a failure another one, so that the quotas are met as far as passages allow.

    Which draft gets which follows from hashes and from the batch, not from the order of its drafts.
    carries: whether a draft tells what an item of a type needs, where that is known beforehand.
    """

    def __init__(
        self, quotas: Mapping[str, float], seed: int, carries: Callable[[Draft, str], bool] = lambda *_: True
    ) -> None:
        self._quotas, self._seed, self._carries = quotas, seed, carries
        self._tried: defaultdict[str, list[str]] = defaultdict(list)

    def typed(self, todo: Sequence[Draft], made: Iterable[str]) -> list[tuple[Draft, str]]:
        """The drafts with the type that is tried next, given the types of what is made; those on which each was tried are left out."""
        counts = Counter(made)
        total = counts.total() + len(todo)
        lacking = {name: max(0.0, quota * total - counts[name]) for name, quota in self._quotas.items()}
        able = {name: {draft.key for draft in todo if self._carries(draft, name)} for name in self._quotas}
        # few passages may tell what a choice or a verdict needs: these are tried so much more often
        lacking = {name: lack * len(todo) / max(len(able[name]), 1) for name, lack in lacking.items()}
        of_all = ((draft, {name for name, keys in able.items() if draft.key in keys}) for draft in todo)
        return [(draft, kind) for draft, own in of_all if (kind := self._type(draft, lacking, own))]

    def _type(self, draft: Draft, lacking: Mapping[str, float], able: Set[str]) -> str | None:
        tried = self._tried[draft.key]
        fits = [name for name in self._quotas if len(draft.texts) == 1 or name in CROSSABLE] or [*self._quotas]
        untried = [name for name in fits if name not in tried]
        left = [name for name in untried if name in able] or untried
        if not left:
            return None
        # a type that lacks none is a last resort
        ends = list(accumulate(lacking[name] + 1e-9 for name in left))
        place = share(self._seed, f"type {len(tried)}", draft.key) * ends[-1]
        tried.append(left[bisect_right(ends, place)])
        return tried[-1]
