"""Plain text: a record a block where blank lines divide the text, else a record a line."""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import BinaryIO

from lake.landing.conversations import opening_role
from spark_jobs.ingest.containers.encoding import SAMPLE
from spark_jobs.ingest.containers.raw_record import RECORD_LIMIT, RawRecord, UnreadableFile, invalid_utf8
from spark_jobs.ingest.containers.streams import read_head

_OPENING = 80  # bytes of a line in which the mark of a speaker stands
_MARKS = frozenset(mark.encode()[:1] for mark in "#<[*QHUISPCARMGBFD|ВО问回答用助質")  # what such marks begin with
_QUESTION = re.compile(rb"\s*(?:#Q |\**Q(?:uestion)?[ \t]?\d*\**[ \t]*:|\**QUESTION)")
_DIVIDED = re.compile(rb"\S[^\S\n]*\r?\n[^\S\n]*\r?\n\s*\S")


def read(stream: BinaryIO) -> Iterator[RawRecord]:
    """One record {text} for each block or line; position is the number of its first line. The first 64 KiB decide which.

    In a text of questions and answers a record begins with each question: blank lines may part it from its answer.
    """
    head, whole = read_head(stream, SAMPLE)
    # one blank line between two texts is enough
    blocks = _DIVIDED.search(head) is not None
    talk = _speaker(head.removeprefix(BOM_UTF8)) in ("user", "system")
    lines: list[bytes] = []
    start, size, blank, answered = 1, 0, True, False
    for number, line in enumerate(iter(lambda: whole.readline(RECORD_LIMIT), b""), 1):
        text = line.removeprefix(BOM_UTF8) if number == 1 else line
        speaker = _speaker(text) if talk and (blank or not blocks or not answered) else None
        ended = _begins(text, speaker, blocks and answered) if talk else not (text.strip() and blocks)
        if lines and ended:
            yield _text_record(start, lines)
            lines, size, answered = [], 0, False
        answered = answered or speaker == "assistant"
        blank = not text.strip()
        if not blank or (talk and lines):
            # a block is found again by its first line
            start = start if lines else number
            lines.append(text)
            size += len(text)
        if size >= RECORD_LIMIT:
            raise UnreadableFile(f"a block of text is longer than {RECORD_LIMIT} bytes")
    if lines:
        yield _text_record(start, lines)


def _speaker(text: bytes) -> str | None:
    """The role with whose mark a text begins; nearly all lines of prose are told by their first character."""
    begun = text[:_OPENING].lstrip()
    return opening_role(begun.decode("utf-8", "replace")) if begun[:1] in _MARKS else None


def _begins(line: bytes, speaker: str | None, answered: bool) -> bool:
    """Whether a record begins with this line: a question always, another turn of a chat only behind the answer of the one before."""
    return speaker in ("user", "system") and (answered or _QUESTION.match(line) is not None)


def _text_record(position: int, lines: list[bytes]) -> RawRecord:
    raw = b"".join(lines).rstrip()
    return invalid_utf8(position, raw) or RawRecord(position, raw, {"text": raw.decode()})
