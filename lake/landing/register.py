"""Registering raw files: what they are, where they lie, and the SHA-256 they had.

A registration is a row of landing/files, the manifest that ingestion reads. Nothing else is read here, and no Spark starts.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa
from pyarrow import fs

from lake.errors import UserError, shown
from lake.ids import content_id
from lake.landing.addresses import absolute
from lake.landing.listing import files_under, leave_out, size_and_sha256
from lake.landing.peek import Kind, field_map, kind_of
from lake.stages import STAGES
from lake.storage.migration import check_formats
from lake.storage.places import is_remote
from lake.storage.publication import now
from lake.storage.store import Lake
from lake.tables import TABLES

FILES = "landing/files"
LANDING = "landing/raw"  # the landing folder, relative to the lake
_STATED = ("source", "licence", "kind", "fields")  # what the user states of a file, beside its content
SOURCE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_LICENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,63}")


@dataclass(frozen=True)
class Registered:
    """What became of one file: `added` is False when this very content was registered before, `changed` is True when other content was."""

    uri: str
    path: str
    source: str
    licence: str | None
    kind: str
    sha256: str
    size: int
    added: bool
    fields: str | None = None
    changed: bool = False


def landing_folder(lake: Lake) -> Path:
    """Where in a lake on a disk files are copied on request and where the sensor looks: one subfolder a source, `_licence` in it names its
    licence."""
    return Path(lake.root) / LANDING


@dataclass(frozen=True)
class Entry:
    """What is to be registered: a file, a folder, a URL or a data set on the hub, and what is stated about it.

    fields: a map of fields such as `prompt=q,response=a`, for records whose names nobody foresaw.
    """

    path: str
    source: str
    licence: str | None = None
    kind: str | None = None
    copy: bool = False
    fields: str | None = None


def register(lake: Lake, *entries: Entry) -> list[Registered]:
    """Registers every file of the entries in one commit; what was registered with the same content is left alone.

    A known file with another source, licence, kind or map makes the next run read everything again.
    Raises UserError, and registers nothing, when a path does not exist, is empty, or a name is not allowed.
    """
    check_formats(lake, (key for key, stage in STAGES.items() if FILES in stage.inputs))
    seen = lake.newest(FILES)  # before it is read: registrations made meanwhile must not be lost
    known = {row["uri"]: row for row in registered(lake)}
    current = dict(known)  # with what this call registers, so that a file named twice is compared with itself
    files: list[Registered] = []
    restated = False
    for entry in entries:
        for file in _registrations(lake, entry, current):
            old = current.get(file.uri)
            restated |= old is not None and _stated(old) != _stated(asdict(file))
            current[file.uri] = asdict(file)
            files.append(file)
    fresh = list({file.uri: file for file in files if file.added}.values())
    if fresh:
        _write(lake, fresh, list(known.values()), replaced=seen if restated else None)
    return files


def _registrations(lake: Lake, entry: Entry, current: Mapping[str, Mapping[str, Any]]) -> Iterator[Registered]:
    """A registration for each file of an entry; `current` are the newest ones of all files, by URI."""
    check_names(entry.source, entry.licence, entry.kind)
    _check_apart(lake, entry.path)
    fields = field_map(entry.fields)
    taken = {row["path"] for row in current.values() if row["source"] == entry.source}
    for filesystem, inside, uri in files_under(entry.path):
        try:
            if entry.copy:
                filesystem, inside, uri = _copied(lake, filesystem, inside, entry.source)
            size, sha256 = size_and_sha256(filesystem, inside)
        except OSError as error:
            # the others of a folder do not wait for one that is locked or gone
            leave_out(inside, error, alone=uri == absolute(entry.path))
            continue
        old = current.get(uri)
        path = old["path"] if old and old["source"] == entry.source else _path_in_source(uri, taken)
        taken.add(path)
        kind = entry.kind or kind_of(filesystem, inside, fields)
        stated = {"source": entry.source, "licence": entry.licence, "kind": kind, "fields": fields}
        added = old is None or _stated(old) != _stated(stated) or old["sha256"] != sha256
        changed = old is not None and old["sha256"] != sha256
        yield Registered(uri, path, entry.source, entry.licence, kind, sha256, size, added, fields, changed)


def _stated(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in _STATED)


def registered(lake: Lake) -> list[dict[str, Any]]:
    """The newest registration of every file, sorted by URI."""
    if not lake.exists(FILES):
        return []
    rows = sorted(lake.dataset(FILES).to_table().to_pylist(), key=lambda row: row["registered_at"])
    return sorted({row["uri"]: row for row in rows}.values(), key=lambda row: row["uri"])


def next_moment(registrations: Iterable[Mapping[str, Any]]) -> datetime:
    """The time of a registration that is to count as the newest: a clock that was set back must not revive an older one."""
    newest = max((row["registered_at"] for row in registrations), default=None)
    return now() if newest is None else max(now(), newest + timedelta(microseconds=1))


def unread_bytes(lake: Lake) -> int:
    """The stored bytes of all files registered since instructions were last read from files."""
    published = lake.publication("bronze/instructions")
    since = published and published[1].published_at
    return sum(row["size"] or 0 for row in registered(lake) if since is None or row["registered_at"] > since)


def check_names(source: str, licence: str | None, kind: str | None = None) -> None:
    """Raises UserError for what is no name of a source, no SPDX id, or no kind."""
    if not SOURCE.fullmatch(source):
        raise UserError(
            f"The source name {shown(source)} is not allowed: up to 64 lower-case letters, digits, '_', '.' and '-', starting with a letter or digit"
        )
    if licence is not None:
        check_licence(licence)
    if kind is not None and kind not in get_args(Kind):
        raise UserError(f"There is no kind {kind!r}: there are {', '.join(get_args(Kind))}")


def check_licence(licence: str) -> None:
    """Raises UserError for what is no SPDX id."""
    if not _LICENCE.fullmatch(licence):
        raise UserError(f"The licence {shown(licence)} is not an SPDX id such as CC-BY-4.0 or Apache-2.0")


def _check_apart(lake: Lake, path: str) -> None:
    """Raises UserError for a folder in which the lake itself lies where its files would be taken for raw ones."""
    folder, root = Path(absolute(path).removeprefix("file://")), Path(lake.root)
    if is_remote(lake.root) or not root.is_relative_to(folder):
        return
    if not any(name.startswith((".", "_")) for name in root.relative_to(folder).parts):
        raise UserError(f"The lake itself, {lake.root}, lies in {path!r}: name the files, or folders beside the lake")


def _path_in_source(uri: str, taken: set[str]) -> str:
    """The shortest end of the URI, in whole names, that no other file of the source has."""
    names = uri.split("/")
    ends = ("/".join(names[-length:]) for length in range(1, len(names) + 1))
    return next(end for end in ends if end not in taken)


def _copied(lake: Lake, filesystem: fs.FileSystem, path: str, source: str) -> tuple[fs.FileSystem, str, str]:
    """Copies a file under a name that no reader looks at, then renames it: the sensor never sees half a file. An object is put as a whole."""
    if is_remote(lake.root):
        place = f"{LANDING}/{source}/{Path(path).name}"
        fs.copy_files(path, lake.path(place), source_filesystem=filesystem, destination_filesystem=lake.files)
        return lake.files, lake.path(place), f"{lake.root}/{place}"
    target = landing_folder(lake) / source / Path(path).name
    target.parent.mkdir(parents=True, exist_ok=True)
    local = fs.LocalFileSystem()
    partial = target.with_name(f".{target.name}.partial")
    fs.copy_files(path, str(partial), source_filesystem=filesystem, destination_filesystem=local)
    partial.replace(target)
    return local, str(target), str(target)


def _write(lake: Lake, files: list[Registered], known: list[dict[str, Any]], replaced: int | None) -> None:
    """Appends registrations; in place of the version `replaced`, with those `known`, which every reader takes for new as a whole."""
    moment = next_moment(registered(lake))
    rows = [
        {"uri": file.uri, "path": file.path, "source": file.source, "licence": file.licence, "kind": file.kind, "sha256": file.sha256, "size": file.size,
         "registered_at": moment, "fields": file.fields}
        for file in files
    ]  # fmt: skip
    uris = {file.uri for file in files}
    unchanged = [row for row in known if row["uri"] not in uris] if replaced is not None else []
    txn = content_id("txn", moment.isoformat(), *(f"{file.uri}{file.sha256}" for file in files))
    table = pa.Table.from_pylist([*unchanged, *rows], schema=TABLES[FILES].schema)
    lake.append(FILES, table, txn, replaced)
