"""Registering files: once for each content, with a checksum, and a sentence for every mistake."""

import gzip
import hashlib
import json
from pathlib import Path

import pytest

from lake.errors import UserError
from lake.landing import landing_folder, register, register_landed, registered, unregistered
from lake.store import Lake


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def test_a_file_is_registered_once_and_again_when_it_changed(lake: Lake, tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"instruction": "x", "output": "y"}\n')
    assert [found.added for found in register(lake, str(file), "notes", "MIT")] == [True]
    assert [found.added for found in register(lake, str(file), "notes", "MIT")] == [False]
    file.write_text('{"instruction": "x", "output": "z"}\n')
    assert [found.added for found in register(lake, str(file), "notes", "MIT")] == [True]
    (row,) = registered(lake)
    assert row["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert row["size"] == file.stat().st_size


def test_a_folder_is_its_visible_files(lake: Lake, tmp_path: Path) -> None:
    for name in ("b/one.json", "b/deep/two.json", "b/.hidden", "b/_licence"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("[]")
    found = register(lake, str(tmp_path / "b"), "notes")
    assert [Path(file.uri).name for file in found] == ["two.json", "one.json"]


@pytest.mark.parametrize(
    ("first", "kind"),
    [
        ({"title": "A", "text": "b"}, "passages"),
        ({"title": "A", "extract": "b", "year": 1}, "passages"),
        ({"title": "A", "text": "b", "question": "c"}, "instructions"),
        ({"instruction": "A", "output": "b"}, "instructions"),
    ],
)
def test_the_kind_is_read_off_the_first_record(lake: Lake, tmp_path: Path, first: dict[str, object], kind: str) -> None:
    file = tmp_path / "a.json.gz"
    file.write_bytes(gzip.compress(json.dumps([first, first]).encode()))
    assert register(lake, str(file), "notes")[0].kind == kind


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"path": "absent.json", "source": "notes"}, "no file or folder 'absent.json'"),
        ({"path": ".", "source": "Bad Name"}, "'Bad Name' is not allowed"),
        ({"path": ".", "source": "notes", "licence": "free for all"}, "not an SPDX id"),
        ({"path": ".", "source": "notes", "kind": "books"}, "there are instructions, passages, benchmark, reference"),
    ],
)
def test_mistakes_get_a_sentence(lake: Lake, arguments: dict[str, str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        register(lake, **arguments)


def test_a_copy_lies_in_the_landing_folder(lake: Lake, tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text("{}\n")
    (found,) = register(lake, str(file), "notes", copy=True)
    assert Path(found.uri) == landing_folder(lake) / "notes" / "a.jsonl"
    assert Path(found.uri).read_text() == "{}\n"
    assert unregistered(lake) == []


def test_the_landing_folder_names_source_and_licence(lake: Lake) -> None:
    folder = landing_folder(lake) / "mail"
    folder.mkdir(parents=True)
    (folder / "_licence").write_text("CC0-1.0\n")
    (folder / "a.jsonl").write_text("{}\n")
    (folder / ".b.jsonl.partial").write_text("{}\n")
    assert [(path.name, source, licence) for path, source, licence in unregistered(lake)] == [
        ("a.jsonl", "mail", "CC0-1.0")
    ]
    assert [file.added for file in register_landed(lake)] == [True]
    assert register_landed(lake) == []


def test_paths_within_a_source_are_unique_stable_and_free_of_the_machine(lake: Lake, tmp_path: Path) -> None:
    for name in ("a/train.json", "b/train.json", "c/other.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("[]")
        register(lake, str(tmp_path / name), "notes")
    before = {row["uri"]: row["path"] for row in registered(lake)}
    assert sorted(before.values()) == ["b/train.json", "other.json", "train.json"]
    (tmp_path / "b/train.json").write_text("[{}]")
    register(lake, str(tmp_path / "b"), "notes")
    assert {row["uri"]: row["path"] for row in registered(lake)} == before
