"""Long passages about a topic cut into segments that are each told whole, at sentences that stand alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from inference.baseline.debris import is_untold
from inference.baseline.passage import is_program_name, stands_alone
from inference.baseline.telling import LONGEST
from inference.baseline.topics import names
from texts.words import sentence_spans, words

_FULL = 70  # words from which on a segment ends at the next sentence that stands alone
_MOST_AGAIN = 50  # words of an opening that each segment repeats: behind a longer one there is no room
_LEANS_BACK = re.compile(r"(?:[A-Z][a-z]+|\d+) (?:years?|months?|days?|weeks?) (?:later|after|earlier)\b")
_LEAST = 60  # words of a last segment: a shorter one is of the segment before


def segments(title: str, text: str) -> list[str]:
    """The segments of a passage, in its order; one for a short passage, and for one about a part of a program, whose lists belong together.

    Each opens with the passage's first sentence, which says what its subject is; but for that they leave out the white space between them. One without a place
    to end is longer than `LONGEST` words, and not told whole. Of a passage with a long first sentence the first segment alone is one.
    """
    if is_program_name(title) or len(words(text)) <= LONGEST:
        return [text]
    _, end_of_first = next(iter(sentence_spans(text)))
    opening = text[:end_of_first].strip()
    again = len(words(opening))
    starts = list(_starts(title, text, again))
    first, *others = [text[start:end].strip() for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
    return [first, *(f"{opening} {one}" for one in others)] if again <= _MOST_AGAIN else [first]


def _opens(title: str, sentence: str) -> bool:
    """Whether a sentence can follow the first one of its passage: it names the subject, and leans on no other."""
    return (
        stands_alone(sentence) and names(title, sentence) and not (is_untold(sentence) or _LEANS_BACK.match(sentence))
    )


def _starts(title: str, text: str, again: int) -> Iterator[int]:
    """Where each segment starts, of which all but the first repeat so many words."""
    yield 0
    left, length = len(words(text)), 0
    for start, end in sentence_spans(text):
        if length >= _FULL and left >= _LEAST and _opens(title, text[start:end]):
            yield start
            length = again
        size = len(words(text[start:end]))
        length, left = length + size, left - size
