"""Registering files: once for each content, with a checksum, and a sentence for every mistake."""

import gzip
import hashlib
import json
import os
import re
from datetime import timedelta
from pathlib import Path
from time import time
from typing import Any

import fsspec
import lakes
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import fs

import lake.landing.register as lake_landing_register
from lake.errors import StageFailed, UserError
from lake.landing.addresses import absolute
from lake.landing.landed import outside_sources, refusals, register_landed, unregistered, unsettled
from lake.landing.listing import left_out_links
from lake.landing.register import Entry, landing_folder, register, registered, unread_bytes
from lake.storage.publication import FORMAT, now
from lake.storage.store import Lake
from lake.takeback.taking import forget


def settle(*files: Path) -> None:
    """As if nobody had written to the files for an hour."""
    for file in files:
        os.utime(file, (time() - 3600, time() - 3600))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def test_a_file_is_registered_once_and_again_when_it_changed(lake: Lake, tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"instruction": "x", "output": "y"}\n')
    assert [found.added for found in register(lake, Entry(str(file), "notes", "MIT"))] == [True]
    assert [found.added for found in register(lake, Entry(str(file), "notes", "MIT"))] == [False]
    file.write_text('{"instruction": "x", "output": "z"}\n')
    assert [found.added for found in register(lake, Entry(str(file), "notes", "MIT"))] == [True]
    (row,) = registered(lake)
    assert row["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert row["size"] == file.stat().st_size


def test_other_terms_make_everything_new(lake: Lake, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.jsonl").write_text('{"instruction": "x", "output": "y"}\n')
        register(lake, Entry(str(tmp_path / f"{name}.jsonl"), "notes", "MIT"))
    assert lake.added_files("landing/files", 0, 1)
    register(lake, Entry(str(tmp_path / "a.jsonl"), "notes", "CC0-1.0"))
    assert lake.added_files("landing/files", 1, 2) is None
    assert [(Path(row["uri"]).name, row["licence"]) for row in registered(lake)] == [
        ("a.jsonl", "CC0-1.0"),
        ("b.jsonl", "MIT"),
    ]


def test_entries_are_registered_in_one_commit_or_not_at_all(lake: Lake, tmp_path: Path) -> None:
    entries: list[Entry] = []
    for name in ("a", "b"):
        (tmp_path / f"{name}.jsonl").write_text('{"instruction": "x", "output": "y"}\n')
        entries.append(Entry(str(tmp_path / f"{name}.jsonl"), f"notes_{name}", "MIT"))
    with pytest.raises(UserError, match="There is no file or folder"):
        register(lake, *entries, Entry(str(tmp_path / "absent"), "notes"))
    assert registered(lake) == []
    assert [found.added for found in register(lake, *entries, entries[0])] == [True, True, False]
    assert lake.version("landing/files") == 0
    assert [row["source"] for row in registered(lake)] == ["notes_a", "notes_b"]


def test_a_folder_is_its_visible_files(lake: Lake, tmp_path: Path) -> None:
    for name in ("b/one.json", "b/deep/two.json", "b/.hidden", "b/_licence"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("[]")
    found = register(lake, Entry(str(tmp_path / "b"), "notes"))
    assert [Path(file.uri).name for file in found] == ["two.json", "one.json"]


def test_a_folder_that_holds_the_lake_is_refused_unless_the_lake_is_hidden_in_it(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("{}")
    for name in ("lake", "deeper/lake"):
        for path in (tmp_path, tmp_path / name):
            with pytest.raises(UserError, match="The lake itself, "):
                register(Lake(str(tmp_path / name)), Entry(str(path), "notes"))
        with pytest.raises(UserError, match="The lake itself, "):
            register(Lake(str(tmp_path / name)), Entry(f"file://{tmp_path}", "notes"))
    for name in (".mixlake", ".hidden/lake", "../beside"):
        hidden = Lake(str((tmp_path / name).resolve()))
        assert [Path(file.uri).name for file in register(hidden, Entry(str(tmp_path), "notes"))] == ["a.jsonl"]


@pytest.mark.parametrize(
    ("first", "kind"),
    [
        ({"title": "A", "text": "b"}, "passages"),
        ({"title": "A", "extract": "b", "year": 1}, "passages"),
        ({"title": "A", "text": "b", "question": "c"}, "instructions"),
        ({"instruction": "A", "output": "b"}, "instructions"),
        ({"doc": 1, "text": "b"}, "passages"),
        ({"text": "b", "label": 1}, "instructions"),
        ({"message_id": "m", "parent_id": None, "text": "b"}, "instructions"),
    ],
)
def test_the_kind_is_read_off_the_first_record(lake: Lake, tmp_path: Path, first: dict[str, object], kind: str) -> None:
    file = tmp_path / "a.json.gz"
    file.write_bytes(gzip.compress(json.dumps([first, first]).encode()))
    assert register(lake, Entry(str(file), "notes"))[0].kind == kind


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.txt", b"Tea is a drink.", "passages"),
        ("a.jsonl", b'{"title": "A"}\n{"title": "B", "extract": "b"}\n{"cut', "passages"),
        ("a.txt", b"Q: What is tea?\nA: A drink.", "instructions"),
        ("a.csv", b"title;text\nTea;A drink.", "passages"),
        ("a.csv", b"question,answer\na,b", "instructions"),
        ("a.tsv", b"title\ttext\nTea\tA drink.", "passages"),
        ("a.psv", b"title|text\nTea|A drink.", "passages"),
        ("a.yaml", b"- instruction: a", "instructions"),
    ],
)
def test_the_kind_is_read_off_other_containers_too(
    lake: Lake, tmp_path: Path, name: str, content: bytes, kind: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert register(lake, Entry(str(tmp_path / name), "notes"))[0].kind == kind


def test_the_kind_of_a_parquet_file_is_read_off_its_columns(lake: Lake, tmp_path: Path) -> None:
    pq.write_table(pa.table({"title": ["a"], "text": ["b"]}), tmp_path / "a.parquet")
    assert register(lake, Entry(str(tmp_path / "a.parquet"), "notes"))[0].kind == "passages"


def test_a_map_of_fields_is_kept_with_the_file_and_another_map_registers_it_again(lake: Lake, tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text("{}\n")
    (found,) = register(lake, Entry(str(file), "notes", fields="prompt=q.text, response=a"))
    assert json.loads(found.fields or "") == {"prompt": "q.text", "response": "a"}
    assert not register(lake, Entry(str(file), "notes", fields="response=a,prompt=q.text"))[0].added
    assert register(lake, Entry(str(file), "notes", fields="prompt=q,response=a"))[0].added
    assert registered(lake)[0]["fields"] == '{"prompt": "q", "response": "a"}'


def test_any_url_that_fsspec_knows_can_be_registered(lake: Lake) -> None:
    for name, content in (("one.jsonl", b"{}\n"), ("deep/two.jsonl", b"[]\n")):
        fsspec.filesystem("memory").pipe(f"/shelf/{name}", content)
    found = register(lake, Entry("memory://shelf", "notes"))
    assert [file.uri for file in found] == ["memory://shelf/deep/two.jsonl", "memory://shelf/one.jsonl"]
    assert [file.size for file in found] == [3, 3]


def test_a_hub_that_cannot_be_reached_is_one_sentence(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    class Unreachable(Exception):
        """What a client's own errors look like: of no common kind."""

    def refuse(*_: object) -> None:
        raise Unreachable("no\nnetwork")

    monkeypatch.setattr(
        "lake.landing.listing.located", lambda _: (type("Hub", (), {"get_file_info": refuse})(), "org/name")
    )
    with pytest.raises(UserError, match=r"org/name is no file or folder here, .* cannot be listed: no network"):
        register(lake, Entry("org/name", "notes"))


def test_a_name_of_the_hub_is_an_address_unless_it_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert absolute("org/name") == "hf://datasets/org/name"
    (tmp_path / "org" / "name").mkdir(parents=True)
    assert absolute("org/name") == str(tmp_path / "org" / "name")
    assert absolute("absent.json") == str(tmp_path / "absent.json")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"path": "absent.json", "source": "notes"}, "no file or folder 'absent.json'"),
        ({"path": "nosuch://x/y.json", "source": "notes"}, "nosuch://x/y.json cannot be opened"),
        ({"path": ".", "source": "notes", "fields": "prompt"}, "a field is empty"),
        ({"path": ".", "source": "notes", "fields": "ask=q,response=a"}, "no role 'ask'; write"),
        ({"path": ".", "source": "notes", "fields": "prompt=q,prompt=r,response=a"}, "named twice"),
        ({"path": ".", "source": "notes", "fields": "prompt=q"}, "name prompt and response, or messages, or text"),
        ({"path": ".", "source": "Bad Name"}, "'Bad Name' is not allowed"),
        ({"path": ".", "source": "notes", "licence": "free for all"}, "not an SPDX id"),
        ({"path": ".", "source": "notes", "kind": "books"}, "there are instructions, passages, benchmark, reference"),
    ],
)
def test_mistakes_get_a_sentence(lake: Lake, arguments: dict[str, str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        register(lake, Entry(**arguments))


def test_a_copy_lies_in_the_landing_folder(lake: Lake, tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text("{}\n")
    (found,) = register(lake, Entry(str(file), "notes", copy=True))
    assert Path(found.uri) == landing_folder(lake) / "notes" / "a.jsonl"
    assert Path(found.uri).read_text() == "{}\n"
    assert unregistered(lake) == []


def test_only_what_was_registered_since_it_was_read_counts_as_unread(lake: Lake, tmp_path: Path) -> None:
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    first.write_text('{"prompt": "a", "response": "b"}\n')
    second.write_text('{"prompt": "a", "response": "bcd"}\n')
    assert unread_bytes(lake) == 0
    register(lake, Entry(str(first), "shop"))
    assert unread_bytes(lake) == first.stat().st_size
    lakes.publish(lake, "bronze/instructions", [], moment=now())
    assert unread_bytes(lake) == 0
    register(lake, Entry(str(second), "shop"))
    assert unread_bytes(lake) == second.stat().st_size


def test_the_landing_folder_names_source_and_licence(lake: Lake) -> None:
    folder = landing_folder(lake) / "mail"
    folder.mkdir(parents=True)
    (folder / "_licence").write_text("CC0-1.0\n")
    (folder / "a.jsonl").write_text("{}\n")
    (folder / ".b.jsonl.partial").write_text("{}\n")
    settle(folder / "a.jsonl")
    assert [(Path(file.address).name, file.source, file.licence) for file in unregistered(lake)] == [
        ("a.jsonl", "mail", "CC0-1.0")
    ]
    assert [file.added for file in register_landed(lake)] == [True]
    assert register_landed(lake) == []


def test_a_file_that_is_still_written_to_waits_until_it_has_settled(lake: Lake) -> None:
    file = landing_folder(lake) / "mail" / "a.jsonl"
    file.parent.mkdir(parents=True)
    file.write_text('{"a": 1}\n{"a"')
    assert (unregistered(lake), unsettled(lake)) == ([], [file])
    file.write_text('{"a": 1}\n{"a": 2}\n')
    settle(file)
    assert [found.address for found in unregistered(lake)] == [str(file)]
    assert unsettled(lake) == []


def test_a_time_in_the_future_does_not_keep_a_file_waiting(lake: Lake) -> None:
    file = landing_folder(lake) / "mail" / "a.jsonl"
    file.parent.mkdir(parents=True)
    file.write_text("{}\n")
    os.utime(file, (time() + 3600, time() + 3600))
    assert [found.address for found in unregistered(lake)] == [str(file)]


@pytest.mark.parametrize("moved", [-86_400, -10, 3600])
def test_a_change_is_seen_by_content_whatever_size_and_time_say(lake: Lake, moved: int) -> None:
    file = landing_folder(lake) / "mail" / "a.jsonl"
    file.parent.mkdir(parents=True)
    file.write_text('{"a": 1}\n')
    settle(file)
    register_landed(lake)
    assert unregistered(lake) == []
    os.utime(file, (time() + moved, time() + moved))
    assert unregistered(lake) == []  # touched, not changed
    file.write_text('{"a": 2}\n')
    os.utime(file, (time() + moved, time() + moved))
    assert [found.address for found in unregistered(lake)] == [str(file)]


def test_a_clock_that_was_set_back_does_not_revive_an_older_registration(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.jsonl"
    for number, clock in enumerate((now(), now() - timedelta(days=3))):
        file.write_text(json.dumps({"a": number}))
        monkeypatch.setattr("lake.landing.register.now", lambda clock=clock: clock)
        register(lake, Entry(str(file), "notes", "MIT"))
    (row,) = registered(lake)
    assert row["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()


def test_each_real_file_is_registered_once_and_links_that_lead_away_are_named(lake: Lake, tmp_path: Path) -> None:
    folder, outside = tmp_path / "in", tmp_path / "out"
    for place in (folder / "deep", outside):
        place.mkdir(parents=True)
        (place / "a.jsonl").write_text("{}\n")
    (folder / "loop").symlink_to(folder)
    (folder / "deep" / "up").symlink_to("..")
    (folder / "again.jsonl").symlink_to("deep/a.jsonl")
    (folder / "away").symlink_to(outside)
    (folder / "secret.jsonl").symlink_to(outside / "a.jsonl")
    (folder / "gone.jsonl").symlink_to("nothing")
    (folder / "circle").symlink_to("circle")
    found = register(lake, Entry(str(folder), "notes", "MIT"))
    assert [Path(file.uri) for file in found] == [folder / "deep" / "a.jsonl"]
    named = [Path(link).name for link, _ in left_out_links(str(folder))]
    assert named == ["away", "circle", "gone.jsonl", "secret.jsonl"]


def test_links_in_the_landing_folder_are_not_followed_either(lake: Lake) -> None:
    folder = landing_folder(lake) / "mail"
    folder.mkdir(parents=True)
    (folder / "a.jsonl").write_text("{}\n")
    (folder / "loop").symlink_to(folder)
    settle(folder / "a.jsonl")
    assert [Path(file.address).name for file in unregistered(lake)] == ["a.jsonl"]


def test_a_file_that_changes_while_it_is_registered_is_not(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text("{}\n")

    class Written(fs.LocalFileSystem):
        """A file system on which somebody writes while a file is read."""

        def open_input_stream(self, *where: Any, **how: Any) -> Any:
            with file.open("a") as more:
                more.write("{}\n")
            return super().open_input_stream(*where, **how)

    monkeypatch.setattr("lake.landing.listing.located", lambda address: (Written(), address))
    with pytest.raises(UserError, match="changed while it was registered"):
        register(lake, Entry(str(file), "notes", "MIT"))


@pytest.mark.parametrize(
    ("stated", "said"),
    [(b"see LICENSE.txt", "'see LICENSE.txt' is not an SPDX id"), (b"\xff\xfe", "codec can't decode")],
)
def test_a_stated_licence_that_is_none_is_told_and_keeps_its_own_source_alone_waiting(
    lake: Lake, stated: bytes, said: str
) -> None:
    file = landing_folder(lake) / "mail" / "_licence"
    for source in ("mail", "notes"):
        folder = landing_folder(lake) / source
        folder.mkdir(parents=True)
        (folder / "a.jsonl").write_text("{}\n")
        settle(folder / "a.jsonl")
    file.write_bytes(stated)
    (sentence,) = refusals(lake)
    assert re.match(f"{file}: .*{said}", sentence)
    assert [found.source for found in register_landed(lake)] == ["notes"]
    file.write_text("CC0-1.0")
    assert refusals(lake) == []
    assert [(found.source, found.licence) for found in register_landed(lake)] == [("mail", "CC0-1.0")]


def test_nothing_is_registered_in_a_lake_of_a_newer_format(tmp_path: Path) -> None:
    newer = lakes.small_lake(tmp_path / "lake", last="bronze/instructions")
    commit = (
        tmp_path / "lake" / "bronze" / "instructions" / "_delta_log" / f"{newer.newest('bronze/instructions'):020}.json"
    )
    written = commit.read_text()
    commit.write_text(written.replace(f'\\"format\\":{FORMAT}', '\\"format\\":99'))
    assert commit.read_text() != written
    before = newer.newest("landing/files")
    (tmp_path / "a.jsonl").write_text('{"instruction": "x", "output": "y"}\n')
    with pytest.raises(UserError, match="was written by lake format 99"):
        register(newer, Entry(str(tmp_path / "a.jsonl"), "notes", copy=True))
    assert not (landing_folder(newer) / "notes").exists()
    with pytest.raises(UserError, match="was written by lake format 99"):
        forget(newer, [lakes.raw_id("bread")], "why")
    assert newer.newest("landing/files") == before and not newer.exists("landing/tombstones")


def test_what_lies_in_no_sources_folder_is_named(lake: Lake) -> None:
    folder = landing_folder(lake)
    for name in ("mail/a.jsonl", "My Notes/b.jsonl", "c.jsonl"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("{}\n")
    assert [item.name for item in outside_sources(lake)] == ["My Notes", "c.jsonl"]


def test_paths_within_a_source_are_unique_stable_and_free_of_the_machine(lake: Lake, tmp_path: Path) -> None:
    for name in ("a/train.json", "b/train.json", "c/other.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("[]")
        register(lake, Entry(str(tmp_path / name), "notes"))
    before = {row["uri"]: row["path"] for row in registered(lake)}
    assert sorted(before.values()) == ["b/train.json", "other.json", "train.json"]
    (tmp_path / "b/train.json").write_text("[{}]")
    register(lake, Entry(str(tmp_path / "b"), "notes"))
    assert {row["uri"]: row["path"] for row in registered(lake)} == before


def test_a_landing_folder_that_may_only_be_read_is_looked_at_all_the_same(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = landing_folder(lake) / "mail" / "a.jsonl"
    file.parent.mkdir(parents=True)
    file.write_text("{}\n")
    settle(file)
    register_landed(lake)

    def locked(*_: object, **__: object) -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr(Lake, "put", locked)
    assert unregistered(lake) == []


def test_a_registration_that_is_made_meanwhile_is_not_lost(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    one.write_text('{"prompt": "Which bowl?", "completion": "The blue one."}\n')
    other.write_text('{"prompt": "Which cup?", "completion": "The red one."}\n')
    register(lake, Entry(str(one), "first", "MIT"))
    hashed = lake_landing_register.size_and_sha256

    def meanwhile(filesystem: Any, path: str) -> tuple[int, str]:
        monkeypatch.setattr(lake_landing_register, "size_and_sha256", hashed)
        register(lake, Entry(str(other), "second", "MIT"))
        return hashed(filesystem, path)

    monkeypatch.setattr(lake_landing_register, "size_and_sha256", meanwhile)
    with pytest.raises(StageFailed, match="meanwhile"):
        register(lake, Entry(str(one), "first", "CC0-1.0"))
    assert {row["uri"] for row in registered(lake)} >= {str(one), str(other)}
