"""JSON documents: an array of records, a single object, or values one after another; read in a window, never as a whole.

Of a broken array, only the broken element is lost: reading goes on after its closing bracket. Where a string is not closed (it runs
into the end of its line, which JSON does not allow), reading goes on at the next line that opens an object with the same indentation.

An object that wraps one array is one value: it is read whole, so it may have 64 MiB; an array may be of any size.
"""

import io
import json
import re
from collections.abc import Iterator
from typing import BinaryIO

from spark_jobs.ingest.containers.json_lines import parse
from spark_jobs.ingest.containers.raw_record import RECORD_LIMIT, RawRecord, unreadable

_CHUNK = 2**20  # characters
_BLANK = re.compile(r"[\s,]*")
_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*("?)|[\[\]{},]', re.DOTALL)
_DECODER = json.JSONDecoder()


class _Window:
    """The part of the text that is in memory: `text` from `at` on is not consumed yet."""

    def __init__(self, stream: BinaryIO) -> None:
        # undecodable bytes survive as surrogates, so that the record that has them is quarantined with its own bytes
        self._reader = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
        self.text = ""
        self.at = 0
        self.ended = False

    def more(self) -> None:
        rest = self.text[self.at :]
        # at least doubled, so that a long element is scanned a few times only
        chunk = self._reader.read(max(_CHUNK, len(rest)))
        self.text, self.at, self.ended = rest + chunk, 0, not chunk

    def skip_blank(self) -> str:
        """The next character that matters, or "" at the end."""
        while True:
            self.at = _BLANK.match(self.text, self.at).end()  # pyright: ignore[reportOptionalMemberAccess]
            if self.at < len(self.text) or self.ended:
                return self.text[self.at : self.at + 1]
            self.more()

    def take(self, end: int) -> bytes:
        taken = self.text[self.at : end]
        self.at = end
        return taken.encode("utf-8", "surrogateescape")


def read(stream: BinaryIO) -> Iterator[RawRecord]:
    """One record for each element of the array, or for each value of the document; position is its number."""
    window = _Window(stream)
    array = window.skip_blank() == "["
    window.at += array
    number = 0
    while (upcoming := window.skip_blank()) and not (array and upcoming == "]"):
        number += 1
        yield _element(window, number, array)
    if array and not upcoming:
        yield unreadable(number + 1, b"", "malformed_json", "the file ends before the array is closed")
    elif upcoming:
        window.at += 1
        window.skip_blank()
        # enough to see what it is; it can be as long as it likes
        rest = window.take(min(len(window.text), window.at + _CHUNK))
        if rest:
            yield unreadable(number + 1, rest, "malformed_json", "there is more after the end of the array")


def _element(window: _Window, number: int, array: bool) -> RawRecord:
    while True:
        end = _end(window.text, window.at, array)
        # what ends with the window may go on behind it: 12 may be the beginning of 123
        if end is not None and (end < len(window.text) or window.ended):
            return parse(number, window.take(end).rstrip())
        if window.ended:
            return parse(number, window.take(len(window.text)).rstrip())
        if len(window.text) - window.at > RECORD_LIMIT:
            detail = f"the record does not end within {RECORD_LIMIT} characters; the file is not read further"
            raw = window.take(len(window.text))
            window.ended = True
            return unreadable(number, raw, "malformed_json", detail)
        window.more()


def _end(text: str, at: int, array: bool) -> int | None:
    """Where the element that starts at `at` ends, or None if that is not in the window."""
    try:
        return _DECODER.raw_decode(text, at)[1]
    # cut off by the window, or broken: brackets tell
    except (ValueError, RecursionError):
        return _end_of_broken(text, at, array)


def _end_of_broken(text: str, at: int, array: bool) -> int | None:
    """The end by counting brackets outside strings; by layout if a string runs into the end of its line."""
    depth = 0
    for token in _TOKEN.finditer(text, at):
        mark = token.group()
        if mark[0] == '"' and not token.group(1):
            return None if token.end() >= len(text) - 1 else _next_line(text, at)
        if mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
            if depth <= 0:
                return token.end() if depth == 0 or not array else max(token.start(), at + 1)
        elif mark == "," and depth == 0:
            return token.start()
    return None


def _next_line(text: str, at: int) -> int | None:
    """Before the next line that opens an object where this element's line does."""
    line = text.rfind("\n", 0, at) + 1
    indent = text[line:at]
    found = -1 if indent.strip() else text.find(f"\n{indent}{{", at)
    return None if found < 0 else found
