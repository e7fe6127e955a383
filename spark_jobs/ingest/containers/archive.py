"""Archives: the files inside a zip or tar, read where they lie - nothing is ever unpacked to a disk.

A member whose name leads out of the archive, or that is a link, a device or encrypted, comes as the error that says so; the others
are read. Folders and hidden files (`.x`, `_x`, `__MACOSX/`) are passed over, as they are in a folder.
"""

import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO, cast

from spark_jobs.ingest.containers import streams
from spark_jobs.ingest.containers.raw_record import UnreadableFile

MEMBERS = 100_000  # in one archive, at most
# documents of office programs are archives, too: by a file that each of them has
_OFFICE = {
    "xl/workbook.xml": "a workbook (.xlsx)", "xl/workbook.bin": "a workbook (.xlsb)", "word/document.xml": "a document (.docx)",
    "ppt/presentation.xml": "a presentation (.pptx)", "content.xml": "a document in OpenDocument (.odt, .ods)",
    "META-INF/container.xml": "an e-book (.epub)", "AndroidManifest.xml": "a program",
}  # fmt: skip
Member = tuple[str, BinaryIO | UnreadableFile]


def is_tar(head: bytes) -> bool:
    """Whether a file that begins with these (at least 512) bytes is a tar archive."""
    return head[257:262] == b"ustar"


def zip_members(stream: BinaryIO) -> Iterator[Member]:
    """(name, stream or why it cannot be read) of each file inside; raises UnreadableFile for what is no zip, or a bomb."""
    try:
        archive = zipfile.ZipFile(stream)
    except zipfile.BadZipFile as error:
        raise UnreadableFile(f"not a zip archive ({error})") from error
    members = [member for member in archive.infolist() if not member.is_dir() and _visible(member.filename)]
    office = next((what for name, what in _OFFICE.items() if any(member.filename == name for member in members)), None)
    if office is not None:
        raise UnreadableFile(f"{office} is not read; export it as CSV, JSON Lines or plain text")
    _check_bomb(members)
    for member in members:
        # the upper half of the attributes is the Unix mode; a type of 0xA there is a symbolic link
        fault = _fault(member.filename, linked=(member.external_attr >> 28) == 0xA)
        if member.flag_bits & 1:
            fault = UnreadableFile("the member is encrypted")
        yield member.filename, fault or _open_member(archive, member)


def tar_members(stream: BinaryIO) -> Iterator[Member]:
    """The same for a tar archive, read once from beginning to end."""
    count = 0
    try:
        # as a stream: a compressed tar cannot go back
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                if member.isdir() or not _visible(member.name):
                    continue
                count += 1
                if count > MEMBERS:
                    raise UnreadableFile(f"the archive has more than {MEMBERS} members")
                content = archive.extractfile(member) if member.isfile() else None
                fault = _fault(member.name, linked=content is None)
                yield member.name, fault or cast("BinaryIO", content)
    except tarfile.TarError as error:
        raise UnreadableFile(f"not a tar archive, or one that is cut off ({error})") from error


def _open_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> BinaryIO | UnreadableFile:
    try:
        return cast("BinaryIO", archive.open(member))
    except (zipfile.BadZipFile, NotImplementedError) as error:
        return UnreadableFile(f"the member cannot be opened ({error})")


def _visible(name: str) -> bool:
    return not any(part.startswith((".", "_")) and part not in (".", "..") for part in PurePosixPath(name).parts)


def _fault(name: str, linked: bool) -> UnreadableFile | None:
    if linked:
        return UnreadableFile("the member is a link or a device; only files are read")
    # nothing is written, but the name becomes part of an address
    if ".." in PurePosixPath(name).parts or name.startswith("/") or "\\" in name or "\0" in name:
        return UnreadableFile("the member's name leads out of the archive")
    return None


def _check_bomb(members: list[zipfile.ZipInfo]) -> None:
    """Raises UnreadableFile by the sizes that the archive states; the zip reader stops a member that is larger than it states."""
    if len(members) > MEMBERS:
        raise UnreadableFile(f"the archive has more than {MEMBERS} members")
    size, packed = (sum(getattr(member, name) for member in members) for name in ("file_size", "compress_size"))
    # text packs well: only what is both large and packed out of all proportion is a bomb
    if size > streams.HARMLESS and size > streams.EXPANSION * packed:
        raise UnreadableFile(f"it unpacks to more than {streams.EXPANSION} times its size: a decompression bomb")
