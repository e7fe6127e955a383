"""Which item type is tried on a passage: the quotas decide, and what is made of the other passages of its batch."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from inference.pairing import Draft, share

CROSSABLE = ("qa", "category_statement", "paragraph")  # types that two passages together fit


class Turns:
    """Gives each draft of a batch an item type, and after a failure another one, so that the quotas are met as far as passages allow.

    Which draft gets which follows from hashes and from the batch, not from the order of its drafts.
    """

    def __init__(self, quotas: Mapping[str, float], seed: int) -> None:
        self._quotas, self._seed = quotas, seed
        self._tried: defaultdict[str, list[str]] = defaultdict(list)

    def typed(self, todo: Sequence[Draft], made: Iterable[str]) -> list[tuple[Draft, str]]:
        """The drafts with the type that is tried next, given the types of what is made; those on which each was tried are left out."""
        counts = Counter(made)
        total = counts.total() + len(todo)
        lacking = {name: max(0.0, quota * total - counts[name]) for name, quota in self._quotas.items()}
        return [(draft, kind) for draft in todo if (kind := self._type(draft, lacking))]

    def _type(self, draft: Draft, lacking: Mapping[str, float]) -> str | None:
        tried = self._tried[draft.key]
        fits = [name for name in self._quotas if len(draft.texts) == 1 or name in CROSSABLE] or [*self._quotas]
        left = [name for name in fits if name not in tried]
        if not left:
            return None
        # a type that lacks none is a last resort
        ends = list(accumulate(lacking[name] + 1e-9 for name in left))
        place = share(self._seed, f"type {len(tried)}", draft.key) * ends[-1]
        tried.append(left[bisect_right(ends, place)])
        return tried[-1]
