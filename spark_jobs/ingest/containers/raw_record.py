"""What a container yields: one record with its bytes, or the bytes that could not be read as a record and why."""

from typing import Any, NamedTuple

from spark_jobs.ingest.json_text import as_json

RECORD_LIMIT = 64 * 2**20  # bytes of one record: a longer one is quarantined, so that memory stays bounded


class UnreadableFile(Exception):
    """The file as a whole is not what its name says."""


class Unavailable(Exception):
    """The registered bytes could not be had, so that nothing is known of the data; `reason` is one of `lake.tables.reasons.RETRIED`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class RawRecord(NamedTuple):
    """One record of a file (`reason` is None), or bytes to quarantine with a reason.

    position: line number in line-delimited files, number of the record elsewhere, both from 1.
    raw: the record's own bytes, as UTF-8 where the file has another encoding, or its compact JSON where the container has no
    bytes of its own for it (a row of Parquet, an element of XML).
    value: the record as parsed: most often named fields, but a line of JSON may as well hold a list or a number.
    reason, detail: one of `lake.tables.reasons.UNREADABLE` and a sentence.
    """

    position: int
    raw: bytes
    value: Any = None
    reason: str | None = None
    detail: str | None = None


def from_value(position: int, value: Any) -> RawRecord:
    """The record of a value that has no bytes of its own in the file."""
    # JSON may hold halves of characters, which have no UTF-8
    return RawRecord(position, as_json(value).encode("utf-8", "surrogatepass"), value)


def unreadable(position: int, raw: bytes, reason: str, detail: str) -> RawRecord:
    """Bytes that are no record, to be quarantined."""
    return RawRecord(position, raw, None, reason, detail)


def invalid_utf8(position: int, raw: bytes) -> RawRecord | None:
    """The bytes as unreadable, with the place of the first bad byte; None if they are UTF-8."""
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        detail = f"byte {error.start + 1} of the record is not UTF-8 ({error.reason})"
        return unreadable(position, raw, "invalid_utf8", detail)
    return None
