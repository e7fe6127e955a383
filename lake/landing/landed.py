"""The landing folder: what lies in it and waits to be registered.

A file waits once it has settled: while somebody writes to it, half of it must not be registered. What was registered is told from what
changed by content, for sizes and clocks may stay as they were; a file whose status is the one it was hashed at is not read again.
"""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import obstore

from lake.errors import UserError
from lake.ids import sha256_file
from lake.landing.addresses import located
from lake.landing.listing import is_visible, size_and_sha256, visible_files
from lake.landing.register import (
    LANDING,
    SOURCE,
    Entry,
    Registered,
    check_licence,
    landing_folder,
    register,
    registered,
)
from lake.storage.places import STORE_ERRORS, is_remote
from lake.storage.store import Lake

SETTLED_AFTER = 5.0  # seconds since a file was last written to
_INDEX = ".hashed.json"  # beside the sources' folders: a cache, made anew where it is lost
_LICENCE = "_licence"


class Landed(NamedTuple):
    """A file of the landing folder. status: what differs as soon as somebody has touched it. modified: 0 of an object, which is whole once it is there.

    refused: a sentence on why it waits though it has settled: what its folder states as its licence is none.
    """

    address: str
    source: str
    licence: str | None
    refused: str | None
    size: int
    status: list[Any]
    modified: float = 0.0

    @property
    def settled(self) -> bool:
        """Whether it was last written to a while ago. A time in the future tells nothing: such a file counts as settled."""
        return abs(time.time() - self.modified) >= SETTLED_AFTER


def unregistered(lake: Lake) -> list[Landed]:
    """The settled files of the landing folder that were never registered, or changed since, but for the refused ones."""
    settled = [file for file in _landed(lake) if file.settled and not file.refused]
    if not settled:
        return []
    # by the place in the landing folder: a copied lake has another address, and the same files
    known = {place: row for row in registered(lake) if (place := _place(row["uri"]))}
    index = _HashIndex(lake)
    waiting = [file for file in settled if _is_new(file, known.get(_place(file.address)), index)]
    index.save()
    return waiting


def unsettled(lake: Lake) -> list[Path]:
    """The files of the landing folder that were written to a moment ago: they wait for the next look."""
    return [Path(file.address) for file in _landed(lake) if not file.settled]


def refusals(lake: Lake) -> list[str]:
    """Why files of the landing folder wait until somebody mends something, a sentence for each cause."""
    return list(dict.fromkeys(file.refused for file in _landed(lake) if file.refused))


def outside_sources(lake: Lake) -> list[Path]:
    """What lies in the landing folder and is never read: files beside the sources' folders, folders whose name no source may have."""
    if is_remote(lake.root):
        names = {path.partition("/") for path in _objects(lake)}
        return [
            Path(name)
            for name, inner, _ in sorted(names)
            if not (inner and SOURCE.fullmatch(name)) and is_visible(Path(name))
        ]
    return sorted(
        item for item in landing_folder(lake).glob("*") if not _is_source(item) and is_visible(Path(item.name))
    )


def register_landed(lake: Lake) -> list[Registered]:
    """Registers what waits in the landing folder, each file under its subfolder's source and licence, in one commit."""
    return register(lake, *(Entry(file.address, file.source, file.licence) for file in unregistered(lake)))


def _landed(lake: Lake) -> Iterator[Landed]:
    """Every visible file of every source's folder, in order."""
    return _stored(lake) if is_remote(lake.root) else _on_disk(lake)


def _on_disk(lake: Lake) -> Iterator[Landed]:
    for folder in sorted(item for item in landing_folder(lake).glob("*") if _is_source(item)):
        stated = folder / _LICENCE
        licence, refused = _licence_of(str(stated), stated.read_bytes() if stated.is_file() else None)
        for file in visible_files(folder):
            now = file.stat()
            # the time of the last change of status cannot be set back by hand, as that of the content can
            status = [now.st_size, now.st_mtime_ns, now.st_ctime_ns, now.st_ino]
            yield Landed(str(file), folder.name, licence, refused, now.st_size, status, now.st_mtime)


def _licence_of(file: str, content: bytes | None) -> tuple[str | None, str | None]:
    """The licence that a source's folder states in a file, if it has one; and why it is none."""
    if content is None:
        return None, None
    try:
        licence = content.decode().strip()
        check_licence(licence)
    except (UnicodeDecodeError, UserError) as error:
        return None, f"{file}: {error}; the files beside it wait until it is mended"
    return licence, None


def _stored(lake: Lake) -> Iterator[Landed]:
    objects, licences = _objects(lake), dict[str, tuple[str | None, str | None]]()
    for path, item in sorted(objects.items()):
        source, inner, name = path.partition("/")
        if not inner or not SOURCE.fullmatch(source) or not is_visible(Path(name)):
            continue
        if source not in licences:
            place = f"{LANDING}/{source}/{_LICENCE}"
            stated = lake.read(place) if f"{source}/{_LICENCE}" in objects else None
            licences[source] = _licence_of(f"{lake.root}/{place}", stated)
        status = [item["size"], item["e_tag"], item["last_modified"].isoformat()]
        yield Landed(f"{lake.root}/{LANDING}/{path}", source, *licences[source], item["size"], status)


def _objects(lake: Lake) -> dict[str, Any]:
    """The objects of the landing folder, by their path in it."""
    listed = (item for items in obstore.list(lake.objects(), LANDING, chunk_size=1000) for item in items)
    return {item["path"].removeprefix(f"{LANDING}/"): item for item in listed}


def _is_source(item: Path) -> bool:
    return item.is_dir() and SOURCE.fullmatch(item.name) is not None


def _place(address: str) -> str:
    """Where a file lies in a landing folder, of whatever lake; "" of any other address."""
    return address.rpartition(f"/{LANDING}/")[2] if f"/{LANDING}/" in address else ""


def _is_new(file: Landed, row: dict[str, Any] | None, index: "_HashIndex") -> bool:
    return row is None or row["size"] != file.size or row["sha256"] != index.sha256(file)


class _HashIndex:
    """SHA-256 of files by their place, kept with the status they had, so that only what was touched is read again."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        try:
            self._hashed: dict[str, Any] = dict(json.loads(lake.read(f"{LANDING}/{_INDEX}") or b"{}"))
        except (ValueError, TypeError):
            self._hashed = {}
        self._changed = False

    def sha256(self, file: Landed) -> str:
        place = _place(file.address)
        known = self._hashed.get(place)
        if known is None or known[0] != file.status:
            known = self._hashed[place] = (file.status, _sha256(file))
            self._changed = True
        return str(known[1])

    def save(self) -> None:
        if self._changed:
            with suppress(*STORE_ERRORS):  # a cache in a folder that may only be read: files are hashed again next time
                self._lake.put(f"{LANDING}/{_INDEX}", json.dumps(self._hashed).encode())


def _sha256(file: Landed) -> str:
    return size_and_sha256(*located(file.address))[1] if is_remote(file.address) else sha256_file(Path(file.address))
