"""A text cut into units that can be told one without the others, and what is left of it where some are chosen.

A unit is a sentence, a line of a list, or a part of a fenced block of code, as a block of its own. A sentence that leans on the one before it is of that one's unit, a
number that only counts a line is of its line's. A line of a list keeps the line that it is listed under.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from inference.baseline.fences import FENCE, stretches
from inference.baseline.passage import stands_alone
from texts.grounding.tokens import tokens_in
from texts.words import sentence_spans

_BULLET = re.compile(r"\A(?:[-*•]|\d+[.)])\s+")
_COUNT = re.compile(r"\d+[.)]")
_OPENING = 80  # characters, in which a sentence has its first word that counts
_CODE_PART = 2  # lines of a part of a block, at least
_CODE_CUT = 6  # lines of a block that is cut, at least
_LEANS_TOO = re.compile(r"(?:Them|Him|Us)\b")


@dataclass(frozen=True)
class Unit:
    """text: as in the whole, without outer blanks. opens_line: whether it stands on a line of its own. under: the place of the unit
    that it is listed under, None where there is none.
    """

    text: str
    opens_line: bool
    under: int | None = None

    @property
    def code(self) -> bool:
        """Whether it is a block of code, or a part of one."""
        return self.text.startswith(FENCE)

    @property
    def listed(self) -> bool:
        """Whether it is a line of a list."""
        return bool(_BULLET.match(self.text))


def units(text: str) -> list[Unit]:
    """The units of a text, in its order."""
    found: list[Unit] = []
    heads: int | None = None  # the unit that lines of a list belong to
    for cut in _cut(text):
        one = replace(cut, under=heads)
        joins = bool(found) and not one.code and (_leans(one) or bool(_COUNT.fullmatch(found[-1].text)))
        if not one.listed and not joins and not _COUNT.fullmatch(one.text):
            one = replace(one, under=None)
        if joins:
            between = "\n" if one.opens_line else " "
            found[-1] = replace(found[-1], text=f"{found[-1].text}{between}{one.text}")
        else:
            found.append(one)
        if not one.listed and found[-1].under is None:
            heads = len(found) - 1 if _heads(one.text) else None
    return found


def single(text: str) -> list[Unit]:
    """Each sentence and each part of a block of code as a unit of its own, whatever it leans on."""
    return list(_cut(text))


def told(whole: Sequence[Unit], chosen: Collection[int]) -> str:
    """The chosen units in their order, each with the one it is listed under, laid out as in the whole."""
    kept = {*chosen, *(under for place in chosen if (under := whole[place].under) is not None)}
    text = ""
    for place in sorted(kept):
        text += ("\n" if whole[place].opens_line else " ") * bool(text) + whole[place].text
    return text


def _cut(text: str) -> Iterator[Unit]:
    """The sentences of a text and the parts of its blocks of code, in its order."""
    done = 0
    for stretch in stretches(text):
        whole = [(0, len(stretch.text))]
        for start, end in whole if stretch.is_code else sentence_spans(stretch.text):
            opens_line = "\n" in text[done : stretch.start + start]
            done = stretch.start + end
            for part in code_parts(stretch.text[start:end]) if start < end else ():
                yield Unit(part, opens_line)
                opens_line = True


def code_parts(block: str) -> list[str]:
    """A fenced block of code cut into blocks: where a blank line or a line that is not indented begins something new, in two halves
    where there is no such place; what is no block, and a short one, as it is.

    >>> code_parts("```\\na = 1\\n```"), len(code_parts("```\\n" + "a = 1\\n" * 6 + "```"))
    (['```\\na = 1\\n```'], 2)
    """
    fence, *lines = block.split("\n")
    lines = lines[:-1]
    if not block.startswith(FENCE) or len(lines) < _CODE_CUT:
        return [block]
    starts = [0]
    for place, line in enumerate(lines):
        whole = place - starts[-1] >= _CODE_PART and len(lines) - place >= _CODE_PART
        if whole and not lines[place - 1].strip() and line[:1].strip():
            starts.append(place)
    if len(starts) == 1:
        starts.append(len(lines) // 2)
    ends = [*starts[1:], len(lines)]
    parts = ("\n".join(lines[start:end]).strip("\n") for start, end in zip(starts, ends, strict=True))
    return [f"{fence}\n{part}\n{FENCE}" for part in parts if part.strip()] or [block]


def _leans(one: Unit) -> bool:
    bare = _BULLET.sub("", one.text, count=1)
    return not stands_alone(bare) or bool(_LEANS_TOO.match(bare))


def _heads(text: str) -> bool:
    """Whether a list below the sentence is about what it names: it announces the list, or the first word that counts is code."""
    first = next(tokens_in(text[:_OPENING]), None)
    return text.endswith(":") or (first is not None and first.code)
