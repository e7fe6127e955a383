"""The weak versions of a strong item, made together, so that whatever the item states stands whole in one of them at least.

    target    three sentences a b c, question q, 4 variants
    padded    q, "Well, a b"            keeps a and b; it holds the first unit, so it keeps the question too
    cut_off   q in haste, "c a-be ..."  keeps c
    vague     q in haste, b blurred     loses what it can
    typos     q mistyped, a mistyped    loses what it can

At least two variants, and three in five, keep their share of the text's units word for word; these shares together are all of it. So what
a distiller is to write can be derived from what it is given, and texts.grounding finds every statement of it. What a
variant is filtered for later, such as being too good to be weak, is not known here: inference.mixture measures what is left.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from types import MappingProxyType

from inference.baseline.operators import (
    KEEPING,
    LOSING,
    OPERATORS,
    Share,
    cut_off,
    typos,
)
from inference.baseline.spoiling import mistyped, opened_small
from inference.baseline.units import Unit, single, told, units
from texts.formats import FORMATS, OF_ONE_FACT
from texts.words import words

# the field of each item type that holds most of what it says
LONG: Mapping[str, str] = MappingProxyType(
    {
        "qa": "answer",
        "multiple_choice": "explanation",
        "true_false": "explanation",
        "category_statement": "statement",
        "paragraph": "paragraph",
    }
)
_KEEPING_SHARE = 0.6  # of the variants
_SHARE_WORDS = 50  # of a target that a variant may keep and still be weak
_SHARE_CHARACTERS = 1_000  # the same, of what has few words: 20 a word are more than any language or code has
_OVERLAP = 0.3  # how often a variant that keeps its share also holds a unit of the next one's
_HEAD_WHOLE = 0.3  # how often a part of the form that need not be in a variant is there all the same
# surface noise: how often the long text of a variant loses its last stop, its first capital, or has a space doubled
_REMEMBERED = 1_024  # targets: an engine is asked for the versions of one by one, in any order inside a batch
_NO_STOP, _SMALL, _SPACE = 0.25, 0.15, 0.1
LEAST_WORDS = 5  # of a variant's long text: fewer tell nobody what they are from
_OPENING_PARTS = frozenset({"question", "statement", "category"})  # what an item opens with, but for its long text


def needed(target: str) -> int:
    """The variants that must keep a share of the target, so that each is short enough to be weak: two, and one for fifty words."""
    return max(2, -(-len(words(target)) // _SHARE_WORDS), -(-len(target) // _SHARE_CHARACTERS))


@lru_cache(maxsize=_REMEMBERED)
def operators(item_type: str, target: str, variants: int, seed: int) -> tuple[str, ...]:
    """The operator of each of the `variants` weak versions of a target."""
    rng = random.Random(f"{seed} operators {variants} {target}")
    keeping = min(variants, max(needed(target), round(_KEEPING_SHARE * variants)))
    # one unit alone is either all there or not: then what stands around it has to make it weak
    several = len(_parted(item_type, target)[1]) > 1
    chosen = [*_in_turn([*KEEPING][0 if several else 1 :], keeping, rng), *_in_turn([*LOSING], variants - keeping, rng)]
    rng.shuffle(chosen)
    return tuple(chosen)


def degrade(item_type: str, target: str, variant: int, variants: int, seed: int) -> str | None:
    """The `variant`-th (from 0) of `variants` weak versions of an item, incomplete in its form too; None if it is no item."""
    versions = weak_versions(item_type, target, variants, seed)
    return versions[variant] if versions else None


@lru_cache(maxsize=_REMEMBERED)
def weak_versions(item_type: str, target: str, variants: int, seed: int) -> tuple[str, ...]:
    """All `variants` weak versions of an item, in the order of their operators; none if it is not well formed."""
    versions = _versions(item_type, target, variants, seed)
    return tuple(map(versions.written, range(len(versions.longs))))


@dataclass(frozen=True)
class _Versions:
    """Weak versions of one item: of each the short parts, the long text, and the share of the target that it works on."""

    item_type: str
    heads: list[dict[str, str]]
    longs: list[str]
    shares: list[Share]

    def written(self, n: int) -> str:
        """What is left of the item in the n-th version, in its form."""
        parts = {**self.heads[n], LONG[self.item_type]: self.longs[n]}
        lines = [
            f"{marker} {parts[name]}".strip() for name, marker in FORMATS[self.item_type].markers if parts.get(name)
        ]
        return "\n".join(lines)


def _versions(item_type: str, target: str, variants: int, seed: int) -> _Versions:
    fields, whole = _parted(item_type, target)
    if fields is None:
        return _Versions(item_type, [], [], [])
    rng = random.Random(f"{seed} {variants} {target}")
    names = operators(item_type, target, variants, seed)
    keepers = _keepers(names, rng)
    places = _places(names, keepers, whole, rng)
    if item_type in OF_ONE_FACT and len(whole) == 1:
        places[keepers[-1]] = range(
            0
        )  # it has the options and the verdict: with all that explains them it would be the item
    shares = [Share(whole, places) for places in places]
    heads = _heads(item_type, fields, names, keepers, rng)
    longs = [_noisy(_weak(name, share, rng), rng) for name, share in zip(names, shares, strict=True)]
    return _Versions(item_type, heads, longs, shares)


@lru_cache(maxsize=_REMEMBERED)
def _parted(item_type: str, target: str) -> tuple[Mapping[str, str] | None, Sequence[Unit]]:
    """The fields of an item, None if it is not well formed, and the units of its long text."""
    fields = FORMATS[item_type].parse(target)
    text = (fields or {}).get(LONG[item_type], "")
    whole = units(text)
    # where every sentence leans on the first, each is its own: else one variant would hold all
    return fields, tuple(whole if len(whole) > 1 else single(text))


def _in_turn(names: Sequence[str], count: int, rng: random.Random) -> list[str]:
    """So many of the names, from a random one on and round again: variants of one target differ in what is wrong with them."""
    first = rng.randrange(len(names))
    return [names[(first + n) % len(names)] for n in range(count)]


def _keepers(names: Sequence[str], rng: random.Random) -> list[int]:
    """The variants that keep their share, in the order in which the shares are dealt: not that of the text."""
    keepers = [n for n, name in enumerate(names) if name in KEEPING]
    rng.shuffle(keepers)
    return keepers


def _places(names: Sequence[str], keepers: Sequence[int], whole: Sequence[Unit], rng: random.Random) -> list[range]:
    """The places of the units that each variant works on: those that keep theirs have all of them together."""
    parts = _parts(whole, len(keepers))
    telling = [part for part in parts if len(words(told(whole, part))) >= LEAST_WORDS] or parts
    found = [rng.choice(telling) if parts else range(0) for _ in names]
    for keeper, part in zip(keepers, parts, strict=False):
        last = len(whole) - (part.start == 0)  # an overlap that completes the text would leave nothing to put together
        more = part.stop < last and rng.random() < _OVERLAP
        found[keeper] = range(part.start, part.stop + more)
    return found


def _parts(whole: Sequence[Unit], most: int) -> list[range]:
    """At most so many runs of units, of about as many words each."""
    lengths = list(accumulate(len(words(unit.text)) + 1 for unit in whole))
    if not lengths:
        return []
    last = max(1, len(whole) - 1)  # before the last unit at the latest, however long it is
    ends = {min(bisect_left(lengths, lengths[-1] * part / most) + 1, last) for part in range(1, most)} | {len(whole)}
    return [range(start, end) for start, end in pairwise([0, *sorted(ends)])]


def _weak(name: str, share: Share, rng: random.Random) -> str:
    if not share.places:
        return ""
    text = OPERATORS[name](share, rng)
    if len(words(text)) >= LEAST_WORDS:
        return text
    # a scrap: what keeps its share goes on and breaks off, what loses some of it is mistyped instead
    return (cut_off if name in KEEPING else typos)(share, rng)


def _heads(
    item_type: str, fields: Mapping[str, str], names: Sequence[str], keepers: Sequence[int], rng: random.Random
) -> list[dict[str, str]]:
    """The short parts of each variant. Each part stands whole in one that keeps its share; a question, a statement or a category is in each,
    elsewhere as somebody in a hurry writes it; a variant has all options or none, and one of them the verdict.
    """
    heads: list[dict[str, str]] = []
    opening = _OPENING_PARTS - {LONG[item_type]}
    for n, name in enumerate(names):
        head = {field: text for field, text in fields.items() if field in opening}
        if n != keepers[0] and rng.random() >= _HEAD_WHOLE:
            head = {field: _hasty(value, name, rng) for field, value in head.items()}
        judged = n == keepers[-1]
        if judged or rng.random() < _HEAD_WHOLE:
            head |= {field: value for field, value in fields.items() if field.startswith("option_")}
        if judged and item_type in OF_ONE_FACT:
            head["answer"] = fields["answer"]
        heads.append(head)
    return heads


def _hasty(text: str, operator: str, rng: random.Random) -> str:
    """The first paragraph as somebody in a hurry writes it: without its closing mark, its first word small where it is no name, and mistyped where all is."""
    first = text.split("\n")[0].rstrip("?.!")
    return opened_small(mistyped(first, rng) if operator == "typos" else first)


def _noisy(text: str, rng: random.Random) -> str:
    """The text with surface noise, which changes no word of it."""
    if rng.random() < _NO_STOP:
        text = text.rstrip(".。")
    if rng.random() < _SMALL:
        text = opened_small(text)
    if rng.random() < _SPACE:
        text = text.replace(" ", "  ", 1)
    return text
