"""The landing folder: what lies in it and waits to be registered.

A file waits once it has settled: while somebody writes to it, half of it must not be registered. What was registered is told from what
changed by content, for sizes and clocks may stay as they were; a file whose status is the one it was hashed at is not read again.
"""

import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from lake.ids import sha256_file
from lake.landing.listing import is_visible, visible_files
from lake.landing.register import SOURCE, Entry, Registered, landing_folder, register, registered
from lake.storage.store import Lake

SETTLED_AFTER = 5.0  # seconds since a file was last written to
_INDEX = ".hashed.json"  # beside the sources' folders: a cache, made anew where it is lost


def unregistered(lake: Lake) -> list[tuple[Path, str, str | None]]:
    """The settled files of the landing folder that were never registered, or changed since: (file, source, licence)."""
    known = {row["uri"]: row for row in registered(lake)}
    index = _HashIndex(landing_folder(lake) / _INDEX)
    waiting = [
        (file, folder.name, licence)
        for folder, licence in _sources(lake)
        for file in visible_files(folder)
        if _settled(file) and _is_new(file, known.get(str(file)), index)
    ]
    index.save()
    return waiting


def unsettled(lake: Lake) -> list[Path]:
    """The files of the landing folder that were written to a moment ago: they wait for the next look."""
    return [file for folder, _ in _sources(lake) for file in visible_files(folder) if not _settled(file)]


def outside_sources(lake: Lake) -> list[Path]:
    """What lies in the landing folder and is never read: files beside the sources' folders, folders whose name no source may have."""
    return sorted(
        item for item in landing_folder(lake).glob("*") if not _is_source(item) and is_visible(Path(item.name))
    )


def register_landed(lake: Lake) -> list[Registered]:
    """Registers what waits in the landing folder, each file under its subfolder's source and licence, in one commit."""
    return register(lake, *(Entry(str(path), source, licence) for path, source, licence in unregistered(lake)))


def _sources(lake: Lake) -> Iterator[tuple[Path, str | None]]:
    for folder in sorted(item for item in landing_folder(lake).glob("*") if _is_source(item)):
        stated = folder / "_licence"
        yield folder, stated.read_text(encoding="utf-8").strip() if stated.exists() else None


def _is_source(item: Path) -> bool:
    return item.is_dir() and SOURCE.fullmatch(item.name) is not None


def _settled(file: Path) -> bool:
    """Whether a file was last written to a while ago. A time in the future tells nothing: such a file counts as settled."""
    return abs(time.time() - file.stat().st_mtime) >= SETTLED_AFTER


def _is_new(file: Path, row: dict[str, Any] | None, index: "_HashIndex") -> bool:
    return row is None or row["size"] != file.stat().st_size or row["sha256"] != index.sha256(file)


class _HashIndex:
    """SHA-256 of files by path, kept with the status they had, so that only what was touched is read again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._hashed: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self._hashed = {}
        self._changed = False

    def sha256(self, file: Path) -> str:
        now = file.stat()
        # the time of the last change of status cannot be set back by hand, as that of the content can
        status = [now.st_size, now.st_mtime_ns, now.st_ctime_ns, now.st_ino]
        known = self._hashed.get(str(file))
        if known is None or known[0] != status:
            known = self._hashed[str(file)] = (status, sha256_file(file))
            self._changed = True
        return str(known[1])

    def save(self) -> None:
        if self._changed:
            with suppress(OSError):  # a cache in a folder that may only be read: files are hashed again next time
                unfinished = self._path.with_name(f"{self._path.name}.{os.getpid()}")
                unfinished.write_text(json.dumps(self._hashed), encoding="utf-8")
                unfinished.replace(self._path)
