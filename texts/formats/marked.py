"""The shape all item types share: a text cut into fields by markers at the start of a line.

Models write near misses of it (`**Q:**`, `(b)`, `Answer: True.`). They are read where they can be read in one way only, and what is kept
is the item in its own form.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

TAG = re.compile(r"</?(?:think|answer)>", re.IGNORECASE)


class Format(Protocol):
    """The surface form of one item type, used alike by prompts, gates, rewards and trainers."""

    @property
    def tag(self) -> str:
        """The item type's name."""
        ...

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields, in the order in which they are written."""
        ...

    @property
    def markers(self) -> tuple[tuple[str, str], ...]:
        """The fields with the marker that opens each; "" for the text before any marker."""
        ...

    @property
    def rules(self) -> str:
        """What a prompt says of the form, in words."""
        ...

    @property
    def outline(self) -> str:
        """The form with its markers alone, as a prompt shows it."""
        ...

    @property
    def example(self) -> str:
        """A well-formed item, which prompts show."""
        ...

    @property
    def passage(self) -> str:
        """The passage that the example was made from."""
        ...

    def sections(self, text: str) -> list[tuple[str, str]]:
        """What is there of an item, well formed or not: (field, text) in the order found."""
        ...

    def render(self, fields: Mapping[str, str]) -> str:
        """The item as text; `parse` gives the same fields back. ValueError if they have no such text."""
        ...

    def parse(self, text: str) -> dict[str, str] | None:
        """The fields of one well-formed item, or None."""
        ...

    def canonical(self, text: str) -> str | None:
        """The item in its own form, of a text in that form or in a near miss of it; None where it is neither, or ambiguous."""
        ...

    def pair(self, fields: Mapping[str, str]) -> tuple[str, str]:
        """The prompt and the answer of a training example."""
        ...


_BOLD_LINE = re.compile(r"(\s*(?:[-*•]\s+)?)\*\*([^*]+)\*\*\s*$")
_BEFORE = r"\s*(?:[-*•]\s+|#+\s+)?(?:\*\*)?"  # a bullet or the mark of a heading, and bold type
_AFTER = r"(?:\*\*)?\s*"
_OPTION = re.compile(rf"{_BEFORE}(?:\([A-D]\)|[A-D]\))", re.IGNORECASE)
_AROUND = "*_\"'`“”()., "  # what may stand around a value of one word


@dataclass(frozen=True)
class Marked:
    """Fields in a fixed order, each opened by its marker; the marker "" stands for the text before any other.

    A marker may stand at the start of a line once only: two items in one text are not one item.
    """

    tag: str
    markers: tuple[tuple[str, str], ...]  # (field, marker)
    rules: str
    example: str
    passage: str
    optional: str = ""  # a last field that may be missing: it is "" then
    words: tuple[tuple[str, str], ...] = ()  # (field, a word that a near miss has for its marker)

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields, in the order in which they are written."""
        return tuple(field for field, _ in self.markers)

    @property
    def outline(self) -> str:
        """The form with its markers alone, as a prompt shows it."""
        return "\n".join(f"{marker} ...".strip() for _, marker in self.markers)

    def render(self, fields: Mapping[str, str]) -> str:
        """The item as text; ValueError if a field is missing, empty, holds a marker or a tag, or breaks the type's
        own rule.
        """
        written = [
            (marker, fields.get(name, "")) for name, marker in self.markers if fields.get(name) or name != self.optional
        ]
        text = "\n".join(f"{marker} {value}".strip() for marker, value in written)
        if self.parse(text) != {name: fields.get(name, "") for name in self.fields}:
            raise ValueError(f"these fields have no {self.tag} form: {dict(fields)!r:.200}")
        return text

    def parse(self, text: str) -> dict[str, str] | None:
        """The fields of one well-formed item, stripped of outer blanks, or None."""
        fields = self._whole(text, self.sections(text))
        return fields if fields and self.holds(fields) else None

    def canonical(self, text: str) -> str | None:
        """The item in its own form, of a text in that form or in a near miss of it; None where it is neither, or ambiguous.

        A field that is there twice, and an option in an item without options, make a near miss ambiguous.
        """
        near = self._whole(text, self._cut(text, self._near_marker))
        near = near and self.repaired(near)
        if near and any(_OPTION.match(line) for value in near.values() for line in value.split("\n")):
            near = None
        return self._rendered(near) or self._rendered(self.parse(text))

    def holds(self, fields: Mapping[str, str]) -> bool:
        """The type's own rule on its (non-empty) fields; any will do unless a subclass says which."""
        return bool(fields)

    def repaired(self, fields: dict[str, str]) -> dict[str, str]:
        """The fields of a near miss with the values that the type's rule asks for, where it is clear which they are."""
        return fields

    def sections(self, text: str) -> list[tuple[str, str]]:
        """The text cut at each marker, in the order found; what precedes the first one is the unmarked field's, or
        named "".
        """
        return self._cut(text, self._marker)

    def _marker(self, line: str) -> tuple[str, str] | None:
        """The field whose marker the line opens with, and the rest of the line."""
        return next(((name, line[len(mark) :]) for name, mark in self.markers if mark and line.startswith(mark)), None)

    def _near_marker(self, line: str) -> tuple[str, str] | None:
        """The same of a marker or a near miss of one."""
        bold = _BOLD_LINE.match(line)
        shown = bold[1] + bold[2] if bold else line
        found = _near_marker(self.markers, self.words).match(shown)
        return (found.lastgroup or "", shown[found.end() :]) if found else None

    def _cut(self, text: str, marker: Callable[[str], tuple[str, str] | None]) -> list[tuple[str, str]]:
        opening = next((name for name, mark in self.markers if not mark), "")
        cut: list[tuple[str, list[str]]] = [(opening, [])]
        for line in text.split("\n"):
            if opened := marker(line):
                cut.append((opened[0], [opened[1]]))
            else:
                cut[-1][1].append(line)
        sections = [(name, "\n".join(lines).strip()) for name, lines in cut]
        return sections if sections[0][1] else sections[1:]

    def _whole(self, text: str, sections: Sequence[tuple[str, str]]) -> dict[str, str] | None:
        """The fields, where each is there once, in order and not empty."""
        names = [name for name, _ in sections]
        expected = list(self.fields)
        if TAG.search(text) or names not in (expected, [name for name in expected if name != self.optional]):
            return None
        found = dict(sections)
        return {name: found.get(name, "") for name in self.fields} if all(found.values()) else None

    def _rendered(self, fields: Mapping[str, str] | None) -> str | None:
        try:
            return self.render(fields) if fields else None
        except ValueError:
            return None


def bare(value: str) -> str:
    """A value in small letters, without the marks that may stand around it.

    >>> bare("**True.**"), bare("(b)")
    ('true', 'b')
    """
    return value.strip().strip(_AROUND).casefold()


@cache
def _near_marker(markers: tuple[tuple[str, str], ...], words: tuple[tuple[str, str], ...]) -> re.Pattern[str]:
    """What opens a field in a near miss, a group by its name: its marker or words in any case, bulleted, bold; `(a)` and `a.` for `A)`."""
    patterns = list[str]()
    for name, marker in markers:
        said = [re.escape(word.rstrip(":")) for one, word in (*markers, *words) if one == name and word]
        core = rf"(?:{'|'.join(said)}){_AFTER}:"
        if marker.endswith(")"):
            letter = marker[0]
            core = rf"(?:\({letter}\)|{letter}\)|{letter}(?:\*\*)?[.:](?=\s|\*))"
        if said:
            # before a field without a marker of its own, every word that stands there is taken away at once
            times = "" if marker else "+"
            patterns.append(f"(?P<{name}>(?:{_BEFORE}{core}{_AFTER}){times})")
    return re.compile("|".join(patterns), re.IGNORECASE)
