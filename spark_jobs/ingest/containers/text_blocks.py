"""Plain text: a record a block where blank lines divide the text, else a record a line."""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import BinaryIO

from spark_jobs.ingest.containers.encoding import SAMPLE
from spark_jobs.ingest.containers.raw_record import RECORD_LIMIT, RawRecord, UnreadableFile, invalid_utf8
from spark_jobs.ingest.containers.streams import read_head

_DIVIDED = re.compile(rb"\S[^\S\n]*\r?\n[^\S\n]*\r?\n\s*\S")


def read(stream: BinaryIO) -> Iterator[RawRecord]:
    """One record {text} for each block or line; position is the number of its first line. The first 64 KiB decide which."""
    head, whole = read_head(stream, SAMPLE)
    # one blank line between two texts is enough
    blocks = _DIVIDED.search(head) is not None
    lines: list[bytes] = []
    start, size = 1, 0
    for number, line in enumerate(iter(lambda: whole.readline(RECORD_LIMIT), b""), 1):
        text = line.removeprefix(BOM_UTF8) if number == 1 else line
        if lines and (not text.strip() or not blocks):
            yield _text_record(start, lines)
            lines, size = [], 0
        if text.strip():
            # a block is found again by its first line
            start = start if lines else number
            lines.append(text)
            size += len(text)
        if size >= RECORD_LIMIT:
            raise UnreadableFile(f"a block of text is longer than {RECORD_LIMIT} bytes")
    if lines:
        yield _text_record(start, lines)


def _text_record(position: int, lines: list[bytes]) -> RawRecord:
    raw = b"".join(lines).rstrip()
    return invalid_utf8(position, raw) or RawRecord(position, raw, {"text": raw.decode()})
