"""Which item type is tried on a passage: the quotas decide, and what is made of the other passages of its batch."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate

from inference.pairing import Draft, share

CHOICE = "multiple_choice"
CROSSABLE = ("qa", "category_statement", "paragraph")  # types that two passages together fit


class Turns:
    """Gives each draft of a batch an item type, and after a failure another one, so that the quotas are met as far as passages allow.

    Which draft gets which follows from hashes and from the batch, not from the order of its drafts.
    can_ask: whether a draft tells a fact that a choice can ask for, where that is known beforehand.
    """

    def __init__(
        self, quotas: Mapping[str, float], seed: int, can_ask: Callable[[Draft], bool] = lambda _: True
    ) -> None:
        self._quotas, self._seed, self._can_ask = quotas, seed, can_ask
        self._tried: defaultdict[str, list[str]] = defaultdict(list)

    def typed(self, todo: Sequence[Draft], made: Iterable[str]) -> list[tuple[Draft, str]]:
        """The drafts with the type that is tried next, given the types of what is made; those on which each was tried are left out."""
        counts = Counter(made)
        total = counts.total() + len(todo)
        lacking = {name: max(0.0, quota * total - counts[name]) for name, quota in self._quotas.items()}
        asking = {draft.key for draft in todo if self._can_ask(draft)}
        # few passages may tell what a choice can ask for: these are tried so much more often
        lacking[CHOICE] = lacking.get(CHOICE, 0.0) * len(todo) / max(len(asking), 1)
        return [(draft, kind) for draft in todo if (kind := self._type(draft, lacking, draft.key in asking))]

    def _type(self, draft: Draft, lacking: Mapping[str, float], asks: bool) -> str | None:
        tried = self._tried[draft.key]
        fits = [name for name in self._quotas if len(draft.texts) == 1 or name in CROSSABLE] or [*self._quotas]
        untried = [name for name in fits if name not in tried]
        left = [name for name in untried if asks or name != CHOICE] or untried
        if not left:
            return None
        # a type that lacks none is a last resort
        ends = list(accumulate(lacking[name] + 1e-9 for name in left))
        place = share(self._seed, f"type {len(tried)}", draft.key) * ends[-1]
        tried.append(left[bisect_right(ends, place)])
        return tried[-1]
