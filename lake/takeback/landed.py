"""Copies of raw files in the lake's landing folder: lines that were taken back are cut out of them, or the copy is removed.

A file of JSON Lines loses the lines of the taken rows, and is registered again, as changed, by the next run. Of any other container (an
archive, a list, a table) the rest cannot be kept for certain: the copy goes, and the rows that were read from it stay in the tables.
"""

import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pyarrow as pa

from lake.ids import sha256_bytes
from lake.landing.addresses import MEMBER
from lake.landing.register import landing_folder
from lake.storage.store import Lake

_PARTIAL = ".taken"  # ends the hidden name of a file that is to take the place of another


def file_of(uri: str) -> str:
    """The address of the registered file: without the name of the file inside it, if it is an archive."""
    return re.sub(MEMBER, r"\1", uri)


def landed(lake: Lake, uri: str) -> bool:
    """Whether a registered file is a copy in the lake; any other is the user's own, and never changed."""
    return "://" not in uri and Path(file_of(uri)).is_relative_to(landing_folder(lake).absolute())


def copies_to_remove(lake: Lake, rows: pa.Table) -> list[str]:
    """The landed files of which some of these raw rows are no line: nothing can be cut out of them."""
    expected: dict[str, set[str | None]] = {}
    for uri, content in zip(rows["uri"].to_pylist(), rows["content"].to_pylist(), strict=True):
        if landed(lake, uri):
            expected.setdefault(file_of(uri), set()).add(content)
    return [uri for uri, wanted in sorted(expected.items()) if not wanted <= _line_hashes(Path(uri), wanted)]


def _line_hashes(file: Path, wanted: Collection[str | None]) -> set[str]:
    """The hashes among those wanted that lines of a file of JSON Lines have; none of any other file, or of one that is gone."""
    return {found for line in _lines(file) if (found := sha256_bytes(line.rstrip(b"\r\n"))) in wanted}


def _lines(file: Path) -> Iterator[bytes]:
    if not file.is_file():
        return
    with file.open("rb") as stream:
        for number, line in enumerate(stream):
            if number == 0 and not line.lstrip().startswith(b"{"):
                return
            yield line


def cut_lines(lake: Lake, taken: Collection[bytes]) -> None:
    """Writes every landed file of JSON Lines anew without the lines whose hash begins with one of those taken back, 16 bytes each."""

    def goes(line: bytes) -> bool:
        return bytes.fromhex(sha256_bytes(line.rstrip(b"\r\n")))[:16] in taken

    for file in _files(landing_folder(lake)):
        if file.name.endswith(_PARTIAL):
            file.unlink()
        elif any(map(goes, _lines(file))):
            _write_without(file, goes)


def _write_without(file: Path, goes: Callable[[bytes], bool]) -> None:
    partial = file.with_name(f".{file.name}{_PARTIAL}")
    with partial.open("wb") as target:
        target.writelines(line for line in _lines(file) if not goes(line))
    partial.replace(file)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
