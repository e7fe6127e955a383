"""Which passages of a batch are about like things, by vectors: pairs for one item across topics, and lenders of wrong options."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from inference.baseline.choices import sort
from inference.baseline.passage import is_program_name, read
from inference.baseline.telling import JOINER, dense, introduced
from inference.pairing import Draft, Text, share

Vectors = NDArray[np.float32]
Encode = Callable[[Sequence[str]], Vectors]

_PAIRED = 0.5  # cosine of two passages that make one item: half of all have one as near in a batch of 512
_LENDS = 0.3  # cosine from which what one is about can be taken for what the other is
_OTHERS = (
    8  # passages about the same sort of thing that lend wrong options: what some say may be true of this one as well
)
_HALF = 65  # words of each passage in an item across topics


def drafts(batch: Sequence[Text], cross_topic: float, seed: int, encode: Encode) -> Iterator[Draft]:
    """A draft for each text of a batch of one split, but one for two passages where they are paired; each text is in one draft."""
    about = [text for text in batch if not text.question]
    yield from (Draft((text,), "", text.text) for text in batch if text.question)
    if not about:
        return
    near = _Near(about, encode([f"{text.title}. {text.text}" for text in about]))
    pairs = _pairs(near, cross_topic, seed)
    partners = set(pairs.values())
    for place, text in enumerate(about):
        if place in pairs:
            yield _crossed(text, about[pairs[place]])
        elif place not in partners:
            like = (one for one in map(about.__getitem__, near.to(place, _LENDS)) if _sort(one) == _sort(text) != "")
            lent = tuple(f"{one.title}\n{one.text}" for one in islice(like, _OTHERS))
            yield Draft((text,), text.title, text.text, lent)


class _Near:
    """The texts of a batch by the cosine of their vectors."""

    def __init__(self, texts: Sequence[Text], vectors: Vectors) -> None:
        self.texts, self._vectors = texts, vectors
        self._programs = np.array([is_program_name(text.title) for text in texts])
        titles = {title: number for number, title in enumerate(dict.fromkeys(text.title for text in texts))}
        self._title = np.array([titles[text.title] for text in texts])

    def to(self, place: int, floor: float) -> list[int]:
        """The places of the texts at least so near to the one at `place`, of another title and the same kind of it, the nearest first."""
        cosines = self._vectors @ self._vectors[place]
        fits = (cosines >= floor) & (self._title != self._title[place]) & (self._programs == self._programs[place])
        places = np.flatnonzero(fits)
        return places[np.argsort(-cosines[places], kind="stable")].tolist()


def _pairs(near: _Near, cross_topic: float, seed: int) -> Mapping[int, int]:
    """The places of passages that are to be crossed, each with the nearest one about the same sort of thing that is still free."""
    paired: set[int] = set()
    pairs: dict[int, int] = {}
    for place, text in enumerate(near.texts):
        if place in paired or share(seed, "cross", text.id) >= cross_topic:
            continue
        like = (one for one in near.to(place, _PAIRED) if one not in paired)
        partner = next((one for one in like if _sort(near.texts[one]) == _sort(text) != ""), None)
        if partner is not None:
            pairs[place] = partner
            paired |= {place, partner}
    return pairs


def _sort(text: Text) -> str:
    return sort(text.title, text.text)


def _crossed(one: Text, other: Text) -> Draft:
    """One draft about both passages: their titles, and what the prose of each says first."""
    passages = [read(text.title, text.text) for text in (one, other)]
    prose = [introduced(passage, dense(passage.without_lists(), _HALF)) for passage in passages]
    title = JOINER.join(passage.subject for passage in passages)
    return Draft((one, other), title, "\n".join(prose))
