"""Copies of raw files in the lake's landing folder: lines that were taken back are cut out of them, or the copy is removed.

A file of JSON Lines loses the lines of the taken rows, and is registered again, as changed, by the next run. Of any other container (an
archive, a list, a table) the rest cannot be kept for certain: the copy goes, and the rows that were read from it stay in the tables.
"""

import io
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import cast

import pyarrow as pa
from pyarrow import fs

from lake.ids import sha256_bytes
from lake.landing.addresses import MEMBER
from lake.landing.register import LANDING, landing_folder
from lake.storage.places import is_remote
from lake.storage.store import Lake

_PARTIAL = ".taken"  # ends the hidden name of a file that is to take the place of another


def file_of(uri: str) -> str:
    """The address of the registered file: without the name of the file inside it, if it is an archive."""
    return re.sub(MEMBER, r"\1", uri)


def landed(lake: Lake, uri: str) -> bool:
    """Whether a registered file is a copy in the lake; any other is the user's own, and never changed."""
    if is_remote(lake.root):
        return uri.startswith(f"{lake.root}/{LANDING}/")
    return "://" not in uri and Path(file_of(uri)).is_relative_to(landing_folder(lake).absolute())


def remove_copy(lake: Lake, uri: str) -> None:
    """Removes a landed file; nothing where it is gone."""
    with suppress(FileNotFoundError):
        lake.files.delete_file(_path(lake, uri))


def copies_to_remove(lake: Lake, rows: pa.Table) -> list[str]:
    """The landed files of which some of these raw rows are no line: nothing can be cut out of them."""
    expected: dict[str, set[str | None]] = {}
    for uri, content in zip(rows["uri"].to_pylist(), rows["content"].to_pylist(), strict=True):
        if landed(lake, uri):
            expected.setdefault(file_of(uri), set()).add(content)
    return [
        uri for uri, wanted in sorted(expected.items()) if not wanted <= _line_hashes(lake, _path(lake, uri), wanted)
    ]


def _path(lake: Lake, uri: str) -> str:
    """The path of a landed file inside the lake's file system."""
    return lake.path(uri.removeprefix(f"{lake.root}/")) if is_remote(lake.root) else uri


def _line_hashes(lake: Lake, path: str, wanted: Collection[str | None]) -> set[str]:
    """The hashes among those wanted that lines of a file of JSON Lines have; none of any other file, or of one that is gone."""
    return {found for line in _lines(lake, path) if (found := sha256_bytes(line.rstrip(b"\r\n"))) in wanted}


def _lines(lake: Lake, path: str) -> Iterator[bytes]:
    if lake.files.get_file_info(path).type != fs.FileType.File:
        return
    with lake.files.open_input_file(path) as stream:
        for number, line in enumerate(io.BufferedReader(cast(io.RawIOBase, stream))):
            if number == 0 and not line.lstrip().startswith(b"{"):
                return
            yield line


def cut_lines(lake: Lake, taken: Collection[bytes]) -> None:
    """Writes every landed file of JSON Lines anew without the lines whose hash begins with one of those taken back, 16 bytes each."""

    def goes(line: bytes) -> bool:
        return bytes.fromhex(sha256_bytes(line.rstrip(b"\r\n")))[:16] in taken

    for path in _files(lake):
        if path.endswith(_PARTIAL):
            lake.files.delete_file(path)
        elif any(map(goes, _lines(lake, path))):
            _write_without(lake, path, goes)


def _write_without(lake: Lake, path: str, goes: Callable[[bytes], bool]) -> None:
    folder, _, name = path.rpartition("/")
    partial = f"{folder}/.{name}{_PARTIAL}"
    with lake.files.open_output_stream(partial) as target:
        for line in _lines(lake, path):
            if not goes(line):
                target.write(line)
    lake.files.move(partial, path)


def _files(lake: Lake) -> list[str]:
    selector = fs.FileSelector(lake.path(LANDING), allow_not_found=True, recursive=True)
    found = sorted(item.path for item in lake.files.get_file_info(selector) if item.is_file)
    return [path for path in found if is_remote(lake.root) or not Path(path).is_symlink()]
