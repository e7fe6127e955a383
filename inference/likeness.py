"""Which passages of a batch are about like things, by vectors: pairs for one item across topics, and lenders of wrong options."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from inference.baseline.descriptions import sort
from inference.baseline.passage import is_program_name, read, stands_alone
from inference.baseline.telling import JOINER, introduced
from inference.baseline.usable import is_usable
from inference.pairing import Draft, Text, share
from texts.words import FUNCTION_WORDS, content_words

Vectors = NDArray[np.float32]
Encode = Callable[[Sequence[str]], Vectors]

_PAIRED = 0.4  # cosine of two passages that make one item, of which one names the other
_LENDS = 0.3  # cosine from which what one is about can be taken for what the other is
_OTHERS = 32  # passages about the same sort of thing that lend wrong options: what some say is true of this one, or gives it away
_LEAST_NAME = 3  # characters of a program's name that a text can name: shorter ones are words
_LEAST_TITLE = 5  # characters of a topic's name
_BEFORE = re.compile(r"(?<![\w.’'])[A-Z][\w.’']* $")
_LONGEST_WORD = 40  # characters, of what can stand before a name and be a part of it
_OF_A_PERSON = ("He ", "She ", "His ", "Her ")


def drafts(batch: Sequence[Text], cross_topic: float, seed: int, encode: Encode, least_content: int) -> Iterator[Draft]:
    """A draft for each text of a batch of one split, but one for two passages where they are paired; each text is in one draft.

    least_content: different words that carry meaning, of a passage that can be part of another's item.
    """
    about = list[Text]()
    for text in batch:
        if text.question:
            yield Draft((text,), "", text.text)
        elif content(text.text) >= least_content and is_usable(text.title, text.text):
            about.append(text)
        else:  # what carries no item of its own is no part of another, and lends nothing
            yield Draft((text,), text.title, text.text)
    if not about:
        return
    near = _Near(about, encode([f"{text.title}. {text.text}" for text in about]))
    pairs = _pairs(near, cross_topic, seed)
    partners = set(pairs.values())
    for place, text in enumerate(about):
        if place in pairs:
            yield _crossed(text, about[pairs[place]])
        elif place not in partners:
            lenders = map(about.__getitem__, islice(near.to(place, _LENDS), _OTHERS))
            yield Draft((text,), text.title, text.text, tuple(f"{one.title}\n{one.text}" for one in lenders))


def content(text: str) -> int:
    """How many different words that carry meaning a text has."""
    return len(set(content_words(text)))


class _Near:
    """The texts of a batch by the cosine of their vectors, and by the sort of thing that each is about."""

    def __init__(self, texts: Sequence[Text], vectors: Vectors) -> None:
        self.texts, self._vectors = texts, vectors
        self._title = _numbered([text.title for text in texts])
        sorts = [sort(text.title, text.text) for text in texts]
        self._of_program = np.array([is_program_name(text.title) for text in texts])
        self._sort, self._known = _numbered(sorts), np.array([bool(one) for one in sorts])

    def to(self, place: int, floor: float) -> Iterator[int]:
        """The places of the texts about the same sort of thing under another title, at least so near to the one at `place`, the nearest first."""
        return self._nearest(place, floor, (self._sort == self._sort[place]) & self._known)

    def beside(self, place: int, floor: float) -> Iterator[int]:
        """The same of texts about any sort of thing, but for parts of a program, which stand beside their like alone."""
        if is_program_name(self.texts[place].title):
            return self.to(place, floor)
        return self._nearest(place, floor, ~self._of_program)

    def _nearest(self, place: int, floor: float, fit: NDArray[np.bool_]) -> Iterator[int]:
        cosines = self._vectors @ self._vectors[place]
        places = np.flatnonzero((cosines >= floor) & (self._title != self._title[place]) & fit)
        yield from places[np.argsort(-cosines[places], kind="stable")].tolist()


def _numbered(names: Sequence[str]) -> NDArray[np.int64]:
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names], np.int64)


def _pairs(near: _Near, cross_topic: float, seed: int) -> Mapping[int, int]:
    """The places of passages that are crossed, each with that of the nearest free one that is linked to it, up to the share of the params."""
    paired: set[int] = set()
    pairs: dict[int, int] = {}
    most = round(cross_topic * len(near.texts))
    # a later segment of a page does not say what its subject is
    openings = [place for place, text in enumerate(near.texts) if not text.part]
    for place in sorted(openings, key=lambda place: share(seed, "cross", near.texts[place].id)):
        if len(pairs) >= most:
            break
        if place in paired:
            continue
        free = (one for one in near.beside(place, _PAIRED) if one not in paired and not near.texts[one].part)
        partner = next((one for one in free if linked(near.texts[place], near.texts[one])), None)
        if partner is not None:
            pairs[place] = partner
            paired |= {place, partner}
    return pairs


def linked(one: Text, other: Text) -> bool:
    """Whether one of the texts names what the other is about, in a sentence that can be told: two that are only alike have nothing to do with each other."""
    return any(_link(first, second) for first, second in ((one, other), (other, one)))


def _link(one: Text, other: Text) -> str:
    """The first sentence of a text that names what the other is about, and leans on no sentence but the opening; "" where there is none."""
    passage = read(one.title, one.text)
    for place, sentence in enumerate(passage.prose):
        if _named_in(other.title, sentence):
            return sentence if place < 2 or stands_alone(sentence) or sentence.startswith(_OF_A_PERSON) else ""
    return ""


def _named_in(title: str, text: str) -> bool:
    if is_program_name(title):
        name = title.rsplit(".", 1)[-1]
        return len(name) > _LEAST_NAME and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None
    name = title  # of several that share a name, a title in brackets says which: the name alone is any of them
    if name not in text:
        return False
    found = re.finditer(rf"(?<!\w){re.escape(name)}(?! [A-Z]|\w)", text)
    return len(name) >= _LEAST_TITLE and any(
        not _continues(text[max(0, one.start() - _LONGEST_WORD) : one.start()]) for one in found
    )


def _continues(before: str) -> bool:
    """Whether a name behind these words is a part of another's: one with a capital stands before it, which is no "The" or "In"."""
    word = _BEFORE.search(before)
    return word is not None and word[0].strip().lower() not in FUNCTION_WORDS


def _crossed(one: Text, other: Text) -> Draft:
    """One draft about what two passages have to do with each other: their titles, and of each its opening and the sentence that names the other."""
    first, second = (one, other) if _link(one, other) else (other, one)
    prose = [_opened(first, _link(first, second)), _opened(second, _link(second, first))]
    title = JOINER.join(read(text.title, text.text).subject for text in (first, second))
    return Draft((one, other), title, "\n".join(prose))


def _opened(text: Text, link: str) -> str:
    passage = read(text.title, text.text)
    told = [passage.purpose, *([link] if link and link != passage.prose[0] else [])]
    return introduced(passage, " ".join(told))
