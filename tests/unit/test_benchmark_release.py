"""What is compared of a release that was made again: every file, and every way to open it."""

from pathlib import Path

from lakes import small_lake
from released_files import released

from benchmarks.release_real import FIRST, LATER, compared


def test_a_changed_row_is_seen_in_its_file_and_where_that_is_opened(tmp_path: Path) -> None:
    lake = small_lake(tmp_path / "lake")
    first, again = tmp_path / "first", tmp_path / "again"
    files = released(lake, first)
    released(lake, again)
    changed = again / "jsonl" / "messages" / "train-00000.jsonl"
    changed.write_text(
        changed.read_text(encoding="utf-8").replace("with the lid on", "without a lid"), encoding="utf-8"
    )
    assert compared(first, again, tmp_path / "cache") == {
        "files": len(files),
        "files_that_differ": ["jsonl/messages/train-00000.jsonl"],
        "rows": {"train": 1, "validation": 1},
        "ways_opened": 4,
        "ways_that_differ": ["/jsonl|messages"],
    }


def test_the_real_files_are_of_every_kind_that_a_release_needs() -> None:
    assert {kind for *_, kind in FIRST} == {"instructions", "passages", "benchmark"}
    assert not {source for _, source, *_ in FIRST} & {source for _, source, *_ in LATER}
