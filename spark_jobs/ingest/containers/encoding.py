"""Encodings: what a text file is written in, by its beginning, and the same text as UTF-8.

A file is UTF-8 unless its beginning speaks against it, and of a UTF-8 file only the records that are not UTF-8 are quarantined. A
file that is plain ASCII for its first 64 KiB and another encoding after that counts as UTF-8, too.
"""

import codecs
import io
import re
from typing import Any, BinaryIO, TypeVar, cast

from lake.landing.heads import unicode_of
from spark_jobs.ingest.containers.streams import BLOCK

SAMPLE = 2**16  # bytes of the beginning by which encoding and container are recognised
# what text files were written in before UTF-8, commonest first: not the code pages of DOS, the Macintosh and mainframes, which short
# texts fit just as well
_LEGACY = (
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "koi8_r", "gb18030", "big5", "shift_jis", "euc_jp",
    "euc_kr", "tis_620",
)  # fmt: skip
_HIGH = re.compile(rb"[\x80-\xff]+")
_LAST_CHARACTER = re.compile(rb"[\xc2-\xf4][\x80-\xbf]{0,2}\Z")  # the sample may end in the middle of it
_IN_WORDS = re.compile(rb"[A-Za-z][\x80-\xff]|[\x80-\xff][A-Za-z]")
_WORDS_OF_OTHER_ALPHABETS = 6  # bytes in runs: fewer are as likely to be stray


def encoding_of(head: bytes) -> str:
    """The name of the encoding: by byte order mark, by zero bytes (UTF-16 and 32), by being UTF-8, else the likeliest of the old ones."""
    if head.isascii() and b"\0" not in head:
        return "utf-8"
    return unicode_of(head) or ("utf-8" if _looks_like_utf8(head) else _legacy(head))


def as_utf8(stream: BinaryIO, encoding: str) -> BinaryIO:
    """The stream as UTF-8, without a byte order mark; where its bytes mean nothing in the encoding it has a byte that is not UTF-8."""
    if encoding == "utf-8":
        return stream
    return cast("BinaryIO", io.BufferedReader(_Utf8Reader(stream, encoding), BLOCK))


Text = TypeVar("Text", bytes, BinaryIO)


def with_line_feeds(head: bytes, text: Text) -> Text:
    """The text with lines that end as everywhere, where its head shows that only carriage returns end them; else the text itself."""
    if b"\n" in head or b"\r" not in head:
        return text
    if isinstance(text, bytes):
        return text.replace(b"\r", b"\n")
    return cast("BinaryIO", io.BufferedReader(_LineFeeds(text), BLOCK))


class _LineFeeds(io.RawIOBase):
    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._stream.read(len(buffer)).replace(b"\r", b"\n")
        buffer[: len(block)] = block
        return len(block)


class _Utf8Reader(io.RawIOBase):
    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="mixlake.mark")
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            block = self._stream.read(BLOCK)
            text = self._decoder.decode(block, not block)
            self._ready = text.encode("utf-8", "surrogateescape")
            if not block:
                break
        part = self._ready[: len(buffer)]
        self._ready = self._ready[len(part) :]
        buffer[: len(part)] = part
        return len(part)


def _byte_ff(error: UnicodeError) -> tuple[str, int]:
    """An error handler that puts the byte FF, which is not UTF-8, for undecodable bytes: only their record is quarantined then."""
    return "\udcff", cast("UnicodeDecodeError", error).end


codecs.register_error("mixlake.mark", _byte_ff)


def _looks_like_utf8(head: bytes) -> bool:
    """Whether what is beyond ASCII is UTF-8 as often as not, by lines or by runs of bytes, or too little to say otherwise."""
    head = _LAST_CHARACTER.sub(b"", head)
    runs = _HIGH.findall(head)
    lines = [line for line in head.split(b"\n") if not line.isascii()]
    others = sum(len(run) for run in runs if len(run) > 1)
    says_other = _IN_WORDS.search(head) or others >= _WORDS_OF_OTHER_ALPHABETS
    return _mostly_utf8(lines) or _mostly_utf8(runs) or not says_other


def _mostly_utf8(samples: list[bytes]) -> bool:
    return 2 * sum(map(_decodes, samples)) >= len(samples)


def _decodes(sample: bytes) -> bool:
    try:
        sample.decode()
    except UnicodeDecodeError:
        return False
    return True


def _legacy(head: bytes) -> str:
    from charset_normalizer import from_bytes

    found = from_bytes(head, cp_isolation=list(_LEGACY))
    best = found.best()
    if best is None or best.encoding == "ascii":
        return "utf-8"
    # short texts fit several alphabets equally well: then the commonest of them
    western = (guess for guess in found if guess.encoding == _LEGACY[0])
    as_good = any(guess.chaos <= best.chaos and guess.coherence >= best.coherence for guess in western)
    return _LEGACY[0] if as_good else best.encoding
