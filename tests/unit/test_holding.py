"""The rules that hold a file as a whole: generous with ordinary files, and what was counted does not depend on splits."""

import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from raw_files import lines

from lake.ids import sha256_file
from lake.tables.reasons import PENDING, RETRIED
from spark_jobs.ingest.containers.raw_record import Unavailable
from spark_jobs.ingest.holding import Reading, Wait, readings, tallied, waiting_row, why_it_waits
from spark_jobs.ingest.interpreter import Row
from spark_jobs.ingest.job import IngestParams, instruction_columns
from spark_jobs.ingest.raw_rows import file_rows
from spark_jobs.ingest.splits import split_file

FILE = {"uri": "/in/a.jsonl", "source": "notes", "sha256": "0", "size": 1000}


def reading(read: int, size: int = 10**6, **others: int) -> Reading:
    return Reading(read, size, {reason: (rows, "why") for reason, rows in others.items()})


def reason(found: Wait | None) -> str | None:
    return found and found.reason


@pytest.mark.parametrize(
    ("now", "before", "held"),
    [
        (reading(9), 100, True), (reading(10), 100, False), (reading(0), 1, True), (reading(1), 10, False), (reading(0), 0, False),
        (reading(0, unknown_shape=100), 100, True), (reading(50, unreadable_file=1), 50, True), (reading(0, unreadable_file=1), 0, False),
    ],
)  # fmt: skip
def test_a_file_that_gives_far_less_than_before_is_held(now: Reading, before: int, held: bool) -> None:
    found = why_it_waits(FILE, now, before, IngestParams())
    assert reason(found) == ("fewer_rows" if held else None)
    assert found is None or ("/in/a.jsonl" in found.detail and "--accept notes" in found.detail)
    assert why_it_waits(FILE, now, before, IngestParams(least_of_last=0)) is None
    assert why_it_waits({**FILE, "accepted": True}, now, before, IngestParams()) is None


@pytest.mark.parametrize(
    ("size", "now", "held"),
    [
        (65_536, reading(1, 1_000), True), (65_535, reading(1, 1_000), False), (65_536, reading(1, 1_311), False), (65_536, reading(0, 0), True),
        (65_536, reading(0, 0, unreadable_file=1), False), (10**6, reading(0, 10, malformed_json=1), True), (65_536, reading(0, 60_000, no_header=9), False),
    ],
)  # fmt: skip
def test_a_file_whose_records_make_up_next_to_nothing_of_it_is_held(size: int, now: Reading, held: bool) -> None:
    found = why_it_waits({**FILE, "size": size}, now, 0, IngestParams())
    assert reason(found) == ("few_rows_for_its_bytes" if held else None)
    assert why_it_waits({**FILE, "size": size}, now, 0, IngestParams(least_of_bytes=0)) is None


@pytest.mark.parametrize(
    ("now", "held"),
    [
        (reading(10, two_readings=5), True),
        (reading(10, two_readings=4), False),
        (reading(2, two_readings=3, ambiguous_option=3), True),
        (reading(0, ambiguous_option=9), False),
    ],
)
def test_a_file_that_is_doubtful_in_most_records_is_held(now: Reading, held: bool) -> None:
    assert reason(why_it_waits(FILE, now, 0, IngestParams())) == ("two_readings" if held else None)


@pytest.mark.parametrize("cause", ["unreachable", "changed"])
def test_a_file_that_could_not_be_had_waits_though_it_is_accepted(cause: str) -> None:
    def rows() -> Iterator[Row]:
        yield {"raw": b"{}", "uri": FILE["uri"]}
        raise Unavailable(cause, "it is away")

    tallies: list[Row] = []
    assert len(list(tallied(FILE, rows(), tallies))) == 1
    found = why_it_waits({**FILE, "accepted": True}, readings(tallies)[str(FILE["uri"])], 0, IngestParams())
    assert found is not None
    assert (found.reason, found.detail.startswith("/in/a.jsonl: it is away; ")) == (cause, True)


def counted(file: Mapping[str, Any], split_bytes: int = 2**30) -> Reading:
    tallies: list[Row] = []
    for part in split_file(file, split_bytes):
        for _ in tallied(part, file_rows(part, instruction_columns), tallies):
            pass
    return readings(tallies)[file["uri"]]


def registered(path: Path) -> dict[str, Any]:
    place = {"uri": str(path), "path": path.name, "source": "notes", "licence": None, "kind": "instructions"}
    return {**place, "sha256": sha256_file(path), "size": path.stat().st_size}


def test_splits_of_a_file_are_counted_together(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    good = [
        {"prompt": f"Which bowl is number {n}?", "completion": "It is blue.", "response": f"Bowl {n} of ten."}
        for n in range(30)
    ]
    path.write_text(lines(*good) + '{"colour": "red"}\n' * 3 + "{oops\n")  # fmt: skip
    whole, parts = counted(registered(path)), counted(registered(path), 300)
    assert (
        (parts.read, parts.bytes, parts.records)
        == (whole.read, whole.bytes, whole.records)
        == (30, path.stat().st_size - 34, 34)
    )
    assert {name: rows for name, (rows, _) in parts.others.items()} == {
        "unknown_shape": 3,
        "malformed_json": 1,
        "two_readings": 30,
    }
    assert parts.others.keys() == whole.others.keys()


def test_pictures_in_an_archive_do_not_hold_the_records_beside_them(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with ZipFile(packed, "w") as archive:
        archive.writestr("a.jsonl", lines({"prompt": "Which?", "completion": "This."}))
        archive.writestr("a.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 400)
    path = tmp_path / "a.zip"
    path.write_bytes(packed.getvalue())
    found = counted(registered(path))
    assert (found.read, found.records) == (1, 2)
    assert why_it_waits(registered(path), found, 0, IngestParams()) is None


def test_a_waiting_row_is_told_from_others_by_all_that_it_says() -> None:
    rows = [
        waiting_row(Wait({**FILE, "sha256": sha256}, why, "so", 5), count, Reading(3, 40))
        for sha256 in ("0", "1")
        for why in PENDING
        for count in (0, 1)
    ]
    # of a file that could not be had it does not matter how far its reading came, or in which words it failed
    assert len({row["id"] for row in rows}) == len(rows) - 2 * len(RETRIED)
    words = [
        waiting_row(Wait(FILE, why, said, 0), 0, Reading())
        for why in PENDING
        for said in ("object at 1", "object at 2")
    ]
    assert len({row["id"] for row in words}) == len(words) - len(RETRIED)
    assert json.loads(json.dumps(rows[0])) == rows[0]
