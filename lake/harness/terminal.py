"""What people read of a command. Texts of rows, names of files and answers of stores come from anywhere: none of them may steer a terminal."""

import re
from typing import Any

from rich.console import Console
from rich.text import Text

# what would steer a terminal, or reorder or hide text: controls, bidirectional marks, zero-width spaces
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


class ReaderLeft(Exception):
    """Whoever read the output, such as `head`, has read enough."""


def visible(text: object) -> str:
    """The text with every character that would steer a terminal, hide or reorder others spelled out."""
    return _INVISIBLE.sub(lambda found: f"\\u{ord(found.group()):04x}", str(text))


def line(*parts: str | tuple[str, str]) -> Text:
    """Parts of a line, each a text or a text with its style."""
    return Text.assemble(*(visible(part) if isinstance(part, str) else (visible(part[0]), part[1]) for part in parts))


class PlainConsole(Console):
    """A console that shows a text as it is: no markup, no emoji by name, nothing that steers the terminal. Raises ReaderLeft in a pipe that
    nobody reads any more."""

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(visible(text), **options)

    def on_broken_pipe(self) -> None:
        raise ReaderLeft
