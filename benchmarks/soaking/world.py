"""The model of the lake's world: which files are registered, and the rows that reading them has to give.

Bronze remembers: of a file that changed only new rows are added, and what it no longer holds stays until everything is read again.
All other rules of reading are those of a plain reader.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from benchmarks.soaking.records import Record, faulty
from benchmarks.soaking.shapes import SHAPES

UNREADABLE = faulty("", "unreadable_file")


class Key(NamedTuple):
    """What makes a raw row the same one again: its source, its file, what it says, and which copy in that file it is."""

    source: str
    uri: str
    record: Record
    copy: int


@dataclass(frozen=True)
class RawRow:
    """A row that reading must give: where it lies, and under which licence it was registered when it was read."""

    licence: str | None
    position: int


State = Mapping[Key, RawRow]


@dataclass(frozen=True)
class RawFile:
    """A registered file as it lies there; cut off where it is `broken`."""

    path: Path
    source: str
    licence: str | None
    shape: str
    records: tuple[Record, ...]
    broken: bool = False

    def write(self) -> None:
        """Puts the file in its place."""
        content = SHAPES[self.shape].write(self.records)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(content[: len(content) * 2 // 3] if self.broken else content)

    def rows(self) -> State:
        """The rows of the file, read from nothing."""
        uri = str(self.path)
        if self.broken:
            return {Key(self.source, uri, UNREADABLE, 0): RawRow(self.licence, 0)}
        found: dict[Key, RawRow] = {}
        copies: Counter[tuple[str, Record]] = Counter()
        for (inside, position), record in zip(SHAPES[self.shape].places(self.records), self.records, strict=True):
            key = Key(self.source, uri + inside, record, copies[inside, record])
            copies[inside, record] += 1
            found[key] = RawRow(self.licence, position)
        return found


@dataclass
class World:
    """What was delivered (`files`, by path), what of it bronze has read (`bronze`), and what it has not (`unread`).

    restated: a known file was registered under another source or licence, so that everything is read again.
    """

    files: dict[Path, RawFile] = field(default_factory=dict)
    bronze: State = field(default_factory=dict)
    unread: set[Path] = field(default_factory=set)
    restated: bool = False

    def register(self, file: RawFile) -> None:
        """Takes a file up that was written and registered."""
        old = self.files.get(file.path)
        self.restated |= old is not None and (old.source, old.licence) != (file.source, file.licence)
        self.files[file.path] = file
        self.unread.add(file.path)

    def after_reading(self, everything: bool = False) -> State:
        """The raw rows once bronze has read what is registered now."""
        if everything or self.restated:
            return _rows(self.files.values())
        # a row that is there already stays as it is, also where it moved within its file
        return {**_rows(self.files[path] for path in self.unread), **self.bronze}

    def has_read(self, state: State) -> None:
        """Takes up that bronze has read everything there is, and now holds `state`."""
        self.bronze, self.unread, self.restated = state, set(), False

    def healed(self, state: State) -> set[Key]:
        """The rows that say of a file that it is unreadable, though it is readable by now: they may stay as history."""
        broken = {str(file.path) for file in self.files.values() if file.broken}
        return {key for key in state if key.record == UNREADABLE and key.uri not in broken}

    def records(self) -> list[Record]:
        """Every record of every file."""
        return [record for file in self.files.values() for record in file.records]


def _rows(files: Iterable[RawFile]) -> dict[Key, RawRow]:
    return {key: row for file in files for key, row in file.rows().items()}


def cleaned(state: State) -> State:
    """The rows that reached bronze: those that cleaning is given."""
    return {key: row for key, row in state.items() if key.record.fault is None}
