"""The shape all item types share: a text cut into fields by markers at the start of a line."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
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
    def form(self) -> str:
        """The surface form as a prompt shows it."""
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

    def pair(self, fields: Mapping[str, str]) -> tuple[str, str]:
        """The prompt and the answer of a training example."""
        ...


@dataclass(frozen=True)
class Marked:
    """Fields in a fixed order, each opened by its marker; the marker "" stands for the text before any other.

    A marker may stand at the start of a line once only: two items in one text are not one item.
    """

    tag: str
    markers: tuple[tuple[str, str], ...]  # (field, marker)
    optional: str = ""  # a last field that may be missing: it is "" then

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields, in the order in which they are written."""
        return tuple(field for field, _ in self.markers)

    @property
    def form(self) -> str:
        """The surface form as a prompt shows it."""
        return "\n".join(f"{marker} [{field.replace('_', ' ')}]".strip() for field, marker in self.markers)

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
        if TAG.search(text):
            return None
        found = self.sections(text)
        names = [name for name, _ in found]
        expected = list(self.fields)
        if names not in (expected, [name for name in expected if name != self.optional]):
            return None
        fields = {name: body for name, body in found}
        if not all(fields.values()) or not self.holds(fields):
            return None
        return {name: fields.get(name, "") for name in self.fields}

    def holds(self, fields: Mapping[str, str]) -> bool:
        """The type's own rule on its (non-empty) fields; any will do unless a subclass says which."""
        return bool(fields)

    def sections(self, text: str) -> list[tuple[str, str]]:
        """The text cut at each marker, in the order found; what precedes the first one is the unmarked field's, or
        named "".
        """
        opening = next((name for name, marker in self.markers if not marker), "")
        cut: list[tuple[str, list[str]]] = [(opening, [])]
        for line in text.split("\n"):
            name, marker = next(((n, m) for n, m in self.markers if m and line.startswith(m)), ("", ""))
            if marker:
                cut.append((name, [line[len(marker) :]]))
            else:
                cut[-1][1].append(line)
        sections = [(name, "\n".join(lines).strip()) for name, lines in cut]
        return sections if sections[0][1] else sections[1:]
