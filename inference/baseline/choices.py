"""A question with four options, of which one is right: what passages about like subjects say their subjects are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice

from inference.baseline.passage import Passage, read
from inference.baseline.telling import Refused, dense, room
from inference.baseline.topics import definition, name_of, names
from lake.ids import sha256_text
from texts.formats.multiple_choice import LETTERS
from texts.words import content_words, words

_OPTION_WORDS = (2, 28)
_ASIDES = 30  # words that the options take of what there is room for
_ALIKE = 0.75  # of the words of the shorter of two options
# where a long description can end
_GOES_ON = re.compile(r",? (?:(?:and )?(?:starring|featuring)|which|who|whose|that|where|based on|(?:best )?known)\b")


def multiple_choice(passage: Passage, others: Sequence[str]) -> dict[str, str]:
    """What the passage says its subject is or does, among what others say of theirs.

    others: passages, each its title, a line break, its text. Refused where the opening does not say it, or where fewer than three of
    the others lend an option that is none of the right ones.
    """
    right = _option(passage)
    if right is None:
        raise Refused("no_definition", "its opening does not say in a few words what it is about")
    wrong = list(islice(_wrong(passage, right, others), 3))
    if len(wrong) < 3:
        raise Refused("few_like_options", f"{len(wrong)} passages about like subjects lend an option, of three")
    place = int(sha256_text(right), 16) % 4  # by hash: all four letters are right equally often, and every run agrees
    options = [*wrong[:place], right, *wrong[place:]]
    lettered = {f"option_{letter.lower()}": option for letter, option in zip(LETTERS, options, strict=True)}
    asked = (
        f"What does {passage.subject} do?" if passage.named else f"Which of these describes {name_of(passage.title)}?"
    )
    explanation = dense(passage, room(passage) - _ASIDES)
    return {"question": asked, **lettered, "answer": LETTERS[place], "explanation": explanation}


def _wrong(passage: Passage, right: str, others: Sequence[str]) -> Iterator[str]:
    """What other passages say of their subjects that cannot be said of this one, each different from those before."""
    taken = [frozenset(content_words(right))]
    for title, named, option in map(_lent, others):
        stems = frozenset(content_words(option))
        fits = option and named == passage.named and title != passage.title and not names(passage.title, option)
        if fits and not any(_alike(stems, one) for one in taken):
            taken.append(stems)
            yield option


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether what one says of a thing may be true of what the other says: one holds most of the other's words."""
    return len(one & other) >= _ALIKE * min(len(one), len(other))


def _option(passage: Passage) -> str | None:
    """What the opening says the subject does, without its name, or what it is; None where it does neither shortly."""
    if not passage.prose:
        return None
    if passage.named:
        bare = passage.purpose.removeprefix(f"{passage.subject} ")
        told = bare[0].upper() + bare[1:]
    else:
        defined = definition(passage.title, passage.purpose)
        told = _shortened(defined.kind) if defined else ""
    fewest, most = _OPTION_WORDS
    return told if fewest <= len(words(told)) <= most and "\n" not in told else None


def _shortened(kind: str) -> str:
    """The description up to where it goes on, if it is long."""
    end = _GOES_ON.search(kind) if len(words(kind)) > _OPTION_WORDS[1] else None
    return f"{kind[: end.start()]}." if end else kind


@lru_cache(maxsize=4_096)  # a passage lends its option to several others of its batch
def _lent(other: str) -> tuple[str, bool, str]:
    """Title, whether that is a program's name, and option of a passage; "" where it has none to lend."""
    title, _, text = other.partition("\n")
    passage = read(title, text)
    return title, passage.named, _option(passage) or ""
