"""Streams around a raw file: one that hashes what is read, one that stops a decompression bomb, one whose head can be read twice."""

import bz2
import gzip
import hashlib
import io
import lzma
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, cast

import pyarrow as pa

from lake.landing.addresses import located
from spark_jobs.ingest.containers.raw_record import UnreadableFile

BLOCK = 2**20
EXPANSION = 250  # times its own size: real text packs to a hundredth at most
HARMLESS = 256 * 2**20  # bytes that any file may unpack to


def open_stream(uri: str) -> BinaryIO:
    """The bytes of a local file or of anything with a URL, from their beginning; it can seek where the place allows it."""
    if "://" not in uri:
        return Path(uri).open("rb")
    filesystem, path = located(uri)
    return cast("BinaryIO", io.BufferedReader(cast("Any", filesystem.open_input_file(path)), BLOCK))


class HashingReader(io.RawIOBase):
    """A stream that hashes and counts what is read from it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()
        self.size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._stream.read(len(buffer))
        self._digest.update(block)
        self.size += len(block)
        buffer[: len(block)] = block
        return len(block)

    def check(self, sha256: str) -> None:
        """Reads what is left; raises UnreadableFile if the whole is not the file that was registered."""
        while self.read(BLOCK):
            pass
        actual = self._digest.hexdigest()
        if actual != sha256:
            raise UnreadableFile(f"the file has changed since it was registered: its SHA-256 is {actual}, not {sha256}")


class _BombGuard(io.RawIOBase):
    """The output of a decompressor; raises UnreadableFile when it is out of all proportion to the `compressed` bytes read so far."""

    def __init__(self, stream: BinaryIO, compressed: Callable[[], int]) -> None:
        self._stream = stream
        self._compressed = compressed
        self._size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._stream.read(len(buffer))
        self._size += len(block)
        if self._size > HARMLESS and self._size > EXPANSION * self._compressed():
            raise UnreadableFile(f"it unpacks to more than {EXPANSION} times its size: a decompression bomb")
        buffer[: len(block)] = block
        return len(block)


class _HeadThenRest(io.RawIOBase):
    """Bytes that were read already, then the stream they came from."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head = io.BytesIO(head)
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._head.read(len(buffer)) or self._stream.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)


def read_head(stream: Any, size: int) -> tuple[bytes, BinaryIO]:
    """The first `size` bytes (fewer only where the stream ends), and the stream as if they had not been read."""
    # a read may give less than was asked for before the end
    head = b""
    while len(head) < size and (more := stream.read(size - len(head))):
        head += more
    return head, cast("BinaryIO", io.BufferedReader(_HeadThenRest(head, stream), BLOCK))


def _zstd(stream: BinaryIO) -> BinaryIO:
    return cast("BinaryIO", pa.CompressedInputStream(cast("Any", stream), "zstd"))


# by the bytes that files of a kind begin with: names can lie
COMPRESSIONS: Mapping[bytes, Callable[[BinaryIO], BinaryIO]] = MappingProxyType(
    {
        b"\x1f\x8b": lambda stream: cast("BinaryIO", gzip.GzipFile(fileobj=stream)),
        b"BZh": lambda stream: cast("BinaryIO", bz2.BZ2File(stream)),
        b"\xfd7zXZ\x00": lambda stream: cast("BinaryIO", lzma.LZMAFile(stream)),  # noqa: SIM115 - ends with its file
        b"\x28\xb5\x2f\xfd": _zstd,
    }
)
COMPRESSION_SUFFIXES: Mapping[str, bytes] = MappingProxyType(
    {
        ".gz": b"\x1f\x8b",
        ".bz2": b"BZh",
        ".xz": b"\xfd7zXZ\x00",
        ".zst": b"\x28\xb5\x2f\xfd",
        ".zstd": b"\x28\xb5\x2f\xfd",
    }
)


def decompressed(stream: BinaryIO, suffix: str, compressed: Callable[[], int]) -> BinaryIO:
    """The stream behind a compression that its first bytes or its name's suffix tell; the stream itself where there is none.

    compressed: how many bytes have been read from the file so far.
    """
    head, whole = read_head(stream, 8)
    # the suffix alone is believed, too: the decompressor then says what is wrong with the content
    magic = next((magic for magic in COMPRESSIONS if head.startswith(magic)), None)
    magic = magic or (COMPRESSION_SUFFIXES.get(suffix) if head else None)
    if magic is None:
        return whole
    return cast("BinaryIO", io.BufferedReader(_BombGuard(COMPRESSIONS[magic](whole), compressed), BLOCK))
