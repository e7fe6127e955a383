"""Which files wait, and why: what was counted while they were read, and the rules that hold a file as a whole.

    file      2,000 records when it was last read
    -> tally  {"uri": "/data/notes.jsonl", "reason": None, "rows": 20, "bytes": 4310, ..}      a worker's, of one file or split
    -> wait   {"reason": "fewer_rows", "detail": "/data/notes.jsonl gives 20 records, and gave 2,000 ..", ..}

A file that cannot be had waits by itself and is tried again. The rules are generous: an ordinary file that is held costs its owner
more than a strange one that is let through, whose rows are looked at one by one all the same.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lake.ids import content_id
from lake.tables.reasons import RETRIED
from spark_jobs.ingest.containers.raw_record import Unavailable
from spark_jobs.ingest.interpreter import Row
from spark_jobs.ingest.params import IngestParams

_MUCH = 64 * 2**10  # bytes: of a smaller file the frame around its records may be most
_MEMBERS = "broken members"
_CHANGES = {"unreachable": "each run tries again", "changed": "`mixlake ingest` registers it as it is now"}


def tallied(file: Mapping[str, Any], rows: Iterator[Row], tallies: list[Row]) -> Iterator[Row]:
    """The rows of a file, or of a split of it, as they come; at the end what was counted is added to `tallies`, a row a reason.

    Without a reason: the records that were read, and the bytes of these and of the quarantined ones.
    """
    read = size = 0
    others: dict[str, Row] = {}
    try:
        for row in rows:
            size += len(row["raw"])
            for reason, detail in _remarks(file, row):
                others.setdefault(reason, {"reason": reason, "detail": detail, "rows": 0, "bytes": 0})["rows"] += 1
            read += not row.get("reason")
            yield row
    except Unavailable as fault:
        others[fault.reason] = {"reason": fault.reason, "detail": str(fault), "rows": 0, "bytes": 0}
    whole = {"reason": None, "detail": None, "rows": read, "bytes": size}
    tallies += [{"uri": file["uri"], **counted} for counted in (whole, *others.values())]


def _remarks(file: Mapping[str, Any], row: Row) -> Iterator[tuple[str, str | None]]:
    """What is counted of a row beside the row itself: why it is quarantined, that it can be read in two ways."""
    reason = row.get("reason")
    if reason is not None:
        inside = reason == "unreadable_file" and row["uri"] != file["uri"]
        yield _MEMBERS if inside else reason, row["detail"]
    if "doubt" in row:
        yield "two_readings", row["doubt"]


@dataclass
class Reading:
    """What was counted of one file, over all its splits. others: by reason, how many rows had it and the first sentence."""

    read: int = 0
    bytes: int = 0
    others: dict[str, tuple[int, str]] = field(default_factory=dict[str, tuple[int, str]])

    @property
    def records(self) -> int:
        """All rows, read or quarantined."""
        return self.read + sum(rows for reason, (rows, _) in self.others.items() if reason != "two_readings")

    @property
    def fault(self) -> tuple[str, str] | None:
        """Why the registered bytes could not be had, or None."""
        return next(((reason, self.others[reason][1]) for reason in RETRIED if reason in self.others), None)


class Wait(NamedTuple):
    """A file of which nothing new is published: why, as one of `lake.tables.reasons.PENDING`, and as a sentence.

    before: the records that were published of it when it was last read.
    """

    file: Mapping[str, Any]
    reason: str
    detail: str
    before: int


def readings(tallies: Iterable[Mapping[str, Any]]) -> dict[str, Reading]:
    """What was counted, by file."""
    found: dict[str, Reading] = defaultdict(Reading)
    for tally in tallies:
        reading, reason = found[tally["uri"]], tally["reason"]
        if reason is None:
            reading.read += tally["rows"]
            reading.bytes += tally["bytes"]
        else:
            rows, detail = reading.others.get(reason, (0, tally["detail"] or ""))
            reading.others[reason] = (rows + tally["rows"], detail)
    return found


def why_it_waits(file: Mapping[str, Any], reading: Reading, before: int, params: IngestParams) -> Wait | None:
    """Why nothing new of the file may be published; None where it may.

    before: the records that were published of this file when it was last read.
    """
    if reading.fault:
        reason, said = reading.fault
        return Wait(file, reason, f"{file['uri']}: {said}; {_CHANGES[reason]}", before)
    if file.get("accepted"):
        return None
    found = _two_readings(reading, params) or _fewer_rows(reading, before, params) or _few_bytes(file, reading, params)
    if found is None:
        return None
    reason, said = found
    return Wait(
        file, reason, f"{file['uri']} {said}; `mixlake run --accept {file['source']}` publishes it as it is", before
    )


def _two_readings(reading: Reading, params: IngestParams) -> tuple[str, str] | None:
    doubtful, sentence = reading.others.get("two_readings", (0, ""))
    if not doubtful or doubtful < params.most_doubtful * reading.records:
        return None
    return "two_readings", f"can be read in two ways in {doubtful:,} of its {reading.records:,} records: {sentence}"


def _fewer_rows(reading: Reading, before: int, params: IngestParams) -> tuple[str, str] | None:
    broken = reading.others.get("unreadable_file")
    if not before or not params.least_of_last or not (broken or reading.read < params.least_of_last * before):
        return None
    now = f"is broken now ({broken[1]})" if broken else f"gives {reading.read:,} records"
    return "fewer_rows", f"{now}, and gave {before:,} when it was last read"


def _few_bytes(file: Mapping[str, Any], reading: Reading, params: IngestParams) -> tuple[str, str] | None:
    """Bytes are compared as they are stored: of a compressed file the records have more than the file, so that it is never held."""
    size = file["size"] or 0
    # the fault of a whole file, or of the pictures in an archive, is told by rows of their own
    told = reading.others.keys() & {"unreadable_file", _MEMBERS}
    if size < _MUCH or told or reading.bytes >= params.least_of_bytes * size:
        return None
    return (
        "few_rows_for_its_bytes",
        f"has {size:,} bytes, of which its {reading.records:,} records make up {reading.bytes:,}",
    )


def waiting_row(wait: Wait, rows: int, reading: Reading) -> Row:
    """The row of the table of waiting files; rows: the records that wait."""
    columns: Row = {name: wait.file[name] for name in ("uri", "source", "sha256")}
    columns |= {
        "reason": wait.reason,
        "detail": wait.detail,
        "rows": rows,
        "bytes": reading.bytes,
        "before": wait.before,
    }
    # of what could not be had the words and the bytes that came may differ each time: it is the same wait
    same = ("uri", "source", "sha256", "reason") if wait.reason in RETRIED else tuple(columns)
    return {"id": content_id("wait", *(str(columns[name]) for name in same)), **columns}
