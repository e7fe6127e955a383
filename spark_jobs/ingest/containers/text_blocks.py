"""Plain text: a record a block where blank lines divide the text, else a record a line."""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import BinaryIO

from lake.landing.conversations import opening_role
from lake.landing.quizzes import answers_end_questions, is_about_answer, names_right
from spark_jobs.ingest.containers.encoding import SAMPLE
from spark_jobs.ingest.containers.raw_record import RECORD_LIMIT, RawRecord, UnreadableFile, invalid_utf8
from spark_jobs.ingest.containers.streams import read_head

_OPENING = 80  # bytes of a line in which the mark of a speaker stands
_MARKS = frozenset(
    mark.encode()[:1] for mark in "#<[*QHUISPCARMGBFDhuisqapco|ВО问回答用助質"
)  # what such marks begin with
_QUESTION = re.compile(rb"\s*(?:#Q |\**(?:Q|[Qq]uestion)[ \t]?\d*\**[ \t]*:|\**Q\d+[.)]|\**QUESTION)")
_RULE = re.compile(rb"\s*(?:-{3,}|={3,}|\*{3,}|_{3,})")  # a line that is drawn below a record
_DIVIDED = re.compile(rb"\S[^\S\n]*\r?\n[^\S\n]*\r?\n\s*\S")


def read(stream: BinaryIO) -> Iterator[RawRecord]:
    """One record {text} for each block or line; position is the number of its first line. The first 64 KiB decide which.

    In a text of questions and answers a record begins with each question: blank lines may part it from its answer. In a quiz where
    blank lines tell nothing a record ends with the line that names the right option.
    """
    head, whole = read_head(stream, SAMPLE)
    # one blank line between two texts is enough
    blocks = _DIVIDED.search(head) is not None
    talk = _speaker(head.removeprefix(BOM_UTF8)) in ("user", "system")
    quiz = not talk and answers_end_questions(head.decode("utf-8", "replace"))
    lines: list[bytes] = []
    start, size, blank, answered = 1, 0, True, False
    for number, line in enumerate(iter(lambda: whole.readline(RECORD_LIMIT), b""), 1):
        text = line.removeprefix(BOM_UTF8) if number == 1 else line
        speaker = _speaker(text) if talk and (blank or not blocks or not answered) else None
        if quiz:
            ended = answered and bool(text.strip()) and not is_about_answer(text.decode("utf-8", "replace"))
        else:
            ended = _begins(text, speaker, blocks and answered) if talk else not (text.strip() and blocks)
        if lines and ended:
            yield _text_record(start, lines)
            lines, size, answered = [], 0, False
        answered = answered or speaker == "assistant" or (quiz and names_right(text.decode("utf-8", "replace")))
        blank = not text.strip()
        if not blank or ((talk or quiz) and lines):
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
    words, _, last = raw.rpartition(b"\n")
    text = words.rstrip() if _RULE.fullmatch(last) else raw
    return invalid_utf8(position, raw) or RawRecord(position, raw, {"text": text.decode()})
