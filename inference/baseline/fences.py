"""A text parted at its fenced blocks of code, line by line in one pass.

A block opens with a line that begins with a fence and ends with the next line that is nothing else; what is never closed is no block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

FENCE = "```"


@dataclass(frozen=True)
class Stretch:
    """A block of code with its fences, or what stands before, between or behind blocks: its place in the text, and its words."""

    start: int
    text: str
    is_code: bool

    @property
    def language(self) -> str:
        """Of a block, what stands behind its first fence."""
        return self.text.partition("\n")[0].removeprefix(FENCE).strip()

    @property
    def code(self) -> str:
        """Of a block, the lines between its fences."""
        return self.text.partition("\n")[2].rpartition("\n")[0]


def stretches(text: str) -> Iterator[Stretch]:
    """All of a text, in its order.

    >>> [one.text for one in stretches("Run it:\\n```py\\na = 1\\n```\\nIt ends.")]
    ['Run it:\\n', '```py\\na = 1\\n```', '\\nIt ends.']
    """
    done = at = 0
    opened: int | None = None
    for line in text.split("\n"):
        end = at + len(line)
        if opened is None:
            opened = at if line.startswith(FENCE) else None
        elif line.rstrip() == FENCE:
            if done < opened:
                yield Stretch(done, text[done:opened], False)
            yield Stretch(opened, text[opened:end], True)
            done, opened = end, None
        at = end + 1
    if done < len(text):
        yield Stretch(done, text[done:], False)


def blocks(text: str) -> list[Stretch]:
    """The blocks of code of a text."""
    return [one for one in stretches(text) if one.is_code]


def without_blocks(text: str) -> str:
    """A text without its blocks of code."""
    return "".join(one.text for one in stretches(text) if not one.is_code)
