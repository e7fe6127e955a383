"""A question with four options, of which one is right: what passages about like subjects say their subjects are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from inference.baseline.passage import Passage, read
from inference.baseline.telling import Refused, dense, room
from inference.baseline.topics import alike, definition, name_of, names
from lake.ids import sha256_text
from texts.formats.multiple_choice import LETTERS
from texts.words import words

_OPTION_WORDS = (2, 28)
_ASIDES = 30  # words that the options take of what there is room for
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
    wrong: list[str] = []
    for other in map(_titled, others):
        option = _option(other) if other.named == passage.named and other.title != passage.title else None
        if option and not names(passage.title, option) and not any(alike(option, one) for one in (right, *wrong)):
            wrong.append(option)
    if len(wrong) < 3:
        raise Refused("few_like_options", f"{len(wrong)} passages about like subjects lend an option, of three")
    place = int(sha256_text(right), 16) % 4  # by hash: all four letters are right equally often, and every run agrees
    options = [*wrong[:place], right, *wrong[place:3]]
    lettered = {f"option_{letter.lower()}": option for letter, option in zip(LETTERS, options, strict=True)}
    asked = (
        f"What does {passage.subject} do?" if passage.named else f"Which of these describes {name_of(passage.title)}?"
    )
    explanation = dense(passage, room(passage) - _ASIDES)
    return {"question": asked, **lettered, "answer": LETTERS[place], "explanation": explanation}


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


@lru_cache(maxsize=4_096)  # a passage lends its opening to several others of its batch
def _titled(other: str) -> Passage:
    title, _, text = other.partition("\n")
    return read(title, text)
