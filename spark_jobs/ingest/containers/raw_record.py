"""What a container yields: one record with its bytes, or the bytes that were not a record and why."""

from typing import Any, NamedTuple

RECORD_LIMIT = 64 * 2**20  # bytes of one record: above it the record is refused, so that memory stays bounded


class UnreadableFile(Exception):
    """The file as a whole is not what its name says."""


class Piece(NamedTuple):
    """One record (`reason` is None) or one refusal.

    position: line number in line-delimited files, number of the record elsewhere, both from 1.
    raw: the record's own bytes, as UTF-8 where the file has another encoding, or its canonical JSON where the container has no
    bytes of its own for it.
    """

    position: int
    raw: bytes
    record: Any = None
    reason: str | None = None
    detail: str | None = None


def refused(position: int, raw: bytes, reason: str, detail: str) -> Piece:
    """A piece that is not a record."""
    return Piece(position, raw, None, reason, detail)


def invalid_utf8(position: int, raw: bytes) -> Piece | None:
    """A refusal that names the first bad byte, or None if the bytes are UTF-8."""
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return refused(
            position, raw, "invalid_utf8", f"byte {error.start + 1} of the record is not UTF-8 ({error.reason})"
        )
    return None
