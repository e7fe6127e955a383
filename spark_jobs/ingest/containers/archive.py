"""Archives: the files inside a zip or tar, read where they lie - nothing is ever unpacked to a disk.

Members are refused with a reason where their name leaves the archive, they are links or devices, or they are archives themselves.
Folders and hidden files (`.x`, `_x`, `__MACOSX/`) are passed over, as they are in a folder.
"""

import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO, cast

from spark_jobs.ingest.containers.raw_record import UnreadableFile

MEMBERS = 100_000  # in one archive, at most
_EXPANSION = 250
_HARMLESS = 256 * 2**20
Member = tuple[str, BinaryIO | UnreadableFile]


def is_tar(head: bytes) -> bool:
    """Whether a file that begins with these (at least 512) bytes is a tar archive."""
    return head[257:262] == b"ustar"


def zip_members(stream: BinaryIO) -> Iterator[Member]:
    """(name, stream or why it is refused) of each file inside; raises UnreadableFile for what is no zip, or a bomb."""
    try:
        archive = zipfile.ZipFile(stream)
    except zipfile.BadZipFile as error:
        raise UnreadableFile(f"not a zip archive ({error})") from error
    listed = [member for member in archive.infolist() if not member.is_dir() and _visible(member.filename)]
    _refuse_bomb(listed)
    for member in listed:
        refusal = _refusal(member.filename, linked=(member.external_attr >> 28) == 0xA)
        if member.flag_bits & 1:
            refusal = UnreadableFile("the member is encrypted")
        yield member.filename, refusal or _opened(archive, member)


def tar_members(stream: BinaryIO) -> Iterator[Member]:
    """The same for a tar archive, read once from beginning to end."""
    count = 0
    try:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                if member.isdir() or not _visible(member.name):
                    continue
                count += 1
                if count > MEMBERS:
                    raise UnreadableFile(f"the archive has more than {MEMBERS} members")
                held = archive.extractfile(member) if member.isfile() else None
                refusal = _refusal(member.name, linked=held is None)
                yield member.name, refusal or cast("BinaryIO", held)
    except tarfile.TarError as error:
        raise UnreadableFile(f"not a tar archive, or one that is cut off ({error})") from error


def _opened(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> BinaryIO | UnreadableFile:
    try:
        return cast("BinaryIO", archive.open(member))
    except (zipfile.BadZipFile, NotImplementedError) as error:
        return UnreadableFile(f"the member cannot be opened ({error})")


def _visible(name: str) -> bool:
    return not any(part.startswith((".", "_")) and part not in (".", "..") for part in PurePosixPath(name).parts)


def _refusal(name: str, linked: bool) -> UnreadableFile | None:
    if linked:
        return UnreadableFile("the member is a link or a device; only files are read")
    if ".." in PurePosixPath(name).parts or name.startswith("/") or "\\" in name or "\0" in name:
        return UnreadableFile("the member's name leads out of the archive")
    return None


def _refuse_bomb(members: list[zipfile.ZipInfo]) -> None:
    """By what the archive says of itself; a member that unpacks to more than it says is stopped by the zip reader."""
    if len(members) > MEMBERS:
        raise UnreadableFile(f"the archive has more than {MEMBERS} members")
    size, packed = (sum(getattr(member, name) for member in members) for name in ("file_size", "compress_size"))
    if size > _HARMLESS and size > _EXPANSION * packed:
        raise UnreadableFile(f"it unpacks to more than {_EXPANSION} times its size: a decompression bomb")
