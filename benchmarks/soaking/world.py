"""The model of the lake's world: which files are registered, and the rows that reading them has to give.

Bronze remembers: of a file that changed only new rows are added, and what it no longer holds stays, withdrawn, until everything is
read again. A file that looks wrong as a whole is held: nothing new of it is published until it is accepted. All other rules of
reading are those of a plain reader.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from benchmarks.soaking.records import Record, faulty
from benchmarks.soaking.shapes import SHAPES

UNREADABLE = faulty("", "unreadable_file")
_LEAST = 10  # a file is held that gives less than one row in so many of those it gave


class Key(NamedTuple):
    """What makes a raw row the same one again: its source, its file, what it says, and which copy in that file it is."""

    source: str
    uri: str
    record: Record
    copy: int

    @property
    def path(self) -> Path:
        """The registered file: of a member of an archive, the archive."""
        return Path(self.uri.partition("!")[0])


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

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        content = SHAPES[self.shape].write(self.records)
        return content[: len(content) * 2 // 3] if self.broken else content

    def write(self) -> None:
        """Puts the file in its place."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(self.content)

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

    def held_for(self, before: int) -> str | None:
        """Why the file is held, if it is not accepted; before: how many records it gave when it was last published."""
        found = SHAPES[self.shape].held_for(self.records)
        if found == "two_readings":
            return found
        read = sum(key.record.fault is None for key in self.rows())
        return "fewer_rows" if before and (self.broken or _LEAST * read < before) else found


class Hold(NamedTuple):
    """A file that is held: as it was read, why, and how many rows wait."""

    file: RawFile
    reason: str
    rows: int

    @property
    def entry(self) -> tuple[str, str, str, str, int]:
        """The hold as readers see it: source, address, hash, reason, rows."""
        content = sha256(self.file.content).hexdigest()
        return self.file.source, str(self.file.path), content, self.reason, self.rows


@dataclass(frozen=True)
class Bronze:
    """What bronze holds: its rows, those that each file had when it was last published, and the files that are held."""

    rows: State = field(default_factory=dict)
    last: Mapping[Path, Collection[Key]] = field(default_factory=dict)
    held: Mapping[Path, Hold] = field(default_factory=dict)

    @property
    def withdrawn(self) -> Set[Key]:
        """The rows that their files no longer have."""
        return self.rows.keys() - {key for keys in self.last.values() for key in keys}


@dataclass
class World:
    """What was delivered (`files`, by path), what bronze made of it, and what it has not read (`unread`).

    accepted: the files whose newest registration the user released. restated: a known file was registered under another source or
    licence, so that everything is read again.
    """

    files: dict[Path, RawFile] = field(default_factory=dict)
    bronze: Bronze = field(default_factory=Bronze)
    unread: set[Path] = field(default_factory=set)
    accepted: set[Path] = field(default_factory=set)
    restated: bool = False

    def register(self, file: RawFile) -> None:
        """Takes a file up that was written and registered."""
        old = self.files.get(file.path)
        self.restated |= old is not None and (old.source, old.licence) != (file.source, file.licence)
        self.files[file.path] = file
        self.unread.add(file.path)
        self.accepted.discard(file.path)

    def held(self) -> list[str]:
        """The sources of which files are held."""
        return sorted({hold.file.source for hold in self.bronze.held.values()})

    def accept(self, sources: Collection[str]) -> None:
        """Takes up that the held files of these sources were accepted: those very bytes, not what became of a file since."""
        for path, hold in self.bronze.held.items():
            if hold.file.source in sources and hold.file.content == self.files[path].content:
                self.accepted.add(path)
                self.unread.add(path)

    def after_reading(self, everything: bool = False) -> Bronze:
        """What bronze holds once it has read what is registered now."""
        whole = everything or self.restated
        files = {path: self.files[path] for path in (self.files if whole else self.unread)}
        reasons = {path: reason for path, file in files.items() if (reason := self._held_for(file))}
        kept = self._kept_of(reasons) if whole else self.bronze.rows
        holds = {
            path: Hold(files[path], reason, len(files[path].rows().keys() - kept.keys()))
            for path, reason in reasons.items()
        }
        read = {path: file.rows() for path, file in files.items() if path not in holds}
        others = {path: hold for path, hold in self.bronze.held.items() if path not in files}
        # a row that is there already stays as it is, also where it moved within its file
        return Bronze({**_joined(read.values()), **kept}, {**self.bronze.last, **read}, {**others, **holds})

    def _held_for(self, file: RawFile) -> str | None:
        before = sum(key.record.fault is None for key in self.bronze.last.get(file.path, ()))
        return None if file.path in self.accepted else file.held_for(before)

    def _kept_of(self, held: Collection[Path]) -> State:
        """The rows of held files that a run on everything leaves: those under the source and licence of today."""
        terms = {path: (self.files[path].source, self.files[path].licence) for path in held}
        rows = self.bronze.rows.items()
        return {key: row for key, row in rows if terms.get(key.path) == (key.source, row.licence)}

    def has_read(self, bronze: Bronze) -> None:
        """Takes up that bronze has read everything there is, and now holds `bronze`."""
        self.bronze, self.unread, self.restated = bronze, set(), False

    def records(self) -> list[Record]:
        """Every record of every file."""
        return [record for file in self.files.values() for record in file.records]


def _joined(states: Iterable[State]) -> dict[Key, RawRow]:
    return {key: row for state in states for key, row in state.items()}


def cleaned(state: State) -> State:
    """The rows that reached bronze: those that cleaning is given."""
    return {key: row for key, row in state.items() if key.record.fault is None}
