"""The proof that words are gone: every file of the lake is read, decompressed, and looked through.

    any file                               its bytes: among them the statistics of Parquet and the free pages of SQLite
    Parquet                                every value, and every dictionary
    SQLite                                 every value of every table, decompressed where it is compressed
    gzip, bzip2, xz, Zstandard, zip, tar   what is inside, and inside of that

Words are looked for as UTF-8, as JSON and as HTML escape them, and as UTF-16. What a model has learned, or a picture shows, is not found.
"""

import bz2
import gzip
import html
import json
import lzma
import shutil
import sqlite3
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from lake.settings import local_path
from lake.storage.store import Lake

_BLOCK = 2**20
_IN_MEMORY = 64 * 2**20  # of what is unpacked; more is kept in a temporary file
_COMPRESSED: tuple[tuple[bytes, Callable[[Any], Any]], ...] = (
    (b"\x1f\x8b", lambda stream: gzip.GzipFile(fileobj=stream, mode="rb")),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ\x00", lzma.LZMAFile),
    (b"\x28\xb5\x2f\xfd", lambda stream: pa.CompressedInputStream(pa.PythonFile(stream, "r"), "zstd")),
)

Blocks = Iterable[bytes]


def places_of(lake: Lake, words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(words, file) for each file of the lake, in its store and in its folder on this machine, in which some of the words stand."""
    needles = {form: text for text in words for form in _forms(text)}
    for name, stream in _files(lake):
        there = {form for blocks in _readings(stream) for form in _found(blocks, list(needles))}
        for text in sorted({needles[form] for form in there}):
            yield text, name


def _forms(words: str) -> set[bytes]:
    """The bytes as which words may be written."""
    quoted = (json.dumps(words, ensure_ascii=escaped)[1:-1] for escaped in (True, False))
    return {text.encode() for text in (words, html.escape(words), *quoted)} | {
        words.encode(code) for code in ("utf-16-le", "utf-16-be")
    }


def _files(lake: Lake) -> Iterator[tuple[str, IO[bytes]]]:
    here = (fs.LocalFileSystem(), str(local_path(lake.root).absolute()))
    # one and the same, but for a lake in an object store
    for files, root in [here] if "://" not in lake.root else [(lake.files, lake.path("").rstrip("/")), here]:
        for item in files.get_file_info(fs.FileSelector(root, allow_not_found=True, recursive=True)):
            if item.is_file:
                with files.open_input_file(item.path) as file:
                    yield item.path, cast(IO[bytes], file)


def _found(blocks: Blocks, needles: Sequence[bytes]) -> set[bytes]:
    """The needles that stand in the blocks, also across two of them."""
    overlap = max(map(len, needles)) - 1
    found, tail = set[bytes](), b""
    for block in blocks:
        text = tail + block
        found.update(needle for needle in needles if needle in text)
        tail = text[-overlap:] if overlap else b""
    return found


def _readings(stream: IO[bytes]) -> Iterator[Blocks]:
    """Each way to read a file: as it lies there, and what is inside, as far as a damaged container lets it be read."""
    start = stream.read(512)
    stream.seek(0)
    yield iter(lambda: stream.read(_BLOCK), b"")
    stream.seek(0)
    with suppress(
        pa.ArrowInvalid,
        OSError,
        EOFError,
        sqlite3.DatabaseError,
        zipfile.BadZipFile,
        tarfile.TarError,
        zlib.error,
        lzma.LZMAError,
    ):
        if start.startswith(b"PAR1"):
            yield _parquet_values(stream)
        elif start.startswith(b"SQLite format 3"):
            yield _sqlite_values(stream)
        for inner in _unpacked(start, stream):
            yield from _readings(inner)


def _unpacked(start: bytes, stream: IO[bytes]) -> Iterator[IO[bytes]]:
    """The files inside a compressed file or an archive, each where it can be read more than once."""
    for magic, opened in _COMPRESSED:
        if start.startswith(magic):
            yield _kept(opened(stream))
    if start.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(stream) as archive:
            yield from (_kept(archive.open(name)) for name in archive.namelist())
    if start[257:262] == b"ustar":
        with tarfile.open(fileobj=stream, mode="r:") as archive:
            yield from (_kept(file) for member in archive if (file := archive.extractfile(member)))


def _kept(stream: Any) -> IO[bytes]:
    kept = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed when nobody reads it any more
    shutil.copyfileobj(stream, kept, _BLOCK)
    kept.seek(0)
    return cast(IO[bytes], kept)


def _parquet_values(stream: IO[bytes]) -> Blocks:
    leaves = pq.ParquetFile(stream).schema
    texts = [leaf.path for leaf in map(leaves.column, range(len(leaves))) if leaf.physical_type == "BYTE_ARRAY"]
    stream.seek(0)
    # read as dictionaries, so that what no row refers to is seen, too
    for batch in pq.ParquetFile(stream, read_dictionary=texts).iter_batches(4096):
        for column in batch.columns:
            yield from _buffers(column)


def _buffers(values: pa.Array) -> Iterator[bytes]:
    """The bytes of all texts in an Arrow array, however deep."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        yield from _buffers(cast(pa.DictionaryArray, values).dictionary)
    elif pa.types.is_list(kind):
        yield from _buffers(cast(pa.ListArray, values).values)
    elif pa.types.is_struct(kind):
        for number in range(kind.num_fields):
            yield from _buffers(cast(pa.StructArray, values).field(number))
    elif values.buffers()[-1] is not None:
        yield values.buffers()[-1].to_pybytes()


def _sqlite_values(stream: IO[bytes]) -> Blocks:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.db"
        with copy.open("wb") as file:
            shutil.copyfileobj(stream, file, _BLOCK)
        with closing(sqlite3.connect(copy)) as connection:
            tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for table in tables:
                for row in connection.execute(f'SELECT * FROM "{table}"'):
                    yield from (block for value in row for block in _cell(value))


def _cell(value: object) -> Iterator[bytes]:
    if isinstance(value, str):
        yield value.encode("utf-8", "surrogatepass")
    elif isinstance(value, bytes):
        yield value
        with suppress(zlib.error):
            yield zlib.decompress(value)
