"""Containers: the documents in a raw file and the records in each, whatever it is packed, encoded and written in.

A file is read once, from beginning to end, and hashed on the way; only what needs to be read from several places (Parquet, Arrow,
zip) is hashed first. So a document may turn out to be broken, or not the registered one, after its first records were given:
whoever reads must drop them then.
"""

import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, BinaryIO, NamedTuple, cast

from lake.errors import UserError
from spark_jobs.ingest.containers import (
    columnar,
    delimited,
    json_lines,
    json_values,
    text_blocks,
    xml_elements,
    yaml_items,
)
from spark_jobs.ingest.containers.archive import is_tar, tar_members, zip_members
from spark_jobs.ingest.containers.encoding import SAMPLE, as_utf8, encoding_of
from spark_jobs.ingest.containers.raw_record import Piece, UnreadableFile
from spark_jobs.ingest.containers.sniff import container, suffixes
from spark_jobs.ingest.containers.streams import BLOCK, Hashed, headed, opened, unpacked

TEXTS: Mapping[str, Callable[[BinaryIO], Iterator[Piece]]] = MappingProxyType(
    {
        "jsonl": json_lines.read,
        "json": json_values.read,
        "delimited": delimited.read,
        "yaml": yaml_items.read,
        "xml": xml_elements.read,
        "text": text_blocks.read,
    }
)
LINE_NUMBERED = frozenset({"jsonl", "text"})
_COLUMNAR: Mapping[bytes, Callable[[BinaryIO], Iterator[Piece]]] = MappingProxyType(
    {b"PAR1": columnar.parquet, b"ARROW1": columnar.arrow, b"\xff\xff\xff\xff": columnar.arrow}
)
_ZIP = b"PK\x03\x04"
_IN_MEMORY = 2**30  # bytes of a compressed columnar file: it has to be unpacked before it can be read

# what the file system and the decompressors raise for a file that is absent, forbidden, cut off or damaged
READ_ERRORS = (
    OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, UnreadableFile, UserError, ImportError, ValueError,
    NotImplementedError,
)  # fmt: skip


class Document(NamedTuple):
    """One file, or one member of an archive (`inner` is its name there), and its records.

    by_line: whether positions are line numbers, so that several records may have the same.
    """

    inner: str
    by_line: bool
    pieces: Iterator[Piece]


def documents(uri: str, sha256: str) -> Iterator[Document]:
    """Every document of the file, to be read in turn. Raises one of READ_ERRORS if the file cannot be read or is not the one registered."""
    with opened(uri) as stream:
        start = stream.read(8)
        stream.seek(0)
        if start.startswith((*_COLUMNAR, _ZIP)):
            Hashed(stream).check(sha256)
            stream.seek(0)
            yield from _seekable(stream, start)
            return
        hashed = Hashed(stream)
        buffered = cast("BinaryIO", io.BufferedReader(hashed, BLOCK))
        yield from _streamed(uri, buffered, lambda: hashed.size)
        hashed.check(sha256)


def _seekable(stream: BinaryIO, start: bytes) -> Iterator[Document]:
    if start.startswith(_ZIP):
        yield from _members(zip_members(stream))
    else:
        yield Document("", False, _columnar(start, stream))


def _streamed(name: str, stream: BinaryIO, packed: Callable[[], int]) -> Iterator[Document]:
    plain = unpacked(stream, suffixes(name)[1], packed)
    head, plain = headed(plain, SAMPLE)
    if is_tar(head):
        yield from _members(tar_members(plain))
    else:
        yield _document(name, head, plain)


def _document(name: str, head: bytes, plain: BinaryIO) -> Document:
    """The one document in an unpacked stream, whose beginning is `head`."""
    if head.startswith(_ZIP) or is_tar(head):
        raise UnreadableFile("an archive that is packed again, or lies in another, is not read")
    if head.startswith(tuple(_COLUMNAR)):
        return Document("", False, _columnar(head, _held(plain)))
    encoding = encoding_of(head)
    kind = container(name, head.decode(encoding, "replace").encode() if encoding != "utf-8" else head)
    return Document("", kind in LINE_NUMBERED, TEXTS[kind](as_utf8(plain, encoding)))


def _columnar(head: bytes, stream: BinaryIO) -> Iterator[Piece]:
    return next(read for magic, read in _COLUMNAR.items() if head.startswith(magic))(stream)


def _members(members: Iterator[tuple[str, BinaryIO | UnreadableFile]]) -> Iterator[Document]:
    for name, held in members:
        if isinstance(held, UnreadableFile):
            yield Document(name, False, _refusing(held))
        else:
            yield _member(name, held)


def _member(name: str, held: BinaryIO) -> Document:
    counted = Hashed(held)
    try:
        plain = unpacked(cast("BinaryIO", io.BufferedReader(counted, BLOCK)), suffixes(name)[1], lambda: counted.size)
        return _document(name, *headed(plain, SAMPLE))._replace(inner=name)
    except READ_ERRORS as error:
        return Document(name, False, _refusing(error))


def _refusing(error: Exception) -> Iterator[Piece]:
    raise error
    yield  # the error is the reader's to meet, when it comes to this document


def _held(plain: Any) -> BinaryIO:
    content = plain.read(_IN_MEMORY + 1)
    if len(content) > _IN_MEMORY:
        raise UnreadableFile(f"it unpacks to more than {_IN_MEMORY} bytes; columnar files bring their own compression")
    return io.BytesIO(content)
