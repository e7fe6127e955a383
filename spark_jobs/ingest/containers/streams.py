"""Streams around a raw file: one that tells faults of the place, one that hashes what is read, one that stops a decompression bomb,
one whose head can be read twice."""

import bz2
import gzip
import hashlib
import io
import lzma
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, cast

import pyarrow as pa

from lake.landing.addresses import located
from spark_jobs.ingest.containers.raw_record import Unavailable, UnreadableFile

BLOCK = 2**20
EXPANSION = 250  # times its own size: real text packs to a hundredth at most
HARMLESS = 256 * 2**20  # bytes that any file may unpack to


def open_stream(uri: str) -> BinaryIO:
    """The bytes of a local file or of anything with a URL, from their beginning; it can seek where the place allows it.

    Raises Unavailable, then and at each reading, whatever it is that goes wrong there.
    """
    with _faults_of_the_place():
        return cast("BinaryIO", io.BufferedReader(_AtItsPlace(_opened(uri)), BLOCK))


def _opened(uri: str) -> Any:
    if "://" not in uri:
        return Path(uri).open("rb", buffering=0)
    filesystem, path = located(uri)
    return filesystem.open_input_file(path)


@contextmanager
def _faults_of_the_place() -> Generator[None]:
    # any error: clients of remote places raise classes of their own for time-outs, refusals and answers such as 503
    try:
        yield
    except Exception as error:
        cause = getattr(error, "strerror", None) or " ".join(str(error).split())[:300] or type(error).__name__
        raise Unavailable("unreachable", f"it cannot be read: {cause}") from error


class _AtItsPlace(io.RawIOBase):
    """A file as it is opened. What goes wrong in here went wrong before anybody looked at a byte: it says nothing of the data.

    The class of an error would not tell: decompressors and Parquet readers raise OSError for damaged content, too.
    """

    def __init__(self, opened: Any) -> None:
        self._opened = opened

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return bool(self._opened.seekable())

    def seek(self, offset: int, whence: int = 0) -> int:
        # a place before the beginning is a mistake of whoever asks for it: of a zip reader in a file too short to be one
        return self._opened.seek(offset, whence)

    def tell(self) -> int:
        return self._opened.tell()

    def readinto(self, buffer: Any) -> int:
        with _faults_of_the_place():
            return self._opened.readinto(buffer)

    def close(self) -> None:
        self._opened.close()
        super().close()


def check_registered(uri: str, sha256: str) -> None:
    """Raises Unavailable if the file at the address is not the one registered."""
    with open_stream(uri) as stream:
        HashingReader(stream).check(sha256)


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
        """Reads what is left; raises Unavailable if the whole is not the file that was registered."""
        while self.read(BLOCK):
            pass
        actual = self._digest.hexdigest()
        if actual != sha256:
            raise Unavailable(
                "changed", f"it has changed since it was registered: its SHA-256 is {actual}, not {sha256}"
            )


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
