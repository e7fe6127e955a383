"""Flat message tables (OASST): single messages that name their parent, joined to conversations when the document has been read.

The messages wait in a database on disk whose cache alone is in memory, so a document may have any number of them.
"""

import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple, Self

import orjson

from spark_jobs.ingest.json_text import as_json
from spark_jobs.ingest.sources.fields import Record

_MESSAGES = (
    "CREATE TABLE messages (place INTEGER PRIMARY KEY, position INTEGER, id TEXT UNIQUE, parent TEXT, message TEXT, raw BLOB,"
    " reached INTEGER DEFAULT 0)"
)
_ROOTS = "SELECT place FROM messages WHERE parent IS NULL OR parent NOT IN (SELECT id FROM messages) ORDER BY place"
_ONE = "SELECT place, position, id, parent, message, raw FROM messages WHERE place = ?"


class Conversation(NamedTuple):
    """One path from a root to a leaf: the leaf's position, the raw messages one a line, the record, and why it is broken, if it is."""

    position: int
    raw: bytes
    record: Record
    fault: str | None


class Threads:
    """The messages of one document, kept by their ids until all of them are known; a context manager."""

    def __init__(self) -> None:
        self._database: sqlite3.Connection | None = None

    @property
    def _messages(self) -> sqlite3.Connection:
        if self._database is None:  # most documents have no messages to wait for
            self._database = sqlite3.connect("")  # a temporary file that the database removes
            self._database.execute(_MESSAGES)
            self._database.execute("CREATE INDEX parents ON messages (parent)")
        return self._database

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._database is not None:
            self._database.close()

    def add(self, position: int, raw: bytes, message: tuple[str, str | None, Record]) -> bool:
        """Keeps a message (id, parent's id, turn) until `conversations`; False if there is one of the same id already."""
        own, parent, turn = message
        row = (position, own, parent, as_json(turn), raw)
        # the first of two messages with one id is kept: which one is meant nobody can say
        insert = "INSERT OR IGNORE INTO messages (position, id, parent, message, raw) VALUES (?, ?, ?, ?, ?)"
        return self._messages.execute(insert, row).rowcount == 1

    def conversations(self) -> Iterator[Conversation]:
        """Every path from a root to a leaf, in the order of the roots; then, one by one, what hangs on nothing but itself.

        A path whose first message names a parent that the document has not is broken: its question is missing.
        """
        if self._database is None:
            return
        for (place,) in self._messages.execute(_ROOTS):
            yield from self._paths(place)
        # what no root leads to: a loop, or what hangs on one
        for (place,) in self._messages.execute("SELECT place FROM messages WHERE reached = 0 ORDER BY place"):
            yield _conversation([self._message(place)], "the message and its parents form a loop")

    def _paths(self, root: int) -> Iterator[Conversation]:
        branches: list[tuple[int, list[Any]]] = [(root, [])]
        while branches:
            place, before = branches.pop()
            self._messages.execute("UPDATE messages SET reached = 1 WHERE place = ?", (place,))
            path = [*before, self._message(place)]
            # in falling order, since the last one pushed is taken first
            children = "SELECT place FROM messages WHERE parent = ? ORDER BY place DESC"
            replies = self._messages.execute(children, (path[-1][2],)).fetchall()
            branches.extend((reply, path) for (reply,) in replies)
            if not replies:
                yield _conversation(path, _fault(path[0][3]))

    def _message(self, place: int) -> Any:
        return self._messages.execute(_ONE, (place,)).fetchone()


def _fault(parent: str | None) -> str | None:
    return None if parent is None else f"the parent {parent!r} of the first message is not in the document"


def _conversation(path: list[Any], fault: str | None) -> Conversation:
    leaf = path[-1]
    record = {"messages": [orjson.loads(row[4]) for row in path], "id": leaf[2]}
    return Conversation(leaf[1], b"\n".join(row[5] for row in path), record, fault)
