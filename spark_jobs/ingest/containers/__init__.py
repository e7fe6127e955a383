"""Containers: file formats. From the bytes of a raw file to its documents and the records in each.

    file          questions.zip
    -> stream     the bytes of its member a.csv.gz, hashed on the way, decompressed, as UTF-8
    -> container  `delimited`: the name says so, and the content does not contradict it
    -> records    RawRecord(position=1, raw=b"Why?,So.", value={"question": "Why?", "answer": "So."}), ...

A container knows nothing about what a record means: that is the part of `spark_jobs.ingest.sources`.

A file is read once, from beginning to end, and hashed on the way; only what needs to be read from several places (Parquet, Arrow,
zip) is hashed first. So a document may turn out to be broken, or not the registered one, after its first records were given: the
caller must drop them then.
"""

import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import BinaryIO, NamedTuple, cast

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
from spark_jobs.ingest.containers.encoding import SAMPLE, as_utf8, encoding_of, with_line_feeds
from spark_jobs.ingest.containers.raw_record import RawRecord, Unavailable, UnreadableFile
from spark_jobs.ingest.containers.sniff import container_of, reject_binary, suffixes
from spark_jobs.ingest.containers.streams import BLOCK, HashingReader, decompressed, open_stream, read_head

# how each container of text is read, by the name that `container_of` gives it
TEXT_CONTAINERS: Mapping[str, Callable[[BinaryIO], Iterator[RawRecord]]] = MappingProxyType(
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
# by the bytes that such files begin with; the third is a stream of Arrow messages
_COLUMNAR: Mapping[bytes, Callable[[BinaryIO], Iterator[RawRecord]]] = MappingProxyType(
    {b"PAR1": columnar.parquet, b"ARROW1": columnar.arrow, b"\xff\xff\xff\xff": columnar.arrow}
)
_ZIP = b"PK\x03\x04"
_IN_MEMORY = 2**30  # bytes of a compressed columnar file: it has to be decompressed before it can be read

# what decompressors and readers raise for content that is cut off, damaged or none of theirs
DATA_ERRORS = (
    OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError, struct.error, UnreadableFile, ValueError,
    LookupError, NotImplementedError,
)  # fmt: skip
# what is raised where nobody knows yet what the content is: the place does not give it, or a library is missing here
PLACE_ERRORS = (Unavailable, ImportError)
READ_ERRORS = (*PLACE_ERRORS, *DATA_ERRORS)


class Document(NamedTuple):
    """One file, or one member of an archive (`inner` is its name there), and its records.

    by_line: whether positions are line numbers, so that several records may have the same.
    head: gives the first records of the whole, where `records` are a part of it that may begin elsewhere.
    """

    inner: str
    by_line: bool
    records: Iterator[RawRecord]
    head: Callable[[], Iterator[RawRecord]] | None = None


def beginning(records: Iterator[RawRecord]) -> Iterator[RawRecord]:
    """The first records, up to 64 KiB of their bytes."""
    size = 0
    while size < SAMPLE and (record := next(records, None)) is not None:
        size += len(record.raw)
        yield record


def documents(uri: str, sha256: str) -> Iterator[Document]:
    """Every document of the file, each to be read before the next is asked for.

    Raises one of PLACE_ERRORS if the file cannot be had or is not the one registered, one of DATA_ERRORS if it is broken.
    """
    with open_stream(uri) as stream:
        start = stream.read(8)
        stream.seek(0)
        if start.startswith((*_COLUMNAR, _ZIP)):
            # these are read from several places, so the hash needs a pass of its own
            HashingReader(stream).check(sha256)
            stream.seek(0)
            if start.startswith(_ZIP):
                yield from _members(zip_members(stream))
            else:
                yield Document("", False, _columnar_records(start, stream))
            return
        hashing = HashingReader(stream)
        buffered = cast("BinaryIO", io.BufferedReader(hashing, BLOCK))
        head, plain = read_head(decompressed(buffered, suffixes(uri)[1], lambda: hashing.size), SAMPLE)
        if is_tar(head):
            yield from _members(tar_members(plain))
        else:
            yield _document(uri, head, plain)
        hashing.check(sha256)


def _document(name: str, head: bytes, plain: BinaryIO) -> Document:
    """The one document in a decompressed stream, whose beginning is `head`."""
    if head.startswith(_ZIP) or is_tar(head):
        raise UnreadableFile("an archive that is packed again, or lies in another, is not read")
    if head.startswith(tuple(_COLUMNAR)):
        content = plain.read(_IN_MEMORY + 1)
        if len(content) > _IN_MEMORY:
            raise UnreadableFile(
                f"it unpacks to more than {_IN_MEMORY} bytes; columnar files bring their own compression"
            )
        return Document("", False, _columnar_records(head, io.BytesIO(content)))
    encoding = xml_elements.declared_encoding(head) or encoding_of(head)
    text = head.decode(encoding, "replace").encode() if encoding != "utf-8" else head
    reject_binary(name, head, text)
    plain = with_line_feeds(text, as_utf8(plain, encoding))
    container = container_of(name, with_line_feeds(text, text))
    return Document("", container in LINE_NUMBERED, TEXT_CONTAINERS[container](plain))


def _columnar_records(head: bytes, stream: BinaryIO) -> Iterator[RawRecord]:
    return next(read for magic, read in _COLUMNAR.items() if head.startswith(magic))(stream)


def _members(members: Iterator[tuple[str, BinaryIO | UnreadableFile]]) -> Iterator[Document]:
    for name, member in members:
        if isinstance(member, UnreadableFile):
            yield Document(name, False, _raising(member))
        else:
            yield _member(name, member)


def _member(name: str, member: BinaryIO) -> Document:
    counting = HashingReader(member)
    buffered = cast("BinaryIO", io.BufferedReader(counting, BLOCK))
    try:
        plain = decompressed(buffered, suffixes(name)[1], lambda: counting.size)
        return _document(name, *read_head(plain, SAMPLE))._replace(inner=name)
    except DATA_ERRORS as error:
        return Document(name, False, _raising(error))


def _raising(error: Exception) -> Iterator[RawRecord]:
    """Records that fail when they are read: a broken member must not keep the others from being read."""
    raise error
    yield
