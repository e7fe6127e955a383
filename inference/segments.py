"""Long passages about a topic cut into segments that are each told whole, at sentences that stand alone."""

from __future__ import annotations

from collections.abc import Iterator

from inference.baseline.passage import is_program_name, stands_alone
from inference.baseline.telling import LONGEST
from texts.words import sentence_spans, words

_FULL = 130  # words from which on a segment ends at the next sentence that stands alone
_LEAST = 60  # words of a last segment: a shorter one is of the segment before


def segments(title: str, text: str) -> list[str]:
    """The segments of a passage, in its order; one for a short passage, and for one about a part of a program, whose lists belong together.

    What they leave out is white space between them. One without a place to end is longer than `LONGEST` words, and not told whole.
    """
    if is_program_name(title) or len(words(text)) <= LONGEST:
        return [text]
    starts = list(_starts(text))
    return [text[start:end].strip() for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]


def _starts(text: str) -> Iterator[int]:
    """Where each segment starts."""
    yield 0
    left, length = len(words(text)), 0
    for start, end in sentence_spans(text):
        if length >= _FULL and left >= _LEAST and stands_alone(text[start:end]):
            yield start
            length = 0
        size = len(words(text[start:end]))
        length, left = length + size, left - size
