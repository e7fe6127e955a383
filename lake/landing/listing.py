"""The files under an address: each real file once; hidden ones, links, and names that no table can hold are left out."""

import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pyarrow import fs

from lake.errors import UserError
from lake.landing.addresses import absolute, located
from lake.storage.places import check_no_credentials


class Found(NamedTuple):
    """One file: the file system, the path inside it, and the URI it is registered under."""

    filesystem: fs.FileSystem
    path: str
    uri: str


def files_under(path: str) -> Iterator[Found]:
    """The visible files of a file, folder or URL. Raises UserError where there is none, the place cannot be listed, or the URL holds credentials."""
    if not _is_text(path):
        raise UserError(f"The name of the file {_shown(path)} is not UTF-8: rename it, then it can be registered")
    check_no_credentials(path, "set them in the environment; what a signed link leads to, download and give its path")
    address = absolute(path)
    filesystem, base = located(address)
    if "://" not in address and Path(address).is_dir():
        for unnamed in (entry for entry in _walked(Path(address)) if not _is_text(str(entry))):
            print(
                f"left out: the name of {_shown(str(unnamed))} is not UTF-8; rename it, ingest again", file=sys.stderr
            )
        relative = [file.relative_to(address).as_posix() for file in visible_files(Path(address))]
        if not relative:
            raise UserError(f"There is no file in the folder {path!r}")
        yield from (Found(filesystem, f"{base}/{name}", f"{address}/{name}") for name in relative)
        return
    files, alone = _listed(filesystem, base, path)
    for file in files:
        uri = address if alone else f"{address.rstrip('/')}/{Path(file).relative_to(base).as_posix()}"
        yield Found(filesystem, file, uri)


def visible_files(folder: Path) -> list[Path]:
    """The files below a local folder, sorted, without links and without what is hidden by a leading `.` or `_`.

    Links are not followed: what one inside the folder names is found where it lies, and what lies outside was not asked for.
    """
    entries = (path for path in _walked(folder) if _is_text(str(path)))
    return sorted(path for path in entries if path.is_file() and not path.is_symlink())


def left_out_links(path: str) -> list[tuple[str, str]]:
    """The links below a local folder that lead out of it or to nothing: (link, where it leads). They are not registered."""
    folder = Path(path).expanduser()
    if not folder.is_dir():
        return []
    root = folder.resolve()
    links = sorted(link for link in _walked(folder) if link.is_symlink())
    return [(str(link), str(link.readlink())) for link in links if not _leads_inside(link, root)]


def _leads_inside(link: Path, root: Path) -> bool:
    try:
        return link.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError):  # nothing there, or links in a circle
        return False


def _walked(folder: Path) -> Iterator[Path]:
    """Every visible entry below a folder; linked folders are entries, not entered."""
    for place, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
        linked = [name for name in folders if (Path(place) / name).is_symlink()]
        yield from (Path(place) / name for name in (*linked, *names) if not name.startswith((".", "_")))


def _listed(filesystem: fs.FileSystem, base: str, path: str) -> tuple[list[str], bool]:
    """The visible files under `base`, and whether it is one itself."""
    try:
        kind = filesystem.get_file_info(base).type
        if kind == fs.FileType.File:
            return [base], True
        if kind == fs.FileType.NotFound:
            raise UserError(f"There is no file or folder {path!r}")
        listing = filesystem.get_file_info(fs.FileSelector(base, recursive=True))
    except UserError:
        raise
    except Exception as error:  # whatever the client of a remote place raises (no network, no such data set, no access)
        absent = "" if "://" in path else "is no file or folder here, and as a data set on the hub it "
        raise UserError(f"{path} {absent}cannot be listed: {' '.join(str(error).split())[:300]}") from None
    files = sorted(item.path for item in listing if item.is_file and is_visible(Path(item.path).relative_to(base)))
    if not files:
        raise UserError(f"There is no file in the folder {path!r}")
    return files, False


def size_and_sha256(filesystem: fs.FileSystem, path: str) -> tuple[int, str]:
    """The number of bytes of a file, and their SHA-256. Raises OSError if it cannot be read, or is written to meanwhile."""
    digest, size = hashlib.sha256(), 0
    before = filesystem.get_file_info(path)
    with filesystem.open_input_stream(path, compression=None) as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
            size += len(block)
    after = filesystem.get_file_info(path)
    if (before.size, before.mtime_ns) != (after.size, after.mtime_ns):
        raise OSError("it changed while it was registered")
    return size, digest.hexdigest()


def leave_out(path: str, error: OSError, alone: bool) -> None:
    """Names a file of a folder that cannot be read, on the error stream. Raises UserError where it was asked for alone."""
    sentence = f"{path} cannot be read: {error.strerror or error}"
    if alone:
        raise UserError(sentence) from None
    print(f"left out: {sentence}; ingest it again when it can", file=sys.stderr)


def _is_text(path: str) -> bool:
    """Whether a path is UTF-8, as an address in a table has to be."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(path: str) -> str:
    """The path with a mark for each byte that is no text."""
    return repr(path.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))


def is_visible(path: Path) -> bool:
    """Whether no part of a relative path is hidden by a leading `.` or `_`."""
    return not any(part.startswith((".", "_")) for part in path.parts)
