"""A passage as items may tell it: clean, whole, about its title from its first sentence on. Any other is refused whole, by a named rule.

Precision before yield: there are far more passages than items are needed, and a passage with one spoilt sentence has others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import compress, takewhile

from inference.baseline.asking import MOST_NAMED
from inference.baseline.hanging import alone
from inference.baseline.passage import Passage, read
from inference.baseline.saying import argument_is_said, describes, gives_result, result_is_said, tells_case
from inference.baseline.signs import sign
from inference.baseline.telling import JOINER, Refused
from inference.baseline.topics import mended, names
from inference.baseline.verbs import form_of
from texts.words import content_words, words

# the rules by which a passage is refused whole: an item of another form would not do either
OF_PASSAGES = frozenset({"unclean", "broken", "unnamed", "no_purpose", "hangs", "few_facts"})
_LEAST_FACTS = 3  # sentences and listed lines
_LONG = 45  # words of two sentences that tell as much as three
_DESCRIBES = 2  # words that carry meaning, of what is said of an argument
_ERRORS = 2  # told of a part of a program, at most
_LOOSE_END = re.compile(r"^(?:Of|Or|And) |[:,]\.?$|\b(?:below|above|following)\b")


def usable(title: str, text: str) -> Passage:
    """The passage with what can be told of it; raises Refused where it is not clean, whole and about its title."""
    found = _usable(title, text)
    if isinstance(found, Passage):
        return found
    raise Refused(*found)


def is_usable(title: str, text: str) -> bool:
    """Whether the passage is clean, whole and about its title, and has whole sentences."""
    found = _usable(title, text)
    return isinstance(found, Passage) and bool(found.prose)


@lru_cache(maxsize=2_048)  # an item of each type is tried on a passage
def _usable(title: str, text: str) -> Passage | tuple[str, str]:
    passage = read(title, text)
    if not passage.prose:
        return passage
    if why := sign(text if passage.named else mended(text)):
        return "unclean", f"it shows {why}"
    if passage.broken:
        return "broken", f'not a whole sentence: "{passage.broken}"'
    if why := _unnamed(passage):
        return why
    told = tuple(_alone(passage))
    if not told or told[0] != passage.prose[0]:
        return "hangs", f'it opens with something that was named before it: "{passage.prose[0]}"'
    kept = _with_meaning(replace(passage, prose=told))
    facts = len(kept.prose) + len(kept.arguments) + len(kept.errors) + bool(kept.returned)
    if facts < _LEAST_FACTS and not (facts == _LEAST_FACTS - 1 and len(words(" ".join(told))) >= _LONG):
        return "few_facts", f"{facts} sentences and listed lines"
    return kept


def _unnamed(passage: Passage) -> tuple[str, str] | None:
    """The rule and the reason why an opening is not about the title; None where it is."""
    opening = passage.prose[0]
    if passage.named:
        says = passage.purpose.startswith(passage.subject) or form_of(opening)
        return None if says else ("no_purpose", f'it does not open with what {passage.subject} is or does: "{opening}"')
    if JOINER in passage.title or names(passage.title, opening):
        return None
    return "unnamed", f'its first sentence does not name its subject: "{opening}"'


def _alone(passage: Passage) -> Iterator[str]:
    """The sentences up to the first of which not all is named."""
    named = alone(passage.title, passage.prose, passage.named)
    return compress(passage.prose, takewhile(bool, named))


def _with_meaning(passage: Passage) -> Passage:
    """The passage with the first few of its listed lines that say what they are about, and that no sentence says already."""
    prose = passage.prose
    arguments = [entry for entry in passage.arguments if _says(*entry) and not argument_is_said(*entry, prose)]
    errors = [entry for entry in passage.errors if tells_case(entry[1]) and not _has_loose_end(entry[1])]
    returned = passage.returned
    says = returned and gives_result(returned) and not result_is_said(returned, prose)
    return replace(
        passage,
        arguments=tuple(arguments[:MOST_NAMED]),
        errors=tuple(errors[:_ERRORS]),
        returned=returned if says and not _has_loose_end(returned) else "",
    )


def _says(name: str, text: str) -> bool:
    return describes(name, text) and len(set(content_words(text))) >= _DESCRIBES and not _has_loose_end(text)


def _has_loose_end(text: str) -> bool:
    """Whether what is said of a listed name breaks off, or goes on in what is not told.

    >>> [_has_loose_end(text) for text in ("Of length M.", "Rows of the table: ", "Rows of the table.")]
    [True, True, False]
    """
    return bool(_LOOSE_END.search(text.strip()))
